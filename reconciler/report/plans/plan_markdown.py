"""A plan, drift, or the outcomes of an apply as a comment of a pull request, or a job summary."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.apply.model import Outcome
from reconciler.model.registry import RegistryScope
from reconciler.model.rules import RuleId, gravity
from reconciler.plan.causes import ChangeCause
from reconciler.plan.origin import Origin
from reconciler.printable import number_of
from reconciler.report.comment import (
    COMMENT_LIMIT,
    Part,
    Rank,
    Section,
    fit_comment,
    folded_json,
    marker,
    table,
)
from reconciler.report.markdown import (
    markdown_code,
    markdown_fence,
    markdown_table,
    markdown_words,
)
from reconciler.report.plans.access import SIGNS, AccessLine
from reconciler.report.plans.failures import Cause, errors_by_cause, outcomes_by_cause
from reconciler.report.plans.figures import (
    drift_counts,
    drift_summary,
    outcomes_summary,
    plan_counts,
    plan_summary,
)
from reconciler.report.plans.plan_json import (
    render_drift_json,
    render_outcomes_json,
    render_plan_json,
)
from reconciler.report.plans.plan_text import PolicyDiff, no_diff
from reconciler.report.plans.plan_view import (
    ChangeView,
    PlanView,
    RefusalView,
    by_scope,
    equal_changes,
    raw_lines,
    split_view,
)
from reconciler.report.words import MOST_NAMES, subject_name, target_name


class _Words(NamedTuple):
    """What a plan and drift say in different words.

    `changes` begins the heading of the changes in a region; `kind` says what one line of access is.
    """

    changes: str
    counts: Callable[[PlanView], str]
    kind: Callable[[AccessLine], str]


_PLAN = _Words("Changes", plan_counts, lambda line: line.kind)
_DRIFT = _Words("Differences", drift_counts, lambda line: SIGNS[line.sign])


def render_plan_markdown(
    view: PlanView,
    origin: Origin,
    elsewhere: str,
    diff: PolicyDiff = no_diff,
    *,
    grouped: bool = True,
    limit: int = COMMENT_LIMIT,
) -> str:
    """Render a plan for who reviews it: refusals and risks first, its JSON folded at the end.

    `elsewhere` says where all of it is, for a plan that is cut to the `limit`: see `fit_comment`.
    """
    return fit_comment(
        _head("plan", view, origin, plan_summary(view)),
        [*_sections(view, _PLAN, diff, grouped=grouped)],
        folded_json(render_plan_json(view, origin)),
        elsewhere,
        limit,
    )


def render_drift_markdown(
    view: PlanView,
    origin: Origin,
    elsewhere: str,
    *,
    grouped: bool = True,
    limit: int = COMMENT_LIMIT,
) -> str:
    """Render drift as a plan is rendered: how the live access differs from the file."""
    return fit_comment(
        _head("drift", view, origin, drift_summary(view)),
        [*_sections(view, _DRIFT, no_diff, grouped=grouped)],
        folded_json(render_drift_json(view, origin)),
        elsewhere,
        limit,
    )


def render_outcomes_markdown(
    view: PlanView,
    outcomes: Sequence[Outcome],
    origin: Origin,
    elsewhere: str,
    *,
    command: str = "apply",
    left_alone: int = 0,
    grouped: bool = True,
    limit: int = COMMENT_LIMIT,
) -> str:
    """Render the plan of an apply or a rollback, and what became of its changes.

    `left_alone` counts the repositories that others have changed since.
    """
    alone = f"{left_alone} left alone" if left_alone else ""
    summary = outcomes_summary(outcomes, command.capitalize(), alone) if outcomes else ""
    refused, *others = _sections(view, _PLAN, no_diff, grouped=grouped)
    return fit_comment(
        _head(command, view, origin, " ".join(filter(None, (summary, plan_summary(view))))),
        [refused, _outcomes(view, outcomes), *others],
        folded_json(render_outcomes_json(view, outcomes, origin)),
        elsewhere,
        limit,
    )


def _head(command: str, view: PlanView, origin: Origin, summary: str) -> str:
    """Return the marker, the summary, the causes, and what a limited plan did not look at."""
    limit = "".join(f"\n{markdown_words(text)}\n" for text in (view.causes, view.limit) if text)
    alarm = "".join(f"{words}. " for words in _alarms(view))
    file = markdown_code(origin.path)
    return f"{marker(command, origin.path)}\n{alarm}{summary} File: {file}\n{limit}"


def _alarms(view: PlanView) -> Iterator[str]:
    """Count what there is to worry about, by rule, or by the tier of never rules.

    The gravest risks come first.
    """
    risks = (risk.name for one in view.changes for risk in one.risks)
    found: dict[tuple[str, str, str], Sequence[str]] = {
        ("⛔", "refusal", "refusals"): sorted(one.guard for one in view.refusals),
        ("⛔", "never rule broken", "never rules broken"): sorted(
            one.tier for one in view.plan.violations
        ),
        ("⚠️", "risk", "risks"): sorted(risks, key=gravity),
        ("❌", "error", "errors"): sorted(one.rule for one in view.plan.errors),
    }
    for (mark, one, many), rules in found.items():
        if rules:
            numbers = Counter(rules)
            names = (
                f"{number:,} {markdown_code(rule)}" if len(numbers) > 1 else markdown_code(rule)
                for rule, number in numbers.items()
            )
            yield f"{mark} **{number_of(len(rules), one, many)}**: {', '.join(names)}"
    if view.unmanaged_failure:
        yield f"⛔ {markdown_words(view.unmanaged_failure)}"


def _sections(
    view: PlanView, words: _Words, diff: PolicyDiff, *, grouped: bool
) -> Iterator[Section]:
    yield table(
        "Refused",
        ("guard", "why"),
        ((markdown_code(one.guard), _refusal(one)) for one in view.refusals),
        Rank.REFUSAL,
        ("refusal", "refusals"),
    )
    yield table(
        "Errors",
        ("error", "where", "why"),
        _causes(errors_by_cause(view.plan.errors, view.registries)),
        Rank.PROBLEM,
        ("cause of errors", "causes of errors"),
    )
    yield table(
        "Registries",
        ("registry", "in figures"),
        (
            (markdown_code(name), markdown_words(words.counts(part)))
            for name, part in _registries(view)
        ),
        Rank.PROBLEM,
        ("registry", "registries"),
    )
    yield from _changes(view, words, diff, grouped=grouped)
    yield table(
        "Findings",
        ("finding", "where", "what"),
        (
            (
                markdown_code(one.rule),
                _place(view, subject_name(one.subject, one.repository), one.scope),
                markdown_words(one.message),
            )
            for one in view.plan.findings
        ),
        Rank.FINDING,
        ("finding", "findings"),
    )
    yield _unmanaged(view)


def _registries(view: PlanView) -> Iterator[tuple[str, PlanView]]:
    """Yield each of several registries, those in several regions as a whole first."""
    regions = split_view(view, lambda scope: scope)
    for name, whole in split_view(view, lambda scope: view.registries[scope]).items():
        own = [
            (view.where(scope), part)
            for scope, part in regions.items()
            if view.registries[scope] == name
        ]
        if len(own) > 1:
            yield name, whole
        yield from own


def _refusal(refusal: RefusalView) -> str:
    return f"{markdown_words(refusal.why)}; {markdown_code(refusal.option)} allows it once"


def _outcomes(view: PlanView, outcomes: Sequence[Outcome]) -> Section:
    """Return what became of the changes that were not simply applied, by the cause."""
    others = (one for one in outcomes if one.result != "applied")
    return table(
        "Not applied",
        ("outcome", "where", "why"),
        _causes(outcomes_by_cause(others, view.registries)),
        Rank.PROBLEM,
        ("outcome", "outcomes"),
    )


def _causes(causes: Iterable[Cause]) -> Iterator[Sequence[str]]:
    for cause in causes:
        names = dict.fromkeys(map(target_name, cause.targets))
        why = cause.message if cause.is_of_one else cause.why
        where = f"{_names(tuple(names), MOST_NAMES)} ({markdown_code(cause.where)})"
        yield markdown_code(cause.kind), where, markdown_words(why)


def _changes(
    view: PlanView, words: _Words, diff: PolicyDiff, *, grouped: bool
) -> Iterator[Section]:
    """Return the changes in each region under a heading of its own, the gravest risks first."""
    bodies = ((change, _body(change, view, words, diff)) for change in view.changes)
    blocks = (
        (found[0].change.target.scope, _block(found, body))
        for found, body in sorted(equal_changes(bodies, grouped=grouped), key=_gravity_of_first)
    )
    for scope, parts in by_scope(lambda scope: scope, blocks).items():
        account = "" if scope in view.registries else f"{scope.account} "
        where = markdown_code(f"{account}{view.where(scope)}")
        by_rank = sorted(parts, key=lambda part: part.rank)
        yield Section(f"\n### {words.changes} in {where}\n", by_rank, ("change", "changes"))


def _gravity_of_first(block: tuple[Sequence[ChangeView], str]) -> tuple[int, int]:
    """Return the gravity of the gravest risk of equal changes; those without any are the last."""
    (view, *_), _body = block
    return min((gravity(risk.name) for risk in view.risks), default=(len(RuleId), 0))


def _block(views: Sequence[ChangeView], body: str) -> Part:
    """Return equal changes: all of the repositories are named where there is any risk."""
    change = views[0].change
    names = [target_name(view.change.target) for view in views]
    is_risky = bool(views[0].risks or change.unreadable)
    if len(names) == 1:
        head = f"#### {markdown_code(names[0])}\n"
    else:
        shown = _names(names, len(names) if is_risky else MOST_NAMES)
        head = f"#### {len(names):,} repositories\n\n{shown}\n"
    return Part(f"\n{head}\n{body}", Rank.RISK if is_risky else Rank.CHANGE, len(names))


def _names(names: Sequence[str], most: int) -> str:
    left = len(names) - most
    return ", ".join(map(markdown_code, names[:most])) + (f" and {left:,} more" if left > 0 else "")


def _body(view: ChangeView, of: PlanView, words: _Words, diff: PolicyDiff) -> str:
    """Return what equal changes have in common."""
    return "\n".join(_blocks(view, of, words, diff))


def _blocks(view: ChangeView, of: PlanView, words: _Words, diff: PolicyDiff) -> Iterator[str]:
    change = view.change
    cause = _cause(view.cause_beside)
    risks = (f"⚠️ {markdown_code(risk.name)}: {markdown_words(risk.words)}" for risk in view.risks)
    beside = (f"{markdown_words(text)}{cause}" for text in view.beside)
    if above := _list((*risks, *beside)):
        yield above
    if change.unreadable:
        yield f"The live policy is not understood; it is replaced as a whole{cause}:\n"
        yield markdown_fence("\n".join(raw_lines(change.unreadable.text)))
    if view.lines:
        rows = (
            (
                f"**{line.sign}** {words.kind(line)}",
                markdown_words(line.label),
                _access(line, of.wording.describe(line)),
            )
            for line in view.lines
        )
        yield markdown_table(("change", "principal", "access"), rows)
    kept = (f"kept: {_sid(sid)}" for sid in change.kept)
    if below := _list((*map(markdown_words, view.notes), *kept)):
        yield below
    if lines := tuple(diff(change)):
        yield markdown_fence("\n".join(lines), "diff")


def _list(items: Iterable[str]) -> str:
    return "".join(f"- {item}\n" for item in items)


def _sid(sid: str) -> str:
    return markdown_code(sid) or "a statement without Sid"


def _access(line: AccessLine, words: str) -> str:
    on = f" on {markdown_code(line.on)}" if line.on else ""
    return f"{markdown_code(words)}{on}{_cause(line.cause)}"


def _cause(cause: ChangeCause | None) -> str:
    return f" *({cause})*" if cause else ""


def _place(view: PlanView, name: str, scope: RegistryScope) -> str:
    """Name what a finding is about, with the region where it is about one."""
    region = f" ({markdown_code(view.where(scope))})" if scope.region else ""
    return f"{markdown_code(name)}{region}"


def _unmanaged(view: PlanView) -> Section:
    """Name the unmanaged repositories; of several registries, those in each region."""
    regions = split_view(view, lambda scope: scope)
    found = {f" in {markdown_code(view.where(scope))}": one for scope, one in regions.items()}
    nouns = ("unmanaged repository", "unmanaged repositories")
    parts = [
        Part(
            f"\n{number_of(len(names), *nouns)}{where}: {_names(names, MOST_NAMES)}\n",
            Rank.FINDING,
            len(names),
        )
        for where, part in (found or {"": view}).items()
        if (names := part.plan.unmanaged_names)
    ]
    return Section("", parts, nouns)
