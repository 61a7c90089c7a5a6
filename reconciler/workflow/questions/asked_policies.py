"""The policies that questions are asked of: those of the file, or the live ones."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.desired import current_facts, entries_by_name, entries_for
from reconciler.access_file.explain import line_of, registry_line, statements_about
from reconciler.access_file.model import Entry, Registry
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.answers import PolicyStatement, RegistryPolicyPart, Source, place_words
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    RegistryName,
    RegistryScope,
    Target,
)
from reconciler.model.transport import Transport
from reconciler.plan.answers import SourcedPolicy, WhyUnknown
from reconciler.plan.registry_policy.access import RegistryAccess, read_registry_access, why_unknown
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
from reconciler.workflow.file.left_out import entry_elsewhere
from reconciler.workflow.file.source import (
    AccessSource,
    Globs,
    SourcePart,
    exact_names,
    selected,
)
from reconciler.workflow.listener import LOG, Listener

if TYPE_CHECKING:
    from reconciler.workflow.live.registries import ToRead


@dataclass(frozen=True, slots=True)
class FoundPolicies:
    """The selected policies of a part, sorted by repository, and the names to select from.

    `unknown` is what to say of any other name; `errors` name the regions that could not be listed.
    `registry_policy` is how much of the registry's own policy is part of them.
    """

    policies: tuple[SourcedPolicy, ...]
    known: Collection[str]
    unknown: str
    errors: tuple[str, ...] = ()
    registry_policy: RegistryPolicyPart = "none"


def require_found(
    source: AccessSource, found: Sequence[FoundPolicies], parameter: str, name: str
) -> None:
    """Raise ArgumentError where no part has a policy of this name.

    Raises ReconcileError where it may be in a region that could not be listed.
    """
    if any(policy.repository == name for one in found for policy in one.policies):
        return
    for error in (error for one in found for error in one.errors):
        raise ReconcileError(error)
    known = {name for one in found for name in one.known}
    hint = name_hint(name) or entry_elsewhere(source, name) or did_you_mean(name, known)
    raise ArgumentError(parameter, name, found[0].unknown, hint=hint)


PolicyFinder = Callable[[AccessSource, Globs], Sequence[FoundPolicies]]
"""Finds the policies that match names and patterns, for each part; without any, all."""


def from_file(source: AccessSource, globs: Globs) -> tuple[FoundPolicies, ...]:
    """Return what the file asks for: one statement for each line and principal.

    A pattern of the file stands under its own name, with the statements of the registry's policy
    that are about all that it matches. A repository that only patterns match is found where it is
    named, if a repository can have that name. Expired grants are left out.
    """
    return tuple(_from_part(part, globs) for part in source.each_part())


def _from_part(part: SourcePart, globs: Globs) -> FoundPolicies:
    access, names = part.access, exact_names(globs)
    needs_all = not globs or len(names) < len(globs)
    possible = [name for name in names if name_hint(name) is None]
    combined = dict(entries_by_name(access, None)) if needs_all else {}
    combined |= {name: entries for name in possible if (entries := entries_for(access, name))}
    policies = (
        policy
        for name, entries in sorted(combined.items())
        if selected(name, globs)
        for policy in _policies_of_file(name, entries, part)
    )
    known = [entry.repository for entry in access.entries]
    of_registry: RegistryPolicyPart = "none"
    if access.registry.policy == "manage":
        of_registry = "all" if access.registry_ownership.default == "remove" else "of the file"
    return FoundPolicies(
        tuple(policies), known, "no entry of the file matches it", registry_policy=of_registry
    )


def desired_of(part: SourcePart, live: Iterable[SourcedPolicy]) -> tuple[SourcedPolicy, ...]:
    """Return what is to be in force where each live policy is.

    That is what the file asks for, and what an apply leaves in force of the policy and of the
    registry's own. Policies that no entry matches are left out.
    """
    policies = tuple(live)
    combined = dict(entries_by_name(part.access, {p.repository for p in policies}))
    every = part.access.registry.scopes

    def asked(policy: SourcedPolicy, entries: Sequence[Entry]) -> SourcedPolicy:
        scopes = [scope for scope in every if policy.region in (None, scope.region)]
        return _policy_of_file(policy.repository, entries, part, scopes)

    return tuple(
        _with_kept(asked(policy, entries), policy, part)
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

    def find(source: AccessSource, globs: Globs) -> tuple[FoundPolicies, ...]:
        from reconciler.workflow.live.registries import read_registries, unlisted  # noqa: PLC0415
        from reconciler.workflow.plans.planner import reach  # noqa: PLC0415 - costs

        connections, failures = reach(source, profile, transport, listener)
        to_read = _to_read(source, globs, listener)
        live = [*unlisted(failures), *read_registries(connections, to_read, listener)]
        return tuple(
            live_policies(
                [one for one in live if one.scope in registry.scopes],
                is_managed=registry.policy == "manage",
                name=part.name,
            )
            for part in source.each_part()
            for registry in [part.access.registry]
        )

    return find


def _to_read(
    source: AccessSource, globs: Globs, listener: Listener
) -> "dict[RegistryScope, ToRead]":
    from reconciler.workflow.live.registries import ToRead, reading_own_policy  # noqa: PLC0415

    reading_own = reading_own_policy(source.registries, listener)

    def of(registry: Registry, scope: RegistryScope) -> ToRead:
        probe = registry.probe_repository

        def select(names: Sequence[str]) -> list[str]:
            return [n for n in names if selected(n, globs) and (n != probe or n in globs)]

        return ToRead(select, registry_policy=scope in reading_own)

    return {scope: of(one, scope) for one in source.registries for scope in one.scopes}


def live_policies(
    registries: Sequence[LiveRegistry],
    *,
    is_managed: bool = False,
    name: RegistryName | None = None,
) -> FoundPolicies:
    """Return the policies that were read in each region, those that all regions share once.

    With each stand the statements of the registry's own policy that are, or may be, about the
    repository. `is_managed`: the file manages that policy, so that it can't be left out. `name` is
    the registry's where there are several.
    """
    listed = [live for live in registries if live.failure is None]
    regions = [_region(live, name, is_managed=is_managed) for live in listed]
    names = sorted({repository for live in listed for repository in live.repositories})
    return FoundPolicies(
        tuple(
            policy._replace(registry=name)
            for repository in names
            for policy in _policies_named(repository, regions, len(registries))
        ),
        {repository for live in listed for repository in live.names},
        "the registry has no such repository",
        tuple(
            f"{place_words(name, one.scope.region)}: {one.failure.message}"
            for one in registries
            if one.failure
        ),
        registry_policy="all" if any(live.policy is not None for live in listed) else "none",
    )


def _policies_of_file(
    name: str, entries: Sequence[Entry], part: SourcePart
) -> Iterator[SourcedPolicy]:
    """Yield what the file asks for on a repository: one policy where it is the same everywhere."""
    first, *others = part.access.registry.scopes
    found = {first: _policy_of_file(name, entries, part, [first])}
    if part.access.registry_statements:  # only a Resource may name a region
        found |= {scope: _policy_of_file(name, entries, part, [scope]) for scope in others}
    if all(policy == found[first] for policy in found.values()):
        yield found[first]
    else:
        yield from (policy._replace(region=scope.region) for scope, policy in found.items())


def _policy_of_file(
    name: str, entries: Sequence[Entry], part: SourcePart, scopes: Iterable[RegistryScope]
) -> SourcedPolicy:
    """Return what the file asks for on a repository in some regions together."""
    of_entries = (
        (Statement(None, h.effect, (h.principal,), fact.actions, h.condition, {}), line)
        for entry in entries
        for fact in current_facts(entry, part.now)
        for h, line in [(fact.holder, line_of(fact, entry))]
    )
    of_registry = (
        (placed.statement.statement, registry_line(placed, is_certain=is_certain))
        for placed, is_certain in statements_about(part.access, name, scopes)
    )
    lines = (*of_entries, *of_registry)
    statements, sources = tuple(s for s, _ in lines), tuple(line for _, line in lines)
    return SourcedPolicy(name, statements, sources, registry=part.name)


def _with_kept(desired: SourcedPolicy, live: SourcedPolicy, part: SourcePart) -> SourcedPolicy:
    """Return what is desired of a live policy together with what an apply leaves in force."""
    access, placed = part.access, [*zip(live.statements, live.sources, strict=True)]
    kept = [
        *_kept((p for p in placed if p[1].policy == "repository"), access.ownership),
        *_kept(
            (p for p in placed if p[1].policy == "registry"),
            access.registry_ownership if access.registry.policy == "manage" else None,
        ),
    ]
    return desired._replace(
        statements=(*desired.statements, *(statement for statement, _ in kept)),
        sources=(*desired.sources, *(place for _, place in kept)),
        region=live.region,
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


def _region(live: LiveRegistry, name: RegistryName | None, *, is_managed: bool) -> _Region:
    access = read_registry_access(live)
    why = why_unknown(live, access)
    if why is None:
        return _Region(live, access, None)
    hint = "with 'registry.policy: ignore' in the file, answers leave it out"
    if is_managed:
        hint = "there is no answer without it, as the file has 'registry.policy: manage'"
    message = f"{why}; {hint}"
    return _Region(live, access, WhyUnknown(message, place_words(name, live.scope.region)))


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
