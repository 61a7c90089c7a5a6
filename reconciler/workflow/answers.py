"""Who can do what: questions about access, asked of the file or of the live registry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.access_file.explain import Explanation, explain_policy
from reconciler.access_file.model import display_names_of
from reconciler.errors import ReconcileError, Status
from reconciler.model.access import DisplayNames
from reconciler.model.answers import Answer, Matrix, RegistryPolicyPart
from reconciler.model.registry import Target
from reconciler.plan import answers
from reconciler.plan.answers import SourcedPolicy
from reconciler.plan.risks import StandingRisk, standing_risks
from reconciler.plan.saved_plan import Origin
from reconciler.policy import (
    LEAST_FIRST,
    Statement,
    Subject,
    Verdict,
    facts_of,
    index_subjects,
    verdict_of,
)
from reconciler.workflow.asked import everyone_asked, find_principal, find_question, subjects_for
from reconciler.workflow.asked_policies import (
    FoundPolicies,
    PolicyFinder,
    desired_of,
    from_file,
)
from reconciler.workflow.origin import origin_of_file
from reconciler.workflow.source import AccessSource, Globs, exact_names


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
    names = display_names_of(source.access)
    question = find_question(source.access, what)
    found = _find_named(source, repository, find)
    policies = found.policies
    index = index_subjects(subjects_for(source, everyone_asked(source, policies), policies))
    told = [a for policy in policies for a in answers.who_can(policy, index, question, names)]
    # Of several principals, the verdict is the one on whoever can most.
    best: Verdict = max((a.verdict for a in told), key=LEAST_FIRST.index, default="denied")
    return Answers(tuple(told), names, best, registry_policy=found.registry_policy)


def can(
    source: AccessSource,
    principal: str,
    what: str,
    repository: str,
    find: PolicyFinder = from_file,
) -> Answers:
    """Return whether a principal can do all of a tier, or one action, on a repository.

    Of a group, and where regions differ, each has to be allowed. Raises as `who_can`, and
    ArgumentError for an unknown principal.
    """
    names = display_names_of(source.access)
    asked = find_principal(source.access, principal)
    question = find_question(source.access, what)
    found = _find_named(source, repository, find)
    told = tuple(
        answer
        for policy in found.policies
        for subject in subjects_for(source, asked, found.policies)
        for answer in answers.can(policy, subject, question, names)
    )
    return Answers(told, names, verdict_of(told), registry_policy=found.registry_policy)


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
    names = display_names_of(source.access)
    asked = find_principal(source.access, principal)
    found = _policies_selected(source, repositories, find)
    subjects = subjects_for(source, asked, found.policies)
    held = answers.access_of(found.policies, subjects, names)
    return Answers(held, names, None, _errors(found), found.registry_policy)


def access_matrix(
    source: AccessSource, *, repositories: Globs = (), find: PolicyFinder = from_file
) -> MatrixResult:
    """Return what each principal has on each repository. Raises ArgumentError as `access_of`."""
    names = display_names_of(source.access)
    found = _policies_selected(source, repositories, find)
    asked = everyone_asked(source, found.policies)
    subjects = subjects_for(source, asked, found.policies)
    return _matrix_result(found, subjects, names)


def access_overview(
    source: AccessSource, *, repositories: Globs = (), live: PolicyFinder | None = None
) -> AccessOverview:
    """Return the matrix of the file, or of what `live` finds beside what the file asks for there.

    Raises ArgumentError as `access_of`.
    """
    names = display_names_of(source.access)
    found = _policies_selected(source, repositories, live or from_file)
    desired = desired_of(source, found.policies) if live else ()
    policies = (*found.policies, *desired)
    subjects = subjects_for(source, everyone_asked(source, policies), policies)
    return AccessOverview(
        _matrix_result(found, subjects, names),
        origin_of_file(source),
        tuple(_standing_risks(source, found.policies, names)),
        answers.access_matrix(desired, subjects, names) if live else None,
    )


def explain(source: AccessSource, repository: str) -> Explanation:
    """Return the desired policy of a repository, each statement with the lines behind it.

    Raises ArgumentError for a repository or pattern that no entry matches.
    """
    from_file(source, (repository,)).require("repository", repository)
    return explain_policy(source.access, repository, source.now)


def _matrix_result(
    found: FoundPolicies, subjects: Iterable[Subject], names: DisplayNames
) -> MatrixResult:
    matrix = answers.access_matrix(found.policies, subjects, names)
    return MatrixResult(matrix, names, _errors(found), found.registry_policy)


def _find_named(source: AccessSource, name: str, find: PolicyFinder) -> FoundPolicies:
    """Find the policies of one repository: several where regions differ."""
    found = find(source, (name,))
    own = replace(found, policies=tuple(p for p in found.policies if p.repository == name))
    for error in _errors(own):
        raise ReconcileError(error)
    own.require("repository", name)
    return own


def _policies_selected(source: AccessSource, globs: Globs, find: PolicyFinder) -> FoundPolicies:
    found = find(source, globs)
    for name in exact_names(globs):
        found.require("repositories", name)
    return found


def _errors(found: FoundPolicies) -> tuple[str, ...]:
    """Return what is not known, each once: without it no question is answered in full."""
    unknown = (policy.error_line for policy in found.policies if policy.error_line)
    return (*found.errors, *dict.fromkeys(unknown))


def _standing_risks(
    source: AccessSource, policies: Iterable[SourcedPolicy], names: DisplayNames
) -> Iterator[StandingRisk]:
    scope = source.access.registry.scopes[0]  # all are of one partition
    for policy in policies:
        target = Target(policy.repository, scope)
        for risk in standing_risks(facts_of(_judged(policy)), target, names):
            yield StandingRisk(policy.repository, policy.region, risk)


def _judged(policy: SourcedPolicy) -> Iterator[Statement]:
    """Yield the statements that risks are judged by: of a Deny that may not apply, nothing."""
    for position, statement in enumerate(policy.statements):
        if statement.effect == "Allow" or position not in policy.uncertain:
            yield statement
