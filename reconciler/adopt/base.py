"""The file that an import adds to, if any: the names that it has, and that it stays as it is."""

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.access_file.model import AccessFile, Entry, managed_names
from reconciler.adopt.holders import Identity
from reconciler.policy import BUILT_IN_TIERS, Tiers


class Vocabulary(NamedTuple):
    """The names that a file has already: of account ids, of principals and of tiers.

    A principal may stand for several identities, as a group does. `taken` are all names that
    something new can't have.
    """

    accounts: Mapping[str, str]
    principals: Mapping[tuple[Identity, ...], str]
    tiers: Tiers
    taken: frozenset[str]


NEW_FILE = Vocabulary({}, {}, BUILT_IN_TIERS, frozenset())


class Base(NamedTuple):
    """A valid file to add to; `has_accounts` is whether it names its accounts."""

    text: str
    access: AccessFile
    has_accounts: bool


def vocabulary_of(base: Base) -> Vocabulary:
    """Return the names of a file that can be used in new entries."""
    access = base.access
    principals = {
        tuple(Identity(one.principal, one.condition) for one in members): name
        for name, members in sorted(access.principals.items(), reverse=True)
    }
    taken = {*access.accounts, *access.principals, *access.tiers}
    ids = {account: name for name, account in sorted(access.accounts.items(), reverse=True)}
    return Vocabulary(ids, principals, access.tiers, frozenset(taken))


def described_by(access: AccessFile, live: tuple[str, ...]) -> frozenset[str]:
    """Return the live repositories that a file says something about: its own business."""
    probe = access.registry.probe_repository
    return frozenset({*managed_names(access, live), *([probe] if probe else [])})


def is_preserved(base: Base, merged: AccessFile) -> bool:
    """Whether a file with additions says of everything else what it said before.

    The first keep rule is the built-in one, which knows the accounts that were added.
    """
    old, entries = base.access, {entry.repository: entry for entry in merged.entries}
    return (
        old.registry == merged.registry
        and old.guards == merged.guards
        and old.unmanaged_repositories == merged.unmanaged_repositories
        and old.ownership.default == merged.ownership.default
        and set(old.ownership.rules[1:]) == set(merged.ownership.rules[1:])
        and [placed.rule for placed in old.never_rules] == [p.rule for p in merged.never_rules]
        and old.accounts.items() <= merged.accounts.items()
        and old.principals.items() <= merged.principals.items()
        and old.tiers.items() <= merged.tiers.items()
        and [_says(one) for one in old.entries]
        == [_says(entries[one.repository]) for one in old.entries if one.repository in entries]
    )


def _says(entry: Entry) -> tuple[object, ...]:
    grants = tuple(placed.grant for placed in entry.grants)
    raw = tuple(placed.statement.raw for placed in entry.statements)
    return grants, raw, entry.inherit, entry.settings
