"""Questions about access, answered from statements that each have a source: pure.

The statements are those of a repository's policy and of the registry's that count for it, or one
for each line of the file: what they mean together is the same. Only these statements count:
identity policies and an organization's policies may each change the outcome.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.model.answers import (
    Answer,
    Matrix,
    MatrixCell,
    MatrixRow,
    Source,
    place_words,
    with_place,
)
from reconciler.model.registry import RegistryName
from reconciler.policy import (
    DIRECT_FIRST,
    Action,
    Actions,
    NamedPrincipal,
    Part,
    Statement,
    Subject,
    SubjectIndex,
    Tiers,
    Verdict,
    action_names,
    describe_actions,
    expand_actions,
    index_subjects,
    is_of_repositories,
    parts_by_subject,
    parts_of,
    reduce_actions,
    tier_of,
    tiers_within,
    verdict_of,
)


class WhyUnknown(NamedTuple):
    """Why the access on a live repository is not known.

    `place` is set where the registry's own policy in that place is not known: then the access on
    none of its repositories is.
    """

    message: str
    place: str | None = None


class SourcedPolicy(NamedTuple):
    """The statements on one repository, or pattern, each with its source at the same position.

    `error` says why they are not known; `region` is None where all regions agree. `registry` is the
    one of several that it is of.
    """

    repository: str
    statements: tuple[Statement, ...] = ()
    sources: tuple[Source, ...] = ()
    region: str | None = None
    error: WhyUnknown | None = None
    registry: RegistryName | None = None

    @property
    def error_line(self) -> str | None:
        """The error after the repository or the region that it is about."""
        if self.error is None:
            return None
        own = with_place(self.repository, place_words(self.registry, self.region))
        return f"{self.error.place or own}: {self.error.message}"

    @property
    def uncertain(self) -> frozenset[int]:
        """The positions of statements of which it is not certain that they are about it."""
        return frozenset(n for n, source in enumerate(self.sources) if not source.is_certain)


class Question(NamedTuple):
    """The actions that are asked about, and the tier that they are, if one was named."""

    tier: str | None
    actions: frozenset[str]


def question_of(actions: Iterable[str], tier: str | None = None) -> Question:
    """Return the question about the actions of a tier, or about one action or pattern.

    A pattern is asked with each known action that it matches. Only actions on a repository count,
    as no policy allows others; without any, the answer is no.
    """
    asked = frozenset(actions)
    on_repository = frozenset(filter(is_of_repositories, asked | expand_actions(asked)))
    return Question(tier, on_repository or asked)


def who_can(
    policy: SourcedPolicy, subjects: SubjectIndex, question: Question, names: DisplayNames
) -> tuple[Answer, ...]:
    """Return the answers about each subject that can, or may, do all that is asked.

    Where it depends, only what it depends on: `can` also returns what is allowed in part.
    """
    return tuple(
        answer
        for subject, parts in _parts(policy, subjects, question.actions)
        if (verdict := verdict_of(parts)) != "denied"
        for answer in _answers(policy, subject.named, parts, names, question)
        if answer.verdict == verdict
    )


def can(
    policy: SourcedPolicy, subject: Subject, question: Question, names: DisplayNames
) -> tuple[Answer, ...]:
    """Return the answers about one subject: first those with the verdict on all that is asked."""
    parts = parts_of(policy.statements, subject, question.actions, policy.uncertain)
    return tuple(_answers(policy, subject.named, parts, names, question))


def access_of(
    policies: Iterable[SourcedPolicy], subjects: Iterable[Subject], names: DisplayNames
) -> tuple[Answer, ...]:
    """Return what the subjects have on each repository."""
    index = index_subjects(subjects)
    return tuple(
        answer
        for policy in policies
        for subject, parts in _parts(policy, index)
        for answer in _answers(
            policy, subject.named, tuple(p for p in parts if p.verdict != "denied"), names
        )
    )


def access_matrix(
    policies: Iterable[SourcedPolicy], subjects: Iterable[Subject], names: DisplayNames
) -> Matrix:
    """Return what each subject has on each repository.

    Subjects without any access are left out, unless the file names them.
    """
    index = index_subjects(subjects)
    rows = tuple(_row(policy, index, names) for policy in policies)
    found = {cell.subject for row in rows for cell in row.cells}
    return Matrix(tuple(s.named for s in index.subjects if s.named.name or s.named in found), rows)


def access_words(actions: Actions, tiers: Tiers, besides: Actions = frozenset()) -> str:
    """Describe actions by tiers: `push-pull`, `pull + ecr:PutImage`, `read without ecr:ListImages`.

    As `describe_actions`, but many actions that are nearly a tier are named as that tier.
    """
    words = describe_actions(actions, tiers, besides)
    names, left = tiers_within(actions, tiers)
    if " " not in words or len(left) <= _MOST_MISSING:
        return words
    near = (
        (len(tier - actions), tuple(own for own in names if not tiers[own] <= tier), name)
        for name, tier in tiers.items()
        if left < tier
    )
    missing, others, nearest = min(near, default=(_MOST_MISSING + 1, (), ""))
    if missing > _MOST_MISSING:
        return words
    absent = ", ".join(action_names(tiers[nearest] - actions))
    return f"{' + '.join((*others, nearest))} without {absent}"


_MOST_MISSING = 2
"""The most actions that are named as missing from a tier."""


def _parts(
    policy: SourcedPolicy, index: SubjectIndex, asked: Actions | None = None
) -> Iterator[tuple[Subject, tuple[Part, ...]]]:
    return parts_by_subject(policy.statements, index, asked, policy.uncertain)


def _answers(
    policy: SourcedPolicy,
    subject: NamedPrincipal,
    parts: Sequence[Part],
    names: DisplayNames,
    question: Question | None = None,
) -> Iterator[Answer]:
    """Yield an answer for each part, each with the tier that its actions are."""
    overall = verdict_of(parts)
    # Of two tiers with the same actions, the one that was asked about comes first.
    asked = {question.tier: question.actions} if question and question.tier else {}
    tiers = {**asked, **names.tiers_of(subject.principal), **asked}

    def order(part: Part) -> tuple[bool, int, int]:
        position = part.reason.position if part.reason else -1
        return part.verdict != overall, DIRECT_FIRST.index(part.through), position

    for part in sorted(parts, key=order):
        yield _answer(policy, subject, part, tier_of(part.actions, tiers))


def _answer(policy: SourcedPolicy, subject: NamedPrincipal, part: Part, tier: str | None) -> Answer:
    common = (policy.repository, subject, tier, part.actions, part.verdict)
    if part.reason is None:
        return Answer(*common, region=policy.region, registry=policy.registry)
    statement = policy.statements[part.reason.position]
    source = policy.sources[part.reason.position]
    effect, conditions = statement.effect, statement.condition
    of = (policy.region, policy.registry)
    return Answer(*common, effect, part.through, conditions, source, *of)


def _row(policy: SourcedPolicy, index: SubjectIndex, names: DisplayNames) -> MatrixRow:
    found = (
        _cell(tuple(_answers(policy, subject.named, known, names)), names)
        for subject, parts in _parts(policy, index)
        if (known := _known_of_itself(parts))
    )
    error = policy.error.message if policy.error else None
    return MatrixRow(policy.repository, tuple(found), policy.region, error, policy.registry)


def _known_of_itself(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the access that does not depend on who else is in an organization, say."""
    found = [(part, part.reason) for part in parts if part.verdict != "denied"]
    allowing = tuple(
        part
        for part, reason in found
        if reason
        and reason.effect == "Allow"
        and (reason.certain or part.through not in ("organization", "everyone"))
    )
    denying = (part for part, reason in found if reason and reason.effect == "Deny")
    return (*allowing, *denying) if allowing else ()


def _cell(answers: tuple[Answer, ...], names: DisplayNames) -> MatrixCell:
    subject = answers[0].subject
    tiers = names.tiers_of(subject.principal)

    def given(verdict: Verdict) -> Actions:
        found = [a.actions for a in answers if (a.verdict, a.effect) == (verdict, "Allow")]
        return reduce_actions(frozenset[Action]().union(*found))

    allowed, depends = given("allowed"), given("depends")
    through = min((a.through for a in answers if a.effect == "Allow"), key=DIRECT_FIRST.index)
    return MatrixCell(
        subject,
        access_words(allowed, tiers) if allowed else "",
        access_words(depends, tiers, besides=allowed) if depends else "",
        through,
        answers,
    )
