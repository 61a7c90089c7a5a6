"""One attempt at a file: every repository that can be said, with names, groups and patterns."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reconciler.adopt.base import NEW_FILE, Vocabulary
from reconciler.adopt.content import Content, Reading, Terminology, Terms, read_for_file
from reconciler.adopt.file_text import FileData
from reconciler.adopt.groups import Access, by_group, find_groups
from reconciler.adopt.holders import Identity
from reconciler.adopt.names import Profile, name_accounts, name_principals
from reconciler.adopt.patterns import Item, share_by_prefix
from reconciler.adopt.survey import LeftOut, Survey, accounts_in
from reconciler.adopt.tiers import ActionSet, TierTable, name_tiers
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

Readings = Mapping[str, Mapping[RegistryScope, Reading]]
"""What each repository's policy says, in each region."""


class Form(NamedTuple):
    """How a file is written.

    `flat`: without groups and patterns. `name_accounts`: with a section `accounts`, which then has
    to name every account. `known` are names for account ids. `only_raw` are the repositories whose
    policies are carried as raw statements alone. `rules` are the keep rules of the file, beyond the
    one for Lambda; `existing` are the names that it has already.
    """

    known: Mapping[str, str]
    flat: bool = False
    name_accounts: bool = True
    only_raw: frozenset[str] = frozenset()
    rules: tuple[KeepRule, ...] = ()
    existing: Vocabulary = NEW_FILE


class Draft(NamedTuple):
    """A file as data, and what each of its repositories has to mean."""

    data: FileData
    readings: Readings
    left_out: tuple[LeftOut, ...]


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


def read_all(found: Survey, terms: Terminology, form: Form) -> tuple[Readings, tuple[LeftOut, ...]]:
    """Read every policy for a file; those that differ between regions are left out."""
    readings: dict[str, Mapping[RegistryScope, Reading]] = {}
    left_out: list[LeftOut] = []
    for name, documents in found.documents.items():
        of_regions = {
            scope: read_for_file(document, terms, only_raw=name in form.only_raw)
            for scope, document in documents.items()
        }
        first, *others = of_regions
        differing = [s for s in others if of_regions[s].content != of_regions[first].content]
        if differing:
            reason = f"its policy in {differing[0].region} differs from that in {first.region}"
            left_out.append(LeftOut(name, f"{reason}, and an entry is for all regions"))
        else:
            readings[name] = of_regions
    return readings, tuple(left_out)


def draft(
    account: str, regions: tuple[str, ...], found: Survey, readings: Readings, form: Form
) -> FileData:
    """Return the file that describes these repositories, without comments."""
    contents = {name: next(iter(of.values())).content for name, of in readings.items()}
    ids = _accounts_of(readings)
    existing = form.existing
    new_accounts = name_accounts(ids - existing.accounts.keys(), form.known, existing.taken)
    if not form.name_accounts:
        new_accounts = {i: name for i, name in new_accounts.items() if i in form.known}
    names_of_accounts = {**existing.accounts, **new_accounts}
    profiles = _profiles(contents)
    names = name_principals(
        profiles,
        names_of_accounts,
        existing,
        define_accounts=not form.name_accounts,
    )
    public = frozenset(names.keys[identity] for identity in profiles if _opens(identity, contents))
    access = {name: _by_key(content, names.keys) for name, content in contents.items()}
    groups: Mapping[str, tuple[str, ...]] = {}
    if not form.flat:
        shared = {k: p for k, p in _profiles_of_keys(access).items() if k not in public}
        taken = {*names.principals, *names_of_accounts.values(), *existing.taken}
        groups = find_groups(shared, taken)
        access = {name: by_group(one, groups) for name, one in access.items()}
    entries = {name: _items(access[name], contents[name]) for name in contents}
    if not form.flat:
        every = frozenset(item for items in entries.values() for item in items)
        entries = dict(share_by_prefix(entries, found.live, _only_exact(every, public)))
    services = {names.keys[one] for one in profiles if one.principal.kind == "Service"}
    tiers = name_tiers(
        (
            ActionSet(one.actions, item.key in services)
            for items in entries.values()
            for item in items
            for one in item.terms
        ),
        existing.tiers,
    )
    return FileData(
        account,
        regions,
        {name: i for i, name in _sorted_pairs(new_accounts)} if form.name_accounts else {},
        dict(sorted(names.principals.items())),
        dict(sorted(groups.items())),
        dict(sorted(tiers.definitions.items())),
        {name: _entry(entries[name], tiers, services) for name in sorted(entries)},
        tuple(sorted(name for name in readings if _is_public(readings[name].values()))),
    )


def _sorted_pairs(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda pair: pair[1])


def _accounts_of(readings: Readings) -> set[str]:
    """Return the accounts that a file uses, each of which a file with `accounts` has to name."""
    found: set[str] = set()
    for of_regions in readings.values():
        for reading in of_regions.values():
            for identity in reading.content.access:
                found |= set(accounts_in(identity.principal.names))
                found |= set(accounts_in(condition_json(identity.condition)))
            for statement in reading.content.statements:
                found |= set(accounts_in(json.loads(statement)))
            for kept in reading.kept:
                found |= set(accounts_in(condition_json(kept.condition)))
    return found


def _profiles(contents: Mapping[str, Content]) -> dict[Identity, Profile]:
    found: defaultdict[Identity, list[tuple[str, tuple[Terms, ...]]]] = defaultdict(list)
    for name in sorted(contents):
        for identity, terms in contents[name].access.items():
            found[identity].append((name, terms))
    return {identity: tuple(profile) for identity, profile in found.items()}


def _profiles_of_keys(accesses: Mapping[str, Access]) -> dict[str, Profile]:
    found: defaultdict[str, list[tuple[str, tuple[Terms, ...]]]] = defaultdict(list)
    for name in sorted(accesses):
        for key, terms in accesses[name].items():
            found[key].append((name, terms))
    return {key: tuple(profile) for key, profile in found.items()}


def _by_key(content: Content, keys: Mapping[Identity, str]) -> Access:
    return {keys[identity]: terms for identity, terms in content.access.items()}


def _items(access: Access, content: Content) -> frozenset[Item]:
    grants = [Item(key, terms) for key, terms in access.items()]
    return frozenset([*grants, *(Item("", statement=text) for text in content.statements)])


def _only_exact(items: Iterable[Item], public: frozenset[str]) -> frozenset[Item]:
    """Return what no pattern may say: it would be public, or would allow by a raw statement."""
    return frozenset(
        item
        for item in items
        if item.key in public
        or (item.statement and json.loads(item.statement)["Effect"] == "Allow")
    )


def _opens(identity: Identity, contents: Mapping[str, Content]) -> bool:
    """Whether a principal is the public, taken alone."""
    if identity.principal != EVERYONE:
        return False
    held = {
        action
        for one in contents.values()
        for t in one.access.get(identity, ())
        for action in t.actions
    }
    holder = Holder(EVERYONE, "Allow", identity.condition)
    return bool(public_access({holder: frozenset(held)}))


def _is_public(readings: Iterable[Reading]) -> bool:
    return any(public_access(reading.facts) for reading in readings)


def _entry(items: frozenset[Item], tiers: TierTable, services: set[str]) -> Value:
    access = {
        item.key: _tiers_of(item.terms, tiers, to_service=item.key in services)
        for item in sorted(items)
        if item.terms
    }
    statements = [json.loads(item.statement) for item in sorted(items) if item.statement]
    entry: dict[str, Value] = {} if statements and not access else {"access": access}
    return {**entry, "statements": statements} if statements else entry


def _tiers_of(terms: tuple[Terms, ...], tiers: TierTable, *, to_service: bool) -> Value:
    given: list[Value] = []
    for one in terms:
        for name in tiers.names[ActionSet(one.actions, to_service)]:
            given.append({"tier": name, "until": one.until} if one.until else name)
    return given[0] if len(given) == 1 else given
