"""What an access file asks for on each repository."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Place
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.access import (
    Desired,
    DesiredRegistryPolicy,
    DesiredTemplate,
    Grant,
    grant_facts,
    registry_grant_facts,
)
from reconciler.model.registry import RegistryScope, RepositorySettings
from reconciler.model.templates import APPLIED_FOR, template_prefix
from reconciler.policy import (
    Actions,
    Facts,
    Holder,
    compile_policy,
    compile_registry_policy,
    has_wildcard,
)

EntriesByName = tuple[tuple[str, tuple[Entry, ...]], ...]
"""Each repository, or pattern alone, with the entries that apply to it, its own first; by name."""


class PlacedFact(NamedTuple):
    """What one line of an entry allows or denies one principal, by a grant or a raw statement.

    `place` is that of the tier or the statement, `key_place` that of the principal. `grant` and its
    `key` in `access` are None for a raw statement.
    """

    holder: Holder
    actions: Actions
    place: Place
    key_place: Place
    key: str | None = None
    grant: Grant | None = None

    @property
    def name(self) -> str | None:
        """The name of the principal in the file, if it has one."""
        return self.grant.name if self.grant else None


def compile_desired(access: AccessFile, desired: Desired) -> str | None:
    """Compile the policy as it would be sent; None where nothing gives access."""
    return compile_policy(
        grant_facts(desired.grants),
        desired.statements,
        access.tiers,
        owned_by_sid=access.ownership.by_sid,
    )


def compile_registry(access: AccessFile, scope: RegistryScope, now: datetime) -> str | None:
    """Compile the registry's own policy in a region as it would be sent; None for no policy."""
    desired = desired_registry_policy(access, now)
    facts = registry_grant_facts(desired.grants, scope.arn_prefix)
    return compile_registry_policy(facts, desired.statements, access.tiers)


def desired_policies(
    access: AccessFile, names: Iterable[str] | None, *, now: datetime
) -> tuple[Desired, ...]:
    """Return what each repository is to have, sorted by name.

    `names` are the live repositories: the result has those that an entry matches, and those that
    an entry names, live or not. With None (offline) a pattern applies to the entries that it
    matches, and appears once alone, under its own name. Grants whose `until` is `now` or before
    are expired.
    """
    combined = entries_by_name(access, names)
    return tuple(add_up(name, entries, now) for name, entries in combined)


def entries_by_name(access: AccessFile, names: Iterable[str] | None) -> EntriesByName:
    """Return each repository with the entries that apply to it, sorted by name.

    `names` are as for `desired_policies`; the probe repository is never included.
    """
    all_names = access.exact.keys() | _without_probe(access, names or ())
    found = [(name, access.entries_of(name)) for name in all_names]
    if names is None:
        found += [(pattern, (entry,)) for pattern, entry in access.patterns.items()]
    return tuple(sorted((name, entries) for name, entries in found if entries))


def entries_for(access: AccessFile, name: str) -> tuple[Entry, ...]:
    """Return the entries that apply to one repository, or to a pattern of the file alone."""
    if has_wildcard(name):
        return tuple(entry for entry in [access.patterns.get(name)] if entry)
    return () if name == access.registry.probe_repository else access.entries_of(name)


def add_up(name: str, entries: Sequence[Entry], now: datetime) -> Desired:
    """Return what a repository is to have by these entries together."""
    carried = [one for one in entries if one.via_registry]
    current, expired = _by_time([one for one in entries if not one.via_registry], now)
    by_registry = _by_time(carried, now)[0] if carried else ()
    statements = [one.statement.raw for entry in entries for one in entry.statements]
    return Desired(name, current, expired, tuple(statements), by_registry)


def desired_registry_policy(access: AccessFile, now: datetime) -> DesiredRegistryPolicy:
    """Return what the registry's own policy is to say."""
    found = [
        (entry.repository, *_by_time([entry], now))
        for entry in sorted(access.entries, key=lambda one: one.repository)
        if entry.via_registry
    ]
    return DesiredRegistryPolicy(
        grants=tuple((pattern, current) for pattern, current, _ in found if current),
        expired=tuple((pattern, expired) for pattern, _, expired in found if expired),
        statements=tuple(one.statement.statement.raw for one in access.registry_statements),
    )


def desired_templates(access: AccessFile, now: datetime) -> tuple[DesiredTemplate, ...]:
    """Return the creation templates that the file asks for, sorted by pattern."""
    return tuple(
        DesiredTemplate(
            entry.repository,
            template_prefix(entry.repository),
            tuple(sorted(APPLIED_FOR[one] for one in entry.create_on or ())),
            add_up(entry.repository, entries, now),
            entry.template_settings,
            entry.template_role,
        )
        for entry, entries in entries_of_templates(access)
    )


def entries_of_templates(access: AccessFile) -> tuple[tuple[Entry, tuple[Entry, ...]], ...]:
    """Return each entry with a creation template, and all that match every repository under it.

    Sorted by pattern. These together are the policy of the template.
    """
    patterns, index = access.patterns, access.pattern_index
    return tuple(
        (entry, tuple(patterns[one] for one in sorted(index.matching(pattern))))
        for pattern, entry in sorted(patterns.items())
        if entry.create_on
    )


def reads_templates(access: AccessFile) -> bool:
    """Whether the file says anything of creation templates."""
    return any(entry.create_on is not None for entry in access.entries)


def _by_time(
    entries: Iterable[Entry], now: datetime
) -> tuple[tuple[Grant, ...], tuple[Grant, ...]]:
    """Return the grants that hold, and those that have expired; each once, in their order."""
    grants = {one.grant: None for entry in entries for one in entry.grants}
    expired = [grant for grant in grants if has_expired(grant, now)]
    if not expired:
        return tuple(grants), ()
    return tuple(grant for grant in grants if not has_expired(grant, now)), tuple(expired)


def managed_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Return the live repositories that an entry names or matches, sorted."""
    exact, index = access.exact, access.pattern_index
    live = _without_probe(access, names)
    return tuple(sorted(name for name in live if name in exact or index.matching(name)))


def watched_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Return the live repositories that are managed, or that a `never` rule is about, sorted."""
    live = _without_probe(access, names)
    rules = [placed.rule for placed in access.never_rules]
    watched = {name for name in live if any(rule.may_concern(name) for rule in rules)}
    return tuple(sorted(watched.union(managed_names(access, live))))


def to_create(access: AccessFile) -> Mapping[str, RepositorySettings]:
    """Return the repositories to create where they are missing, each with its settings."""
    return {entry.repository: entry.settings for entry in access.entries if entry.settings}


def patterns_without_match(access: AccessFile, names: Iterable[str]) -> tuple[Entry, ...]:
    """Return the patterns that match no live repository, in the order of the file.

    Those that are for repositories not made yet are left out.
    """
    if not access.patterns:
        return ()
    index = access.pattern_index
    matched = frozenset[str]().union(*map(index.matching, _without_probe(access, names)))
    return tuple(
        entry
        for pattern, entry in access.patterns.items()
        if pattern not in matched and not entry.via_registry and not entry.create_on
    )


def has_expired(grant: Grant, now: datetime) -> bool:
    """Whether a grant's `until` has passed."""
    return grant.until is not None and grant.until <= now


def _without_probe(access: AccessFile, names: Iterable[str]) -> set[str]:
    return {name for name in names if name != access.registry.probe_repository}


def distinct_entries(combined: EntriesByName) -> tuple[Entry, ...]:
    """Return all entries, each once."""
    found = {(one.place, one.repository): one for _, entries in combined for one in entries}
    return tuple(found.values())


def facts_of_entry(entry: Entry) -> Iterator[PlacedFact]:
    """Yield all facts of an entry, also of expired grants; one per principal of a statement."""
    for grant, key, place, key_place in entry.grants:
        holder = Holder(grant.principal, "Allow", grant.condition)
        yield PlacedFact(holder, grant.actions, place, key_place, key, grant)
    for statement, place, key_place in entry.statements:
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            yield PlacedFact(holder, statement.actions, place, key_place)


def current_facts(entry: Entry, now: datetime) -> tuple[PlacedFact, ...]:
    """Return the facts of an entry without those of expired grants."""
    facts = facts_of_entry(entry)
    return tuple(fact for fact in facts if not (fact.grant and has_expired(fact.grant, now)))


def combine_facts(facts: Iterable[PlacedFact]) -> Facts:
    """Return what some facts allow and deny together."""
    found: defaultdict[Holder, list[Actions]] = defaultdict(list)
    for fact in facts:
        found[fact.holder].append(fact.actions)
    return {holder: frozenset().union(*actions) for holder, actions in found.items()}
