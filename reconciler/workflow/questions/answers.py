"""Who can do what: questions about access, asked of the file or of the live registry."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.access_file.explain import ExplainedStatement, Explanation, explain_policy
from reconciler.errors import ArgumentError, ReconcileError, Status
from reconciler.model.access import DisplayNames
from reconciler.model.answers import (
    LEAST_PART_FIRST,
    Answer,
    Matrix,
    MatrixRow,
    PolicyStatement,
    RegistryPolicyPart,
)
from reconciler.model.registry import RegistryName, Target
from reconciler.plan import answers
from reconciler.plan.answers import SourcedPolicy
from reconciler.plan.checks.risks import StandingRisk, standing_risks
from reconciler.plan.origin import Origin
from reconciler.policy import (
    LEAST_FIRST,
    NamedPrincipal,
    Statement,
    Verdict,
    facts_of,
    index_subjects,
    minified,
    verdict_of,
)
from reconciler.workflow.file.by_registry import said_once
from reconciler.workflow.file.origin_and_names import names_of_file, origin_of_file
from reconciler.workflow.file.source import AccessSource, Globs, SourcePart, exact_names
from reconciler.workflow.questions.asked import (
    everyone_asked,
    find_in_parts,
    find_question,
    subjects_for,
)
from reconciler.workflow.questions.asked_policies import (
    FoundPolicies,
    PolicyFinder,
    desired_of,
    from_file,
    require_found,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one question, sorted, and the file's names for what is in them.

    `verdict` is that on all that was asked; None where nothing in particular was. `errors` name
    what could not be read or understood. `registry_policy` is how much of the registry's own policy
    is part of the answers.
    """

    answers: tuple[Answer, ...]
    display_names: DisplayNames
    verdict: Verdict | None = None
    errors: tuple[str, ...] = ()
    registry_policy: RegistryPolicyPart = "none"

    @property
    def statuses(self) -> frozenset[Status]:
        """DIFFERS where what was asked is denied, FAILED where there are errors."""
        denied = {Status.DIFFERS} if self.verdict == "denied" else set()
        return frozenset(denied | ({Status.FAILED} if self.errors else set()))


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """A matrix, and the rest as for answers."""

    matrix: Matrix
    display_names: DisplayNames
    errors: tuple[str, ...] = ()
    registry_policy: RegistryPolicyPart = "none"

    @property
    def statuses(self) -> frozenset[Status]:
        """FAILED where there are errors."""
        return frozenset({Status.FAILED} if self.errors else ())


@dataclass(frozen=True, slots=True)
class AccessOverview:
    """The matrix of a file or a registry, and what a review looks for in it.

    `desired` is what the file asks for on the live repositories that it manages, with the same
    principals; None for the matrix of a file. `risks` are those of the access in the matrix.
    """

    result: MatrixResult
    origin: Origin
    risks: tuple[StandingRisk, ...]
    desired: Matrix | None


def who_can(
    source: AccessSource, what: str, repository: str, find: PolicyFinder = from_file
) -> Answers:
    """Return who can do all of a tier, or one action, on a repository, or on a pattern of the file.

    The principals are those of the file and of the repository's policy. Raises ArgumentError for an
    unknown tier, action or repository, ReconcileError for a live policy that is not known.
    """
    names = names_of_file(source)
    question = find_question(names.tiers, what)
    found = _find_named(source, repository, find)

    def told(part: SourcePart, policies: Sequence[SourcedPolicy]) -> Iterator[Answer]:
        index = index_subjects(subjects_for(part, everyone_asked(part, policies), policies))
        for policy in policies:
            yield from answers.who_can(policy, index, question, names)

    said = _said_once((part, told(part, own.policies)) for part, own in found)
    # Of several principals, the verdict is the one on whoever can most.
    best: Verdict = max((a.verdict for a in said), key=LEAST_FIRST.index, default="denied")
    return Answers(said, names, best, registry_policy=_registry_policy(found))


def can(
    source: AccessSource,
    principal: str,
    what: str,
    repository: str,
    find: PolicyFinder = from_file,
) -> Answers:
    """Return whether a principal can do all of a tier, or one action, on a repository.

    Of a group, and where registries or regions differ, each has to be allowed; a registry without
    the repository has no say. Raises as `who_can`, and ArgumentError for an unknown principal.
    """
    names = names_of_file(source)
    asked = find_in_parts(source, principal)
    question = find_question(names.tiers, what)
    found = _find_named(source, repository, find)

    def told(
        part: SourcePart, members: Sequence[NamedPrincipal], policies: Sequence[SourcedPolicy]
    ) -> Iterator[Answer]:
        subjects = subjects_for(part, members, policies)
        for policy in policies:
            for subject in subjects:
                yield from answers.can(policy, subject, question, names)

    said = _said_once(
        (part, told(part, members, own.policies))
        for (part, own), members in zip(found, asked, strict=True)
    )
    if not said:
        reason = "it is of another partition than the registries that have the repository"
        raise ArgumentError("principal", principal, reason)
    return Answers(said, names, verdict_of(said), registry_policy=_registry_policy(found))


def access_of(
    source: AccessSource,
    principal: str,
    *,
    repositories: Globs = (),
    find: PolicyFinder = from_file,
) -> Answers:
    """Return what a principal has on each repository; a pattern of the file stands for itself.

    Raises ArgumentError for an unknown principal, or a name in `repositories` that nothing has.
    """
    names = names_of_file(source)
    asked = find_in_parts(source, principal)
    found = _policies_selected(source, repositories, find)
    said = _said_once(
        (part, answers.access_of(own.policies, subjects_for(part, members, own.policies), names))
        for (part, own), members in zip(found, asked, strict=True)
    )
    by_name = tuple(sorted(said, key=lambda answer: answer.repository))
    return Answers(by_name, names, None, _errors(found), _registry_policy(found))


def access_matrix(
    source: AccessSource, *, repositories: Globs = (), find: PolicyFinder = from_file
) -> MatrixResult:
    """Return what each principal has on each repository. Raises ArgumentError as `access_of`."""
    names = names_of_file(source)
    found = _policies_selected(source, repositories, find)
    seen = [_see(part, own.policies, (), names) for part, own in found]
    return _result(found, _live_matrix(seen, _rows(found, seen)), names)


def access_overview(
    source: AccessSource, *, repositories: Globs = (), live: PolicyFinder | None = None
) -> AccessOverview:
    """Return the matrix of the file, or of what `live` finds beside what the file asks for there.

    Raises ArgumentError as `access_of`.
    """
    names = names_of_file(source)
    found = _policies_selected(source, repositories, live or from_file)
    seen = [
        _see(part, own.policies, desired_of(part, own.policies) if live else (), names)
        for part, own in found
    ]
    rows = _rows(found, seen)
    desired = tuple(row.desired for row in rows if row.desired is not None)
    return AccessOverview(
        _result(found, _live_matrix(seen, rows), names),
        origin_of_file(source),
        tuple(risk for row in rows for risk in row.risks),
        Matrix(_subjects(one.desired for one in seen), desired) if live else None,
    )


def explain(source: AccessSource, repository: str) -> tuple[Explanation, ...]:
    """Return the desired policy of a repository, each statement with the lines behind it.

    Several where registries or regions differ. Raises ArgumentError for a repository or pattern
    that no entry matches.
    """
    found = from_file(source, (repository,))
    require_found(source, found, "repository", repository)
    explained = (
        (part, [explain_policy(part.access, repository, part.now)] if own.policies else [])
        for part, own in zip(source.each_part(), found, strict=True)
    )
    return tuple(
        said_once(
            explained,
            _same_explanation,
            lambda one, registry, region: replace(one, registry=registry, region=region),
        )
    )


def _same_explanation(one: Explanation) -> Hashable:
    def same(statements: Iterable[ExplainedStatement]) -> Hashable:
        return tuple((minified(dict(each.json)), each.lines) for each in statements)

    of_registry = tuple((own.region, same(own.statements)) for own in one.registry_policies)
    return same(one.statements), of_registry, one.expired


_Found = Sequence[tuple[SourcePart, FoundPolicies]]


class _SeenRow(NamedTuple):
    """A row of a live matrix or the file's, with that of what is desired there, and its risks."""

    row: MatrixRow
    desired: MatrixRow | None
    risks: tuple[StandingRisk, ...]

    @property
    def region(self) -> str | None:
        return self.row.region


class _SeenPart(NamedTuple):
    """The matrix of a part, and that of what is desired there."""

    matrix: Matrix
    desired: Matrix
    rows: tuple[_SeenRow, ...]


def _see(
    part: SourcePart,
    policies: Sequence[SourcedPolicy],
    desired: Sequence[SourcedPolicy],
    names: DisplayNames,
) -> _SeenPart:
    every = (*policies, *desired)
    subjects = subjects_for(part, everyone_asked(part, every), every)
    matrix = answers.access_matrix(policies, subjects, names)
    asked = answers.access_matrix(desired, subjects, names)
    wanted = {(row.repository, row.region): row for row in asked.rows}
    rows = (
        _SeenRow(
            row,
            wanted.get((row.repository, row.region)),
            tuple(_standing_risks(part, policy, names)),
        )
        for policy, row in zip(policies, matrix.rows, strict=True)
    )
    return _SeenPart(matrix, asked, tuple(rows))


def _rows(found: _Found, seen: Sequence[_SeenPart]) -> list[_SeenRow]:
    """Return the rows of all parts, by repository, each once where registries agree."""
    parts = [part for part, _ in found]
    own = zip(parts, (one.rows for one in seen), strict=True)
    return sorted(said_once(own, _same_row, _place_row), key=lambda one: one.row.repository)


def _live_matrix(seen: Iterable[_SeenPart], rows: Iterable[_SeenRow]) -> Matrix:
    return Matrix(_subjects(one.matrix for one in seen), tuple(one.row for one in rows))


def _subjects(matrices: Iterable[Matrix]) -> tuple[NamedPrincipal, ...]:
    """Return the subjects of all matrices, in the order of one."""
    found = dict.fromkeys(subject for matrix in matrices for subject in matrix.subjects)
    return tuple(sorted(found, key=lambda subject: subject.names_first))


def _same_row(seen: _SeenRow) -> Hashable:
    desired = _row_key(seen.desired) if seen.desired else None
    return _row_key(seen.row), desired, frozenset(one.risk for one in seen.risks)


def _row_key(row: MatrixRow) -> Hashable:
    cells = ((cell.subject, frozenset(map(_same_answer, cell.answers))) for cell in row.cells)
    return row.repository, row.error, frozenset(cells)


def _same_answer(answer: Answer) -> Answer:
    """Return an answer without where it holds, and without the number of a live statement."""
    source = answer.source
    if isinstance(source, PolicyStatement):
        source = source._replace(position=0, sid=None)
    return replace(answer, source=source, region=None, registry=None)


def _place_row(seen: _SeenRow, registry: RegistryName | None, region: str | None) -> _SeenRow:
    def placed(row: MatrixRow) -> MatrixRow:
        cells = (
            replace(cell, answers=tuple(_place(one, registry, region) for one in cell.answers))
            for cell in row.cells
        )
        return replace(row, cells=tuple(cells), registry=registry, region=region)

    risks = tuple(one._replace(registry=registry, region=region) for one in seen.risks)
    return _SeenRow(placed(seen.row), placed(seen.desired) if seen.desired else None, risks)


def _place(answer: Answer, registry: RegistryName | None, region: str | None) -> Answer:
    return replace(answer, registry=registry, region=region)


def _said_once(found: Iterable[tuple[SourcePart, Iterable[Answer]]]) -> tuple[Answer, ...]:
    return tuple(said_once(found, _same_answer, _place))


def _result(found: _Found, matrix: Matrix, names: DisplayNames) -> MatrixResult:
    return MatrixResult(matrix, names, _errors(found), _registry_policy(found))


def _find_named(source: AccessSource, name: str, find: PolicyFinder) -> _Found:
    """Find the policies of one repository: several where registries or regions differ."""
    found = [
        (part, replace(one, policies=tuple(p for p in one.policies if p.repository == name)))
        for part, one in _find(source, (name,), find)
    ]
    for error in _errors(found):
        raise ReconcileError(error)
    require_found(source, [one for _, one in found], "repository", name)
    return found


def _policies_selected(source: AccessSource, globs: Globs, find: PolicyFinder) -> _Found:
    found = _find(source, globs, find)
    for name in exact_names(globs):
        require_found(source, [one for _, one in found], "repositories", name)
    return found


def _find(source: AccessSource, globs: Globs, find: PolicyFinder) -> _Found:
    return list(zip(source.each_part(), find(source, globs), strict=True))


def _errors(found: _Found) -> tuple[str, ...]:
    """Return what is not known, each once: without it no question is answered in full."""
    unknown = said_once(
        ((part, (policy for policy in one.policies if policy.error)) for part, one in found),
        lambda policy: (policy.repository, policy.error),
        lambda policy, registry, region: policy._replace(registry=registry, region=region),
    )
    lines = dict.fromkeys(policy.error_line for policy in unknown)
    return (*(error for _, one in found for error in one.errors), *filter(None, lines))


def _registry_policy(found: _Found) -> RegistryPolicyPart:
    """Return how much of the registries' own policies is part of all answers."""
    return min((one.registry_policy for _, one in found), key=LEAST_PART_FIRST.index)


def _standing_risks(
    part: SourcePart, policy: SourcedPolicy, names: DisplayNames
) -> Iterator[StandingRisk]:
    scope = part.access.registry.scopes[0]  # all are of one partition
    target = Target(policy.repository, scope)
    for risk in standing_risks(facts_of(_judged(policy)), target, names):
        yield StandingRisk(policy.repository, policy.region, risk, policy.registry)


def _judged(policy: SourcedPolicy) -> Iterator[Statement]:
    """Yield the statements that risks are judged by: of a Deny that may not apply, nothing."""
    for position, statement in enumerate(policy.statements):
        if statement.effect == "Allow" or position not in policy.uncertain:
            yield statement
