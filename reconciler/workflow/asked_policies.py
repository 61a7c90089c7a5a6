"""The policies that questions are asked of: those of the file, or the live ones."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.access_file.explain import entries_for, line_of
from reconciler.access_file.model import Entry, current_facts, entries_by_name
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.answers import PolicyStatement, Source
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.plan.answers import SourcedPolicy, WhyUnknown
from reconciler.plan.registry_policy import RegistryAccess, read_registry_access, why_unknown
from reconciler.policy import (
    VERSION,
    Document,
    Policy,
    RegistryStatement,
    Statement,
    Unreadable,
    answers_on,
    kept_statements,
    same_policy,
    statements_on,
)
from reconciler.workflow.listener import LOG, Listener
from reconciler.workflow.source import AccessSource, Globs, exact_names, selected


@dataclass(frozen=True, slots=True)
class FoundPolicies:
    """The selected policies, sorted by repository, and the names that could have been selected.

    `unknown` is what to say of any other name; `errors` name the regions that could not be listed.
    `with_registry_policy` is whether the registry's own policy was asked for, too.
    """

    policies: tuple[SourcedPolicy, ...]
    known: Collection[str]
    unknown: str
    errors: tuple[str, ...] = ()
    with_registry_policy: bool = False

    def require(self, parameter: str, name: str) -> None:
        """Raise ArgumentError where no policy of this name was found.

        Raises ReconcileError where it may be in a region that could not be listed.
        """
        if not any(policy.repository == name for policy in self.policies):
            for error in self.errors:
                raise ReconcileError(error)
            hint = name_hint(name) or did_you_mean(name, self.known)
            raise ArgumentError(parameter, name, self.unknown, hint=hint)


PolicyFinder = Callable[[AccessSource, Globs], FoundPolicies]
"""Finds the policies that match names and patterns; without any, all."""


def from_file(source: AccessSource, globs: Globs) -> FoundPolicies:
    """Return what the file asks for: one statement for each line and principal.

    A pattern of the file stands under its own name. A repository that only patterns match is
    found where it is named, if a repository can have that name. Expired grants are left out.
    """
    access, names = source.access, exact_names(globs)
    needs_all = not globs or len(names) < len(globs)
    possible = [name for name in names if name_hint(name) is None]
    combined = dict(entries_by_name(access, None)) if needs_all else {}
    combined |= {name: entries for name in possible if (entries := entries_for(access, name))}
    policies = (
        _policy_of_file(name, entries, source)
        for name, entries in sorted(combined.items())
        if selected(name, globs)
    )
    known = [entry.repository for entry in access.entries]
    return FoundPolicies(tuple(policies), known, "no entry of the file matches it")


def desired_of(source: AccessSource, live: Iterable[SourcedPolicy]) -> tuple[SourcedPolicy, ...]:
    """Return what is to be in force where each live policy is.

    That is what the file asks for, what is kept of the policy, and what the registry's own says.
    Policies that no entry matches are left out.
    """
    policies = tuple(live)
    combined = dict(entries_by_name(source.access, {p.repository for p in policies}))
    return tuple(
        _with_kept(_policy_of_file(policy.repository, entries, source), policy, source)
        for policy in policies
        if (entries := combined.get(policy.repository)) is not None
    )


def from_registry(*, profile: str | None = None, listener: Listener = LOG) -> PolicyFinder:
    """Return a function that reads the live policies; `profile` is the AWS profile.

    The registry's own policy is read unless the file ignores it, which the listener is told. It
    raises CallError where no region can be read.
    """

    def find(source: AccessSource, globs: Globs) -> FoundPolicies:
        from reconciler.workflow.registries import (  # noqa: PLC0415 - costs
            connect_registries,
            read_registries,
            reads_registry_policy,
            roles_of,
        )

        probe = source.access.registry.probe_repository

        def select(names: Sequence[str]) -> list[str]:
            return [n for n in names if selected(n, globs) and (n != probe or n in globs)]

        connections = connect_registries(roles_of(source.access.registry), profile, listener)
        with_own = reads_registry_policy(source.access.registry, listener)
        return live_policies(
            read_registries(connections, select, listener, registry_policy=with_own)
        )

    return find


def live_policies(registries: Sequence[LiveRegistry]) -> FoundPolicies:
    """Return the policies that were read in each region, those that all regions share once.

    With each stand the statements of the registry's own policy that count for the repository.
    """
    listed = [live for live in registries if live.failure is None]
    regions = [_region(live) for live in listed]
    names = sorted({name for live in listed for name in live.repositories})
    return FoundPolicies(
        tuple(p for name in names for p in _policies_named(name, regions, len(registries))),
        {name for live in listed for name in live.names},
        "the registry has no such repository",
        tuple(f"{r.scope.region}: {r.failure.message}" for r in registries if r.failure),
        with_registry_policy=any(live.policy is not None for live in listed),
    )


def _policy_of_file(name: str, entries: Sequence[Entry], source: AccessSource) -> SourcedPolicy:
    placed = [
        (fact, line_of(fact, entry))
        for entry in entries
        for fact in current_facts(entry, source.now)
    ]
    statements = tuple(
        Statement(None, h.effect, (h.principal,), fact.actions, h.condition, {})
        for fact, _ in placed
        for h in [fact.holder]
    )
    return SourcedPolicy(name, statements, tuple(line for _, line in placed))


def _with_kept(desired: SourcedPolicy, live: SourcedPolicy, source: AccessSource) -> SourcedPolicy:
    """Return what is desired of a live policy together with what an apply leaves in force."""
    found = kept_statements(live.statements, source.access.ownership)
    placed = zip(live.statements, live.sources, strict=True)
    kept = [(one, place) for one, place in placed if _is_of_registry(place) or one in found]
    return SourcedPolicy(
        desired.repository,
        (*desired.statements, *(statement for statement, _ in kept)),
        (*desired.sources, *(place for _, place in kept)),
        live.region,
    )


def _is_of_registry(place: Source) -> bool:
    return isinstance(place, PolicyStatement) and place.policy == "registry"


class _Region(NamedTuple):
    """What was read in one region, with the registry's own policy or why it is not known."""

    live: LiveRegistry
    access: RegistryAccess
    unknown: WhyUnknown | None


class _Read(NamedTuple):
    """A repository's policy, and what the registry's own adds to it."""

    own: Policy | ReadFailure
    beside: tuple[RegistryStatement, ...] | WhyUnknown


def _region(live: LiveRegistry) -> _Region:
    access = read_registry_access(live)
    why = why_unknown(live, access)
    if why is None:
        return _Region(live, access, None)
    message = f"{why}; with 'registry.policy: ignore' in the file, answers leave it out"
    return _Region(live, access, WhyUnknown(message, live.scope.region))


def _policies_named(name: str, regions: Sequence[_Region], number: int) -> Iterator[SourcedPolicy]:
    """Yield the policies of a repository: one where it is the same in each of so many regions."""
    found = {
        region.live.scope.region: _read(name, region)
        for region in regions
        if name in region.live.repositories
    }
    first, *others = found.values()
    if len(found) == number and all(_are_same(first, other) for other in others):
        yield _live_policy(name, first, None)
    else:
        yield from (_live_policy(name, read, region) for region, read in found.items())


def _read(name: str, region: _Region) -> _Read:
    target = Target(name, region.live.scope)
    text = region.live.repositories[name].policy_text
    document = region.access.enforced
    return _Read(
        text if isinstance(text, ReadFailure) else target.read(text),
        region.unknown or statements_on(document, answers_on(document, target.arn)).counting,
    )


def _are_same(one: _Read, other: _Read) -> bool:
    if isinstance(one.own, ReadFailure) or isinstance(other.own, ReadFailure):
        return False
    if isinstance(one.beside, WhyUnknown) or isinstance(other.beside, WhyUnknown):
        return False
    return same_policy(one.own, other.own) and same_policy(
        _as_document(one.beside), _as_document(other.beside)
    )


def _as_document(statements: Iterable[RegistryStatement]) -> Document:
    return Document(VERSION, tuple(one.statement for one in statements))


def _live_policy(name: str, read: _Read, region: str | None) -> SourcedPolicy:
    own, beside = read
    if isinstance(own, ReadFailure):
        return SourcedPolicy(name, region=region, error=WhyUnknown(own.message))
    if isinstance(own, Unreadable):
        error = WhyUnknown(f"the live policy is not understood ({own})")
        return SourcedPolicy(name, region=region, error=error)
    if isinstance(beside, WhyUnknown):
        return SourcedPolicy(name, region=region, error=beside)
    placed = (
        *((one, PolicyStatement("repository", n, one.sid)) for n, one in enumerate(own.statements)),
        *((one, PolicyStatement("registry", n, one.sid)) for one, _, n in beside),
    )
    return SourcedPolicy(
        name, tuple(one for one, _ in placed), tuple(place for _, place in placed), region
    )
