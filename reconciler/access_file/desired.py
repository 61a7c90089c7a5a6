"""What a valid file asks for on each repository: grants, facts, and the text of the policy."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Place
from reconciler.access_file.model import AccessFile, Entry, PlacedGrant, PlacedStatement
from reconciler.model.grants import Desired, Grant, grant_facts
from reconciler.model.registry import RepositorySettings
from reconciler.policy import Actions, Facts, GlobIndex, Holder, Statement, compile_policy

EntriesByName = tuple[tuple[str, tuple[Entry, ...]], ...]
"""Each repository, or pattern alone, with the entries that apply to it; sorted by name."""


class PlacedFact(NamedTuple):
    """What one line of an entry allows or denies one principal, by a grant or a raw statement.

    `place` is that of the tier or the statement, `key_place` that of the principal. `placed_grant`
    is None for a raw statement.
    """

    holder: Holder
    actions: Actions
    place: Place
    key_place: Place
    placed_grant: PlacedGrant | None = None

    @property
    def name(self) -> str | None:
        """The name of the principal in the file, if it has one."""
        return self.placed_grant.grant.name if self.placed_grant else None


def compile_desired(access: AccessFile, desired: Desired) -> str | None:
    """Compile the policy as it would be sent; None where nothing gives access."""
    return compile_policy(
        grant_facts(desired.grants),
        desired.statements,
        access.tiers,
        owned_by_sid=access.ownership.by_sid,
    )


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
    patterns = {entry.repository: entry for entry in _patterns(access)}
    index = GlobIndex(patterns)
    exact = {entry.repository: entry for entry in access.entries if not entry.is_pattern}
    all_names = set(exact) | _without_probe(access, names or ())
    found = [(name, _entries_for(name, exact.get(name), patterns, index)) for name in all_names]
    if names is None:
        found += [(name, (pattern,)) for name, pattern in patterns.items()]
    return tuple(sorted((name, entries) for name, entries in found if entries))


def add_up(name: str, entries: Sequence[Entry], now: datetime) -> Desired:
    """Return what a repository is to have by these entries together."""
    grants = [placed.grant for entry in entries for placed in entry.grants]
    return Desired(
        name,
        grants=tuple(dict.fromkeys(grant for grant in grants if not has_expired(grant, now))),
        expired=tuple(dict.fromkeys(grant for grant in grants if has_expired(grant, now))),
        statements=tuple(
            statement.raw for entry in entries for statement, _ in valid_statements(entry)
        ),
    )


def managed_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Return the live repositories that an entry names or matches, sorted."""
    exact = {entry.repository for entry in access.entries}
    index = GlobIndex(entry.repository for entry in _patterns(access))
    live = _without_probe(access, names)
    return tuple(sorted(name for name in live if name in exact or index.matching(name)))


def to_create(access: AccessFile) -> Mapping[str, RepositorySettings]:
    """Return the repositories to create where they are missing, each with its settings."""
    return {entry.repository: entry.settings for entry in access.entries if entry.settings}


def patterns_without_match(access: AccessFile, names: Iterable[str]) -> tuple[Entry, ...]:
    """Return the patterns that match no live repository, in the order of the file."""
    index = GlobIndex(entry.repository for entry in _patterns(access))
    matched = frozenset[str]().union(*map(index.matching, _without_probe(access, names)))
    return tuple(entry for entry in _patterns(access) if entry.repository not in matched)


def has_expired(grant: Grant, now: datetime) -> bool:
    """Whether a grant's `until` has passed."""
    return grant.until is not None and grant.until <= now


def _without_probe(access: AccessFile, names: Iterable[str]) -> set[str]:
    return {name for name in names if name != access.registry.probe_repository}


def _patterns(access: AccessFile) -> tuple[Entry, ...]:
    return tuple(entry for entry in access.entries if entry.is_pattern)


def _entries_for(
    name: str, own: Entry | None, patterns: Mapping[str, Entry], index: GlobIndex
) -> tuple[Entry, ...]:
    if own is not None and not own.inherit:
        return (own,)
    matching = [patterns[pattern] for pattern in index.matching(name)]
    matching.sort(key=lambda entry: entry.place)
    return tuple(matching) if own is None else (own, *matching)


def facts_of_entry(entry: Entry) -> Iterator[PlacedFact]:
    """Yield all facts of an entry, also of expired grants; one per principal of a statement."""
    for placed in entry.grants:
        grant = placed.grant
        holder = Holder(grant.principal, "Allow", grant.condition)
        yield PlacedFact(holder, grant.actions, placed.place, placed.key_place, placed)
    for statement, raw in valid_statements(entry):
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            yield PlacedFact(holder, statement.actions, raw.place, raw.key_place)


def current_facts(entry: Entry, now: datetime) -> tuple[PlacedFact, ...]:
    """Return the facts of an entry without those of expired grants."""
    return tuple(
        fact
        for fact in facts_of_entry(entry)
        if not (fact.placed_grant and has_expired(fact.placed_grant.grant, now))
    )


def valid_statements(entry: Entry) -> Iterator[tuple[Statement, PlacedStatement]]:
    """Yield the valid raw statements of an entry; the others are reported when they are read."""
    for raw in entry.statements:
        if raw.statement:
            yield raw.statement, raw


def combine_facts(facts: Iterable[PlacedFact]) -> Facts:
    """Return what some facts allow and deny together."""
    found: defaultdict[Holder, list[Actions]] = defaultdict(list)
    for fact in facts:
        found[fact.holder].append(fact.actions)
    return {holder: frozenset().union(*actions) for holder, actions in found.items()}
