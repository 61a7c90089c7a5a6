"""Answers about access as text, Markdown and JSON."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.model.answers import Answer, FileLine, RegistryPolicyPart, Source, with_place
from reconciler.model.registry import RegistryName
from reconciler.plan.answers import access_words
from reconciler.plan.saved.plan_format import principal_text
from reconciler.policy import (
    CURRENT_TIME,
    Actions,
    NamedPrincipal,
    Through,
    Verdict,
    action_names,
    condition_json,
    display_holder,
    identity_of,
    plain_name,
    verdict_of,
)
from reconciler.printable import (
    printable_json,
    printable_name,
    printable_value,
    some_of,
    unmistakable,
)
from reconciler.report.markdown import markdown_code, markdown_table
from reconciler.report.text import Line, Paint, Role, Span, column_width, render
from reconciler.report.words import condition_words, principal_label

_MOST_DENIED = 4
"""The most actions that are named where they are denied."""

_ROLES: dict[Verdict, Role] = {"allowed": "added", "depends": "changed", "denied": "removed"}
THROUGH_WORDS: dict[Through, str] = {
    "account": "through its account, if that account's admins allow it",
    "organization": "through the organization",
    "everyone": "through a grant to everyone",
}


class SourceWords(NamedTuple):
    """Where an answer comes from: the number of a line or a statement, and the words around it."""

    before: str
    number: int
    after: str


class AnswerRow(NamedTuple):
    """One answer in words; `access` is empty where it is just what was asked about.

    `place` is empty where all registries and regions agree.
    """

    repository: str
    principal: str
    access: str
    verdict: Verdict
    how: str
    where: str
    place: str

    @property
    def who(self) -> str:
        """The principal, with the registry and region where they differ."""
        return with_place(self.principal, self.place)


def not_looked_at(registry_policy: RegistryPolicyPart) -> str:
    """Return the note on the policies that may change an answer and are not part of it.

    `registry_policy` is how much of the registry's own policy is.
    """
    registry = {
        "none": ", the registry's own policy, and",
        "of the file": ", others' statements in the registry's own policy, and",
        "all": " and",
    }[registry_policy]
    return (
        f"not looked at: identity policies{registry} policies of the organization (SCPs and RCPs)"
    )


def render_who_can(
    answers: Sequence[Answer], asked: tuple[str, str], names: DisplayNames, paint: Paint
) -> str:
    """Render who has what was asked about: a tier or action, on a repository."""
    rows = [(row.who, row) for row in _alike(answers, names, asked[0])]
    nobody = () if answers else (": ", Span("nobody", "removed"))
    return render([(_title(asked), *nobody), *_table(rows, _widths_of(rows))], paint)


def render_can(
    answers: Sequence[Answer], asked: tuple[str, str], names: DisplayNames, paint: Paint
) -> str:
    """Render the verdict on what was asked about, and what it rests on."""
    verdict = verdict_of(answers)
    rows = [(row.who, row) for row in (_row(a, names, asked[0]) for a in answers)]
    return render(
        [(_title(asked), ": ", Span(verdict, _ROLES[verdict])), *_table(rows, _widths_of(rows))],
        paint,
    )


def render_access_of(
    answers: Sequence[Answer],
    principal: str,
    names: DisplayNames,
    errors: Sequence[str],
    paint: Paint,
) -> str:
    """Render what principals have, each on its repositories; `errors` name what is not known."""
    if not answers:
        known = " whose policy is known" if errors else ""
        return render([(printable_name(principal), f" has access to no repository{known}.")], paint)
    tables = {
        subject: [(row.repository, row) for row in _rows_of(list(own), names)]
        for subject, own in groupby(sorted(answers, key=_subject), _subject)
    }
    widths = _widths_of([row for rows in tables.values() for row in rows])
    lines: list[Line] = []
    for subject, rows in tables.items():
        lines.append((Span(f"access of {subject_label(subject, names)}", "heading"),))
        lines += _table(rows, widths)
    return render(lines, paint)


def _subject(answer: Answer) -> NamedPrincipal:
    return answer.subject


def _rows_of(
    answers: Sequence[Answer], names: DisplayNames, what: str | None = None
) -> Iterator[AnswerRow]:
    """Yield a row for each answer; what the subject has anyway may complete a tier."""
    allowed: defaultdict[tuple[NamedPrincipal, str], Actions] = defaultdict(frozenset)
    for answer in answers:
        if answer.verdict == "allowed":
            allowed[answer.subject, answer.repository] |= answer.actions
    for answer in answers:
        yield _row(answer, names, what, allowed[answer.subject, answer.repository])


def render_answers_markdown(
    answers: Sequence[Answer], names: DisplayNames, what: str | None = None
) -> str:
    """Render answers as a table; `what` is the tier or action that was asked about."""
    headings = ("repository", "principal", "access", "answer", "source")
    rows = _rows_of(answers, names, what)
    return markdown_table(headings, (_markdown_cells(row, what) for row in rows))


def render_answers_json(answers: Iterable[Answer]) -> str:
    """Render `{"answers": […]}`; all text is escaped, as in a plan."""
    found = [_answer_json(answer) for answer in answers]
    return printable_json({"answers": printable_value(found)})


def subject_label(subject: NamedPrincipal, names: DisplayNames) -> str:
    """Return what the file and AWS call a principal, with what identifies it."""
    if subject.condition and subject.name is None:
        return display_holder(subject.principal, subject.condition)
    named = subject if subject.name else None
    return principal_label(subject.principal, named, names.accounts)


def given_words(answer: Answer, names: DisplayNames, besides: Actions = frozenset()) -> str:
    """Return the tier of an answer, or its actions; those held `besides` may complete a tier."""
    tiers = names.tiers_of(answer.subject.principal)
    return answer.tier or access_words(answer.actions, tiers, besides)


def how_words(answer: Answer) -> str:
    """Return the verdict with what it depends on, and through whom: `allowed until 2027-03-31`."""
    subject = answer.subject
    through = f" {THROUGH_WORDS[answer.through]}" if answer.through else ""
    own = identity_of(*subject[:2]) if answer.through is None else ()
    unmet = condition_words(tuple(c for c in answer.conditions if c not in own))
    if not answer.is_certain:
        unmet += f"{' and' if ' if ' in through + unmet else ''} if its Resource matches"
    match answer.verdict, answer.effect:
        case "allowed", _:
            # Its other conditions hold.
            until = tuple(c for c in answer.conditions if c.key == CURRENT_TIME)
            return f"allowed{through}{condition_words(until)}"
        case "depends", "Allow":
            return f"depends{through}{unmet}"
        case "depends", _:
            return f"depends: a Deny{through} denies it{unmet}"
        case _ if answer.source is None:
            return f"denied: nothing allows {some_of(action_names(answer.actions), _MOST_DENIED)}"
        case _:
            return f"denied: a Deny denies {some_of(action_names(answer.actions), _MOST_DENIED)}"


def source_words(answer: Answer) -> SourceWords:
    """Return where an answer comes from: `ecr_access.yaml:`, 12, `, pattern payments/*, as all`.

    Of a live policy: `Statement[`, 0, `] "by hand"`. Both follow `registry policy, ` where the
    registry's own policy has the statement.
    """
    source = answer.source
    if source is None:
        return SourceWords("", 0, "")
    policy = "registry policy, " if answer.of_registry else ""
    if not isinstance(source, FileLine):
        sid = f" {unmistakable(source.sid)}" if source.sid else ""
        return SourceWords(f"{policy}Statement[", source.position, f"]{sid}")
    pattern = f", pattern {source.entry}" if source.entry not in {None, answer.repository} else ""
    known = {None, answer.subject.name, *answer.subject.principal.names}
    key = f", as {source.key}" if source.key not in known else ""
    return SourceWords(f"{policy}{source.path}:", source.line, f"{pattern}{key}")


def where_words(answer: Answer) -> str:
    """Return the line or the statement: `ecr_access.yaml:12, pattern payments/*, as all`."""
    before, number, after = source_words(answer)
    return f"{before}{number}{after}" if before else ""


def _title(asked: tuple[str, str]) -> Span:
    what, repository = asked
    return Span(f"{what} on {printable_name(repository)}", "heading")


def _row(
    answer: Answer,
    names: DisplayNames,
    what: str | None = None,
    besides: Actions = frozenset(),
) -> AnswerRow:
    """Put an answer in words; the actions held `besides` may complete a tier."""
    subject = answer.subject
    identity = subject._replace(condition=identity_of(*subject[:2]))
    access = given_words(answer, names, besides)
    is_asked = what is not None and access.lower() == what.lower()  # an action has any case
    return AnswerRow(
        with_place(answer.repository, answer.place),
        subject_label(identity, names),
        "" if is_asked or answer.verdict == "denied" else access,
        answer.verdict,
        how_words(answer),
        where_words(answer),
        answer.place,
    )


def _alike(answers: Iterable[Answer], names: DisplayNames, what: str) -> Iterator[AnswerRow]:
    """Yield a row for each answer; those that only differ in the member are one row, the last."""
    members: dict[AnswerRow, list[str]] = {}
    for answer in answers:
        row, subject = _row(answer, names, what), answer.subject
        if answer.through in ("organization", "everyone"):
            name = subject.name or plain_name(subject.principal)
            members.setdefault(row._replace(principal=""), []).append(name)
        else:
            yield row
    for row, found in members.items():
        yield row._replace(principal=some_of(dict.fromkeys(found)))


_LabelledRow = tuple[str, AnswerRow]


class _Widths(NamedTuple):
    """The widths of the columns of a table but the last one."""

    label: int
    how: int


def _widths_of(rows: Sequence[_LabelledRow]) -> _Widths:
    return _Widths(
        column_width(label for label, _ in rows), column_width(_how(row) for _, row in rows)
    )


def _table(rows: Sequence[_LabelledRow], widths: _Widths) -> Iterator[Line]:
    """Yield a line for each row: a label, what it has and how, and where that is said."""
    for label, row in rows:
        how = Span(_how(row), _ROLES[row.verdict], widths.how if row.where else 0)
        where = ("   ", row.where) if row.where else ()
        yield ("  ", Span(label, width=widths.label), "   ", how, *where)


def _how(row: AnswerRow) -> str:
    return f"{row.access}: {row.how}" if row.access else row.how


def _markdown_cells(row: AnswerRow, what: str | None) -> Sequence[str]:
    cells = (row.repository, row.principal, row.access or what or "", row.how, row.where)
    return [markdown_code(cell) for cell in cells]


def _answer_json(answer: Answer) -> dict[str, object]:
    return {
        "repository": answer.repository,
        "principal": principal_text(answer.subject.principal),
        "name": answer.subject.name,
        "tier": answer.tier,
        "actions": list(action_names(answer.actions)),
        "verdict": answer.verdict,
        "through": answer.through,
        "conditions": condition_json(answer.conditions),
        "source": _source_json(answer.source),
        **place_json(answer.registry, answer.region),
    }


def place_json(registry: RegistryName | None, region: str | None) -> dict[str, object]:
    """Return `registry`, `account` and `region`, without those in which all agree."""
    of_registry = {"registry": registry.name, "account": registry.account} if registry else {}
    return {**of_registry, **({"region": region} if region else {})}


def _source_json(source: Source | None) -> dict[str, object] | None:
    if source is None:
        return None
    if isinstance(source, FileLine):
        return {"path": source.path, "line": source.line}
    return {"policy": source.policy, "sid": source.sid, "statement": source.position}
