"""The policies that questions are asked of: those of the file, or the live ones."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.access_file.desired import current_facts, entries_by_name
from reconciler.access_file.explain import entries_for, line_of, registry_line, statements_about
from reconciler.access_file.model import Entry
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.answers import PolicyStatement, RegistryPolicyPart, Source
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope, Target
from reconciler.model.transport import Transport
from reconciler.plan.answers import SourcedPolicy, WhyUnknown
from reconciler.plan.registry_policy import RegistryAccess, read_registry_access, why_unknown
from reconciler.policy import (
    VERSION,
    Document,
    Ownership,
    Policy,
    RegistryStatement,
    Statement,
    Unreadable,
    answers_on,
    kept_statements,
    same_policy,
)
from reconciler.workflow.listener import LOG, Listener
from reconciler.workflow.source import AccessSource, Globs, exact_names, selected


@dataclass(frozen=True, slots=True)
class FoundPolicies:
    """The selected policies, sorted by repository, and the names that could have been selected.

    `unknown` is what to say of any other name; `errors` name the regions that could not be listed.
    `registry_policy` is how much of the registry's own policy is part of them.
    """

    policies: tuple[SourcedPolicy, ...]
    known: Collection[str]
    unknown: str
    errors: tuple[str, ...] = ()
    registry_policy: RegistryPolicyPart = "none"

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

    A pattern of the file stands under its own name, with the statements of the registry's policy
    that are about all that it matches. A repository that only patterns match is found where it is
    named, if a repository can have that name. Expired grants are left out.
    """
    access, names = source.access, exact_names(globs)
    needs_all = not globs or len(names) < len(globs)
    possible = [name for name in names if name_hint(name) is None]
    combined = dict(entries_by_name(access, None)) if needs_all else {}
    combined |= {name: entries for name in possible if (entries := entries_for(access, name))}
    policies = (
        policy
        for name, entries in sorted(combined.items())
        if selected(name, globs)
        for policy in _policies_of_file(name, entries, source)
    )
    known = [entry.repository for entry in access.entries]
    part: RegistryPolicyPart = "none"
    if access.registry.policy == "manage":
        part = "all" if access.registry_ownership.default == "remove" else "of the file"
    return FoundPolicies(
        tuple(policies), known, "no entry of the file matches it", registry_policy=part
    )


def desired_of(source: AccessSource, live: Iterable[SourcedPolicy]) -> tuple[SourcedPolicy, ...]:
    """Return what is to be in force where each live policy is.

    That is what the file asks for, and what an apply leaves in force of the policy and of the
    registry's own. Policies that no entry matches are left out.
    """
    policies = tuple(live)
    combined = dict(entries_by_name(source.access, {p.repository for p in policies}))
    every = source.access.registry.scopes

    def asked(policy: SourcedPolicy, entries: Sequence[Entry]) -> SourcedPolicy:
        scopes = [scope for scope in every if policy.region in (None, scope.region)]
        return _policy_of_file(policy.repository, entries, source, scopes)

    return tuple(
        _with_kept(asked(policy, entries), policy, source)
        for policy in policies
        if (entries := combined.get(policy.repository)) is not None
    )


def from_registry(
    *,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PolicyFinder:
    """Return a function that reads the live policies; `profile` is the AWS profile.

    The registry's own policy is read unless the file ignores it, which the listener is told. It
    raises CallError where no region can be read.
    """

    def find(source: AccessSource, globs: Globs) -> FoundPolicies:
        from reconciler.workflow.registries import (  # noqa: PLC0415 - costs
            ToRead,
            connect_registries,
            read_registries,
            reads_registry_policy,
            sources_of,
        )

        probe = source.access.registry.probe_repository

        def select(names: Sequence[str]) -> list[str]:
            return [n for n in names if selected(n, globs) and (n != probe or n in globs)]

        connections = connect_registries(
            sources_of(source.registries, profile), listener, transport
        )
        with_own = reads_registry_policy(source.access.registry, listener)
        return live_policies(
            read_registries(
                connections,
                dict.fromkeys(connections, ToRead(select, registry_policy=with_own)),
                listener,
            ),
            is_managed=source.access.registry.policy == "manage",
        )

    return find


def live_policies(registries: Sequence[LiveRegistry], *, is_managed: bool = False) -> FoundPolicies:
    """Return the policies that were read in each region, those that all regions share once.

    With each stand the statements of the registry's own policy that are, or may be, about the
    repository. `is_managed`: the file manages that policy, so that it can't be left out.
    """
    listed = [live for live in registries if live.failure is None]
    regions = [_region(live, is_managed=is_managed) for live in listed]
    names = sorted({name for live in listed for name in live.repositories})
    return FoundPolicies(
        tuple(p for name in names for p in _policies_named(name, regions, len(registries))),
        {name for live in listed for name in live.names},
        "the registry has no such repository",
        tuple(f"{r.scope.region}: {r.failure.message}" for r in registries if r.failure),
        registry_policy="all" if any(live.policy is not None for live in listed) else "none",
    )


def _policies_of_file(
    name: str, entries: Sequence[Entry], source: AccessSource
) -> Iterator[SourcedPolicy]:
    """Yield what the file asks for on a repository: one policy where it is the same everywhere."""
    first, *others = source.access.registry.scopes
    found = {first: _policy_of_file(name, entries, source, [first])}
    if source.access.registry_statements:  # only a Resource may name a region
        found |= {scope: _policy_of_file(name, entries, source, [scope]) for scope in others}
    if all(policy == found[first] for policy in found.values()):
        yield found[first]
    else:
        yield from (policy._replace(region=scope.region) for scope, policy in found.items())


def _policy_of_file(
    name: str, entries: Sequence[Entry], source: AccessSource, scopes: Iterable[RegistryScope]
) -> SourcedPolicy:
    """Return what the file asks for on a repository in some regions together."""
    of_entries = (
        (Statement(None, h.effect, (h.principal,), fact.actions, h.condition, {}), line)
        for entry in entries
        for fact in current_facts(entry, source.now)
        for h, line in [(fact.holder, line_of(fact, entry))]
    )
    of_registry = (
        (placed.statement.statement, registry_line(placed, is_certain=is_certain))
        for placed, is_certain in statements_about(source.access, name, scopes)
    )
    lines = (*of_entries, *of_registry)
    return SourcedPolicy(name, tuple(s for s, _ in lines), tuple(line for _, line in lines))


def _with_kept(desired: SourcedPolicy, live: SourcedPolicy, source: AccessSource) -> SourcedPolicy:
    """Return what is desired of a live policy together with what an apply leaves in force."""
    access, placed = source.access, [*zip(live.statements, live.sources, strict=True)]
    kept = [
        *_kept((p for p in placed if p[1].policy == "repository"), access.ownership),
        *_kept(
            (p for p in placed if p[1].policy == "registry"),
            access.registry_ownership if access.registry.policy == "manage" else None,
        ),
    ]
    return SourcedPolicy(
        desired.repository,
        (*desired.statements, *(statement for statement, _ in kept)),
        (*desired.sources, *(place for _, place in kept)),
        live.region,
    )


_Placed = tuple[Statement, Source]


def _kept(placed: Iterable[_Placed], ownership: Ownership | None) -> Iterator[_Placed]:
    """Yield the live statements that an apply leaves in force: all, where nothing is managed."""
    live = tuple(placed)
    found = kept_statements((one for one, _ in live), ownership) if ownership else None
    return (pair for pair in live if found is None or pair[0] in found)


class _Region(NamedTuple):
    """What was read in one region, with the registry's own policy or why it is not known."""

    live: LiveRegistry
    access: RegistryAccess
    unknown: WhyUnknown | None


class _Beside(NamedTuple):
    """A statement of the registry's own policy, and whether it certainly is about a repository."""

    one: RegistryStatement
    is_certain: bool


class _Read(NamedTuple):
    """A repository's policy, and what the registry's own adds to it."""

    own: Policy | ReadFailure
    beside: tuple[_Beside, ...] | WhyUnknown


def _region(live: LiveRegistry, *, is_managed: bool) -> _Region:
    access = read_registry_access(live)
    why = why_unknown(live, access)
    if why is None:
        return _Region(live, access, None)
    hint = "with 'registry.policy: ignore' in the file, answers leave it out"
    if is_managed:
        hint = "there is no answer without it, as the file has 'registry.policy: manage'"
    message = f"{why}; {hint}"
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
    target, enforced = Target(name, region.live.scope), region.access.enforced
    text = region.live.repositories[name].policy_text
    answers = zip(enforced.statements, answers_on(enforced, target.arn), strict=True)
    return _Read(
        text if isinstance(text, ReadFailure) else target.read(text),
        region.unknown
        or tuple(_Beside(one, answer is True) for one, answer in answers if answer is not False),
    )


def _are_same(one: _Read, other: _Read) -> bool:
    if isinstance(one.own, ReadFailure) or isinstance(other.own, ReadFailure):
        return False
    if isinstance(one.beside, WhyUnknown) or isinstance(other.beside, WhyUnknown):
        return False
    return same_policy(one.own, other.own) and all(
        same_policy(_as_document(one.beside, is_certain), _as_document(other.beside, is_certain))
        for is_certain in (True, False)
    )


def _as_document(beside: Iterable[_Beside], is_certain: bool) -> Document:
    found = (one.statement for one, certainly in beside if certainly is is_certain)
    return Document(VERSION, tuple(found))


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
        *(
            (own, PolicyStatement("registry", n, own.sid, is_certain))
            for (own, _, n), is_certain in beside
        ),
    )
    return SourcedPolicy(
        name, tuple(one for one, _ in placed), tuple(place for _, place in placed), region
    )
