"""One attempt at a file: every repository that can be said, with names, groups and patterns."""

import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from reconciler.adopt.file_text import FileData
from reconciler.adopt.live.content import Content, Reading, ReadingOptions, Terms, read_for_file
from reconciler.adopt.live.holders import Identity
from reconciler.adopt.live.registry_policy import RegistryReading, Unmanaged
from reconciler.adopt.live.survey import OF_ALL_REGIONS, LeftOut, Survey, accounts_in
from reconciler.adopt.merging import NEW_FILE, Vocabulary
from reconciler.adopt.naming.groups import Access, by_group, find_groups
from reconciler.adopt.naming.names import Profile, name_accounts, name_principals
from reconciler.adopt.naming.patterns import Entries, Item, share_by_prefix
from reconciler.adopt.naming.tiers import ActionSet, TierTable, name_tiers
from reconciler.adopt.yaml_text import Value
from reconciler.model.registry import RegistryScope
from reconciler.policy import (
    EVERYONE,
    LAMBDA_SID,
    Holder,
    KeepRule,
    Ownership,
    condition_json,
    lambda_rule,
    public_access,
)

_Key = TypeVar("_Key", bound=Hashable)

Readings = Mapping[str, Mapping[RegistryScope, Reading]]
"""What each repository's policy says, in each region."""


class Form(NamedTuple):
    """How a file is written.

    `flat`: without groups and patterns. `name_accounts`: with a section `accounts`, which then has
    to name every account. `known` are names for account ids. `only_raw` are the repositories whose
    policies are carried as raw statements alone; so is the registry's own with `raw_registry`.
    `rules` are the keep rules of the file, beyond the one for Lambda; `existing` are the names that
    it has already, `own` the repositories that it describes by name, live or not.
    """

    known: Mapping[str, str]
    flat: bool = False
    name_accounts: bool = True
    only_raw: frozenset[str] = frozenset()
    raw_registry: bool = False
    rules: tuple[KeepRule, ...] = ()
    existing: Vocabulary = NEW_FILE
    own: frozenset[str] = frozenset()


class Draft(NamedTuple):
    """A file as data, and what each of its repositories has to mean."""

    data: FileData
    readings: Readings
    of_registry: RegistryReading
    left_out: tuple[LeftOut, ...]
    unmanaged: tuple[Unmanaged, ...]


def ownership_for(found: Survey, account: str, form: Form) -> Ownership:
    """Return the keep rule that the file will have: it depends on the accounts that it names."""
    named = {account, *form.existing.accounts}
    if form.name_accounts:
        for documents in found.documents.values():
            for document in documents.values():
                for statement in document.statements:
                    if statement.sid == LAMBDA_SID:
                        named |= set(accounts_in(condition_json(statement.condition)))
    return Ownership(rules=(lambda_rule(named), *form.rules))


def read_all(
    found: Survey, options: ReadingOptions, form: Form
) -> tuple[Readings, tuple[LeftOut, ...]]:
    """Read every policy for a file; those that differ between regions are left out."""
    readings: dict[str, Mapping[RegistryScope, Reading]] = {}
    left_out: list[LeftOut] = []
    for name, documents in found.documents.items():
        of_regions = {
            scope: read_for_file(document, options, only_raw=name in form.only_raw)
            for scope, document in documents.items()
        }
        first, *others = of_regions
        differing = [s for s in others if of_regions[s].content != of_regions[first].content]
        if differing:
            reason = f"its policy in {differing[0].region} differs from that in {first.region}"
            left_out.append(LeftOut(name, f"{reason}, and {OF_ALL_REGIONS}"))
        else:
            readings[name] = of_regions
    return readings, tuple(left_out)


def draft(
    scopes: Sequence[RegistryScope],
    found: Survey,
    readings: Readings,
    of_registry: RegistryReading,
    form: Form,
) -> FileData:
    """Return the file that describes these repositories and this policy, without comments.

    `scopes` are the registry in each of its regions.
    """
    contents = {name: next(iter(of.values())).content for name, of in readings.items()}
    contents |= of_registry.via
    profiles = _profiles({name: content.access for name, content in contents.items()})
    new_accounts = _name_accounts(_all_readings(readings, of_registry), form)
    accounts = {**form.existing.accounts, **new_accounts}
    define = not form.name_accounts
    names = name_principals(profiles, accounts, form.existing, define_accounts=define)
    public = [name for name in sorted(readings) if _is_public(readings[name].values())]
    special = _special_keys(profiles, names.keys, frozenset(public))
    access = {name: _by_key(content, names.keys) for name, content in contents.items()}
    groups: Mapping[str, tuple[str, ...]] = {}
    if not form.flat:
        shared = {k: p for k, p in _profiles(access).items() if k not in special.public}
        taken = {*names.principals, *accounts.values(), *form.existing.taken}
        groups = find_groups(shared, taken)
        access = {name: by_group(one, groups) for name, one in access.items()}
    entries: Entries = {name: _items(access[name], contents[name]) for name in readings}
    via = {name: _items(access[name], contents[name]) for name in of_registry.via}
    if not form.flat:
        entries = share_by_prefix(
            entries, form.own.union(found.live), _only_exact(entries, special.public), via
        )
    entries = {**entries, **via}
    writer = _EntryWriter(
        name_tiers(_action_sets(entries, special.services, via), form.existing.tiers),
        special.services,
    )
    return FileData(
        scopes[0].account,
        tuple(scope.region for scope in scopes),
        {} if define else {name: i for i, name in _by_name(new_accounts)},
        dict(sorted(names.principals.items())),
        dict(sorted(groups.items())),
        dict(sorted(writer.tiers.definitions.items())),
        {n: writer.write(entries[n], by_registry=n in via) for n in sorted(entries)},
        tuple(public),
        has_registry=bool(of_registry.parts),
        registry_statements=tuple(map(json.loads, of_registry.statements)),
    )


class _SpecialKeys(NamedTuple):
    """Keys of `access` that are treated in a way of their own."""

    public: frozenset[str]
    services: frozenset[str]


def _special_keys(
    profiles: Mapping[Identity, Profile],
    keys: Mapping[Identity, str],
    public: Collection[str],
) -> _SpecialKeys:
    """Return the special keys; `public` are the repositories that are public."""
    return _SpecialKeys(
        frozenset(keys[one] for one, profile in profiles.items() if _opens(one, profile, public)),
        frozenset(keys[one] for one in profiles if one.principal.kind == "Service"),
    )


def _all_readings(readings: Readings, of_registry: RegistryReading) -> Iterator[Reading]:
    for of_regions in readings.values():
        yield from of_regions.values()
    yield from of_registry.parts


def _name_accounts(readings: Iterable[Reading], form: Form) -> dict[str, str]:
    """Name the accounts that the file does not name yet; without `accounts`, only known ones."""
    ids = _accounts_of(readings) - form.existing.accounts.keys()
    named = name_accounts(ids, form.known, form.existing.taken)
    return {i: name for i, name in named.items() if form.name_accounts or i in form.known}


def _by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda pair: pair[1])


def _accounts_of(readings: Iterable[Reading]) -> set[str]:
    """Return the accounts that a file uses, each of which a file with `accounts` has to name."""
    return {
        account
        for reading in readings
        for part in _parts_with_accounts(reading)
        for account in accounts_in(part)
    }


def _parts_with_accounts(reading: Reading) -> Iterator[object]:
    for identity in reading.content.access:
        yield identity.principal.names
        yield condition_json(identity.condition)
    yield from map(json.loads, reading.content.statements)
    yield from (condition_json(kept.condition) for kept in reading.kept)


def _profiles(accesses: Mapping[str, Mapping[_Key, tuple[Terms, ...]]]) -> dict[_Key, Profile]:
    """Return all that each key has, over all repositories."""
    found: defaultdict[_Key, list[tuple[str, tuple[Terms, ...]]]] = defaultdict(list)
    for name in sorted(accesses):
        for key, terms in accesses[name].items():
            found[key].append((name, terms))
    return {key: tuple(profile) for key, profile in found.items()}


def _by_key(content: Content, keys: Mapping[Identity, str]) -> Access:
    return {keys[identity]: terms for identity, terms in content.access.items()}


def _items(access: Access, content: Content) -> frozenset[Item]:
    grants = [Item(key, terms) for key, terms in access.items()]
    return frozenset([*grants, *(Item("", statement=text) for text in content.statements)])


def _action_sets(
    entries: Entries, services: frozenset[str], via: Collection[str]
) -> Iterator[ActionSet]:
    for name, items in entries.items():
        for item in items:
            for one in item.terms:
                yield ActionSet(one.actions, item.key in services, name in via)


def _only_exact(entries: Entries, public: frozenset[str]) -> frozenset[Item]:
    """Return what no pattern may say: it would be public, or would allow by a raw statement."""
    return frozenset(
        item
        for items in entries.values()
        for item in items
        if item.key in public or (item.statement and _allows(item.statement))
    )


def _allows(statement: str) -> bool:
    return bool(json.loads(statement)["Effect"] == "Allow")


def _opens(identity: Identity, profile: Profile, public: Collection[str]) -> bool:
    """Whether a principal is the public, alone or with others of a repository."""
    if identity.principal != EVERYONE:
        return False
    held = frozenset(action for _, terms in profile for one in terms for action in one.actions)
    alone = public_access({Holder(EVERYONE, "Allow", identity.condition): held})
    return bool(alone) or any(repository in public for repository, _ in profile)


def _is_public(readings: Iterable[Reading]) -> bool:
    return any(public_access(reading.facts) for reading in readings)


class _EntryWriter(NamedTuple):
    """Writes entries; `services` are the keys of `access` that stand for services."""

    tiers: TierTable
    services: frozenset[str]

    def write(self, items: frozenset[Item], *, by_registry: bool) -> Value:
        """Write an entry, whose access the registry's own policy gives or the repository's."""
        access = {
            item.key: self._tiers_of(item, by_registry=by_registry)
            for item in sorted(items)
            if item.terms
        }
        if by_registry:
            return {"via": "registry-policy", "access": access}
        statements = [json.loads(item.statement) for item in sorted(items) if item.statement]
        entry: dict[str, Value] = {} if statements and not access else {"access": access}
        return {**entry, "statements": statements} if statements else entry

    def _tiers_of(self, item: Item, *, by_registry: bool) -> Value:
        given: list[Value] = []
        for one in item.terms:
            held = ActionSet(one.actions, item.key in self.services, by_registry)
            for name in self.tiers.names[held]:
                given.append({"tier": name, "until": one.until} if one.until else name)
        return given[0] if len(given) == 1 else given
