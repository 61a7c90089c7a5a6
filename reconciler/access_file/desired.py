"""What a valid file asks for on each repository, as grants and as a policy's text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.grants import Desired, Grant, grant_facts
from reconciler.policy.compile import compile_policy
from reconciler.policy.language.glob import GlobIndex

if TYPE_CHECKING:
    from reconciler.model.registry import RepositorySettings


def compile_desired(access: AccessFile, desired: Desired) -> str | None:
    """Write the policy as it would be sent; None where nothing gives access."""
    return compile_policy(
        grant_facts(desired.grants),
        desired.statements,
        access.tiers,
        owned_by_sid=access.ownership.by_sid,
    )


EntriesByName = tuple[tuple[str, tuple[Entry, ...]], ...]
"""Each repository, or pattern alone, with the entries that apply to it; sorted by name."""


def desired_policies(
    access: AccessFile, names: Iterable[str] | None, *, now: datetime
) -> tuple[Desired, ...]:
    """Give what each repository is to have, sorted by name.

    `names` are the live repositories: all that an entry names or matches are given, those that
    an entry names even where they are not live. With None (offline) a pattern applies to the
    entries that it matches, and stands for itself once, its pattern being the name. Grants
    whose `until` is `now` or before are expired.
    """
    found = entries_by_name(access, names)
    return tuple(add_up(name, entries, now) for name, entries in found)


def entries_by_name(access: AccessFile, names: Iterable[str] | None) -> EntriesByName:
    """Give each repository with the entries that apply to it, sorted by name.

    `names` are as for `desired_policies`; the probe repository is never among those given.
    """
    patterns = {entry.repository: entry for entry in _patterns(access)}
    index = GlobIndex(patterns)
    exact = {entry.repository: entry for entry in access.entries if not entry.is_pattern}
    wanted = set(exact) | _without_probe(access, names or ())
    found = [(name, _entries_for(name, exact.get(name), patterns, index)) for name in wanted]
    if names is None:
        found += [(name, (pattern,)) for name, pattern in patterns.items()]
    return tuple(sorted((name, entries) for name, entries in found if entries))


def add_up(name: str, entries: Sequence[Entry], now: datetime) -> Desired:
    """Give what a repository is to have by these entries together."""
    granted = [given.grant for entry in entries for given in entry.grants]
    return Desired(
        name,
        grants=tuple(dict.fromkeys(g for g in granted if not is_over(g, now))),
        expired=tuple(dict.fromkeys(g for g in granted if is_over(g, now))),
        statements=tuple(
            raw.statement.raw for entry in entries for raw in entry.statements if raw.statement
        ),
    )


def managed_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Give the live repositories that an entry names or matches, sorted."""
    exact = {entry.repository for entry in access.entries}
    index = GlobIndex(entry.repository for entry in _patterns(access))
    live = _without_probe(access, names)
    return tuple(sorted(n for n in live if n in exact or index.matching(n)))


def to_create(access: AccessFile) -> "Mapping[str, RepositorySettings]":
    """Give the repositories that are made where they do not exist, each with its settings."""
    return {entry.repository: entry.settings for entry in access.entries if entry.settings}


def patterns_without_match(access: AccessFile, names: Iterable[str]) -> tuple[Entry, ...]:
    """Give the patterns that match no live repository, in the order of the file."""
    index = GlobIndex(entry.repository for entry in _patterns(access))
    matched = frozenset[str]().union(*map(index.matching, _without_probe(access, names)))
    return tuple(entry for entry in _patterns(access) if entry.repository not in matched)


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


def is_over(grant: Grant, now: datetime) -> bool:
    """Tell whether a grant's `until` has passed."""
    return grant.until is not None and grant.until <= now
