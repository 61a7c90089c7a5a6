"""What two versions of an access file ask for differently.

Compared is what each version means for a repository at one time, not how it is written: an entry
that moves into a pattern, or a tier with another name, makes no difference.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from reconciler.access_file.desired import (
    add_up,
    desired_policies,
    desired_registry_policy,
    desired_templates,
    to_create,
)
from reconciler.access_file.model import AccessFile
from reconciler.model.access import Desired, GrantsByPattern, grant_facts
from reconciler.model.registry import RepositorySettings
from reconciler.policy import Facts, GlobIndex, NeverRule, keeps_as_much


class _Asked(NamedTuple):
    """What a version asks for on a repository, and the settings to create it with."""

    desired: Desired
    settings: RepositorySettings | None


@dataclass(frozen=True)
class VersionDifference:
    """What an access file asks for differently from an `older` version of it, at the time `now`.

    A repository differs if the plan for it may come out differently: its access, the settings to
    create it with, or a `never` rule that is about it. All differ where `newer` keeps fewer
    statements of others, in their own policies or in the registry's, or where the versions have
    different raw statements of that: these may be about any repository. Repositories that no entry
    of `newer` matches are never part of the difference.
    """

    older: AccessFile
    newer: AccessFile
    now: datetime

    def repositories(self, listed: Iterable[str] = ()) -> frozenset[str]:
        """Return the names on which the versions differ, live or not.

        They are among those that either version names, and the `listed` ones.
        """
        names = frozenset(filter(None, self._candidates(frozenset(listed))))
        old, new = (_asked(one, names, self.now) for one in (self.older, self.newer))
        return frozenset(name for name, asked in new.items() if self._differs(name, old, asked))

    def _candidates(self, listed: frozenset[str]) -> Iterator[str | None]:
        """Yield the names that can differ; whether they do takes more time to find out."""
        old, new = (_written(version) for version in (self.older, self.newer))
        named = old.keys() | new.keys()
        yield from (version.registry.probe_repository for version in (self.older, self.newer))
        if self._is_about_all or self._never_rules:
            yield from named | listed
            return
        yield from (name for name in named if old.get(name) != new.get(name))
        if self.patterns:
            index = GlobIndex(self.patterns)
            yield from (name for name in named | listed if index.matching(name))

    @cached_property
    def patterns(self) -> frozenset[str]:
        """The patterns that may make repositories differ that neither version names."""
        old, new = (_asked_by_pattern(one, self.now) for one in (self.older, self.newer))
        differing = {name for name, asked in new.items() if self._differs(name, old, asked)}
        return frozenset(differing | (old.keys() - new.keys()))

    @cached_property
    def registry_policy(self) -> bool:
        """Whether the versions differ in what the registry's own policy is to say."""
        older, newer = self.older, self.newer
        if newer.registry.policy != "manage":
            return False
        return self._takes_more_over or _of_registry(older, self.now) != _of_registry(
            newer, self.now
        )

    @cached_property
    def _takes_more_over(self) -> bool:
        """Whether `newer` removes statements of the registry's own policy that `older` leaves."""
        older, newer = self.older, self.newer
        return newer.registry.policy == "manage" and (
            older.registry.policy != "manage"
            or not keeps_as_much(newer.registry_ownership, older.registry_ownership)
        )

    @cached_property
    def removed(self) -> frozenset[str]:
        """The names and patterns of `older` in whose place no entry of `newer` is.

        Without those of the registry's own policy, which differs then.
        """
        names = {entry.repository for entry in self.newer.entries}
        index = self.newer.pattern_index
        own = (entry.repository for entry in self.older.entries if not entry.via_registry)
        return frozenset(name for name in own if name not in names and not index.matching(name))

    @cached_property
    def templates(self) -> frozenset[str]:
        """The patterns on whose creation templates the versions differ."""
        old, new = (_templates(one, self.now) for one in (self.older, self.newer))
        names = old.keys() | new.keys()
        return frozenset(name for name in names if old.get(name) != new.get(name))

    def _differs(self, name: str, old: Mapping[str, _Asked], new: _Asked) -> bool:
        return (
            self._is_about_all
            or not _same(old.get(name), new)
            or any(rule.may_concern(name) for rule in self._never_rules)
        )

    @cached_property
    def _is_about_all(self) -> bool:
        older, newer = self.older, self.newer
        old, new = (
            [one.statement.statement.raw for one in version.registry_statements]
            for version in (older, newer)
        )
        return (
            old != new
            or self._takes_more_over
            or not keeps_as_much(newer.ownership, older.ownership)
        )

    @cached_property
    def _never_rules(self) -> tuple[NeverRule, ...]:
        """The `never` rules that only one version has."""
        old, new = (
            [placed.rule for placed in version.never_rules] for version in (self.older, self.newer)
        )
        return (
            *(rule for rule in old if rule not in new),
            *(rule for rule in new if rule not in old),
        )


def without_requests(access: AccessFile) -> AccessFile:
    """Return a file that asks for nothing, as the older version of one for a new registry."""
    registry = access.registry._replace(policy="ignore")
    return replace(access, registry=registry, entries=(), registry_statements=())


def narrowed(access: AccessFile, names: Container[str]) -> AccessFile:
    """Return a file without the entries of other repositories; with all of its patterns."""
    entries = (one for one in access.entries if one.is_pattern or one.repository in names)
    return replace(access, entries=tuple(entries))


def _written(access: AccessFile) -> dict[str, tuple[object, ...]]:
    """Return what the entry of each repository says, apart from its places."""
    return {
        entry.repository: (
            tuple(one.grant for one in entry.grants),
            tuple(one.statement.raw for one in entry.statements),
            entry.inherit,
            entry.settings,
        )
        for entry in access.exact.values()
    }


def _asked(access: AccessFile, names: frozenset[str], now: datetime) -> dict[str, _Asked]:
    settings = to_create(access)
    return {
        one.repository: _Asked(one, settings.get(one.repository))
        for one in desired_policies(narrowed(access, names), names, now=now)
    }


def _asked_by_pattern(access: AccessFile, now: datetime) -> dict[str, _Asked]:
    """Return what each pattern by itself asks for."""
    return {
        pattern: _Asked(add_up(pattern, [entry], now), None)
        for pattern, entry in access.patterns.items()
    }


def _same(old: _Asked | None, new: _Asked) -> bool:
    if old is None or old.settings != new.settings:
        return False
    # Equal grants, the usual case, need no facts.
    return old.desired == new.desired or _meaning(old.desired) == _meaning(new.desired)


def _meaning(desired: Desired) -> tuple[object, ...]:
    return (
        grant_facts(desired.grants),
        grant_facts(desired.expired),
        desired.statements,
        grant_facts(desired.by_registry),
    )


def _of_registry(access: AccessFile, now: datetime) -> tuple[object, ...]:
    desired = desired_registry_policy(access, now)
    return _by_pattern(desired.grants), _by_pattern(desired.expired), desired.statements


def _by_pattern(grants: GrantsByPattern) -> dict[str, Facts]:
    return {pattern: grant_facts(own) for pattern, own in grants}


def _templates(access: AccessFile, now: datetime) -> dict[str, tuple[object, ...]]:
    """Return what is asked for of each template, by its entry; nothing for no template."""
    unwanted = {entry.repository: () for entry in access.entries if entry.create_on is not None}
    wanted = {
        one.pattern: (one.applied_for, _meaning(one.access), one.settings, one.role)
        for one in desired_templates(access, now)
    }
    return {**unwanted, **wanted}
