"""The policies that questions are asked of: those of the file, or the live ones."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.access_file.explain import entries_for, line_of
from reconciler.access_file.model import Entry, current_facts, entries_by_name
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, ReconcileError
from reconciler.model.answers import PolicyStatement
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.plan.answers import SourcedPolicy
from reconciler.policy import Policy, Statement, Unreadable, kept_statements, same_policy
from reconciler.workflow.listener import LOG, Listener
from reconciler.workflow.source import AccessSource, Globs, exact_names, selected


@dataclass(frozen=True, slots=True)
class FoundPolicies:
    """The selected policies, sorted by repository, and the names that could have been selected.

    `unknown` is what to say of any other name; `errors` name the regions that could not be listed.
    """

    policies: tuple[SourcedPolicy, ...]
    known: Collection[str]
    unknown: str
    errors: tuple[str, ...] = ()

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
    """Return what each live policy is to give: what the file asks for, and what is kept of it.

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

    It raises CallError where no region can be read.
    """

    def find(source: AccessSource, globs: Globs) -> FoundPolicies:
        from reconciler.workflow.registries import (  # noqa: PLC0415 - costs
            connect_registries,
            read_registries,
            roles_of,
        )

        probe = source.access.registry.probe_repository

        def select(names: Sequence[str]) -> list[str]:
            return [n for n in names if selected(n, globs) and (n != probe or n in globs)]

        connections = connect_registries(roles_of(source.access.registry), profile, listener)
        return live_policies(read_registries(connections, select, listener))

    return find


def live_policies(registries: Sequence[LiveRegistry]) -> FoundPolicies:
    """Return the policies that were read in each region, those that all regions share once."""
    listed = [live for live in registries if live.failure is None]
    names = sorted({name for live in listed for name in live.repositories})
    return FoundPolicies(
        tuple(policy for name in names for policy in _policies_named(name, listed, registries)),
        {name for live in listed for name in live.names},
        "the registry has no such repository",
        tuple(f"{r.scope.region}: {r.failure.message}" for r in registries if r.failure),
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
    """Return what is desired of a live policy together with the statements of others in it."""
    found = kept_statements(live.statements, source.access.ownership)
    kept = [one for one in zip(live.statements, live.sources, strict=True) if one[0] in found]
    return SourcedPolicy(
        desired.repository,
        (*desired.statements, *(statement for statement, _ in kept)),
        (*desired.sources, *(place for _, place in kept)),
        live.region,
    )


def _policies_named(
    name: str, listed: Sequence[LiveRegistry], registries: Sequence[LiveRegistry]
) -> Iterator[SourcedPolicy]:
    found = {live.scope.region: _read(name, live) for live in listed if name in live.repositories}
    first, *others = found.values()
    if len(found) == len(registries) and all(_are_same(first, other) for other in others):
        yield _live_policy(name, first, None)
    else:
        yield from (_live_policy(name, policy, region) for region, policy in found.items())


def _read(name: str, live: LiveRegistry) -> Policy | ReadFailure:
    text = live.repositories[name].policy_text
    return text if isinstance(text, ReadFailure) else Target(name, live.scope).read(text)


def _are_same(one: Policy | ReadFailure, other: Policy | ReadFailure) -> bool:
    if isinstance(one, ReadFailure) or isinstance(other, ReadFailure):
        return False
    return same_policy(one, other)


def _live_policy(name: str, policy: Policy | ReadFailure, region: str | None) -> SourcedPolicy:
    if isinstance(policy, ReadFailure):
        return SourcedPolicy(name, region=region, error=policy.message)
    if isinstance(policy, Unreadable):
        error = f"the live policy is not understood ({policy})"
        return SourcedPolicy(name, region=region, error=error)
    sources = tuple(
        PolicyStatement("repository", position, statement.sid)
        for position, statement in enumerate(policy.statements)
    )
    return SourcedPolicy(name, policy.statements, sources, region)
