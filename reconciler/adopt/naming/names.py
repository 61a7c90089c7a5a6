"""Names for accounts, principals and groups: short, unique, and the same on every import."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.adopt.live.content import Terms
from reconciler.adopt.live.holders import Identity, definition_of, plain_account
from reconciler.adopt.live.survey import accounts_in
from reconciler.adopt.merging import Vocabulary
from reconciler.adopt.yaml_text import Value, flow
from reconciler.policy import ACCOUNT_ID, account_of, arn_of, condition_json

NAME = re.compile(r"(?![0-9]+$|nothing$)[A-Za-z0-9._/@+-]{1,64}")
"""A name of the file, as its schema has it."""

_OTHER = re.compile(r"[^A-Za-z0-9._/@+-]+")
_SEPARATORS = "-_./@+"
_LONGEST, _LONGEST_NUMBER, _ID_LENGTH = 64, 8, 12
_SHORTEST_PREFIX = 3
ANONYMOUS = "account"
"""What the name of an account begins with that nobody has named; its id follows."""

_IN_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}(?:/.*)?").fullmatch
_SSO = re.compile(r"AWSReservedSSO_(?P<set>.+)_(?:[0-9a-f]{16}|\*)")

Profile = tuple[tuple[str, tuple[Terms, ...]], ...]
"""All that a principal has: each repository, in order, with the terms."""


class Names(NamedTuple):
    """The names of a file; `keys` is what an `access` calls each identity.

    `principals` are the definitions of those that have one.
    """

    keys: Mapping[Identity, str]
    principals: Mapping[str, Value]


def name_accounts(
    ids: Iterable[str], known: Mapping[str, str], taken: Collection[str] = ()
) -> dict[str, str]:
    """Return a name for each account id, none of which is taken.

    `known` maps ids to what they are called elsewhere.
    """
    wanted = {account: _as_name(known.get(account, ""), account) for account in sorted(set(ids))}
    uses = Counter(name.lower() for name in wanted.values())
    named = {
        account: name
        for account, name in wanted.items()
        if NAME.fullmatch(name) and uses[name.lower()] == 1 and name not in taken
    }
    used = {*taken, *named.values()}
    for account in [account for account in wanted if account not in named]:
        with_id = f"{wanted[account][: _LONGEST - _ID_LENGTH - 1] or ANONYMOUS}-{account}"
        named[account] = first_free([with_id], used)
        used.add(named[account])
    return dict(sorted(named.items()))


def _as_name(text: str, account: str) -> str:
    """Return an account's name; none where it ends with the id of another account."""
    name = text if NAME.fullmatch(text) else slug(text)
    ends_otherwise = ACCOUNT_ID.fullmatch(name[-_ID_LENGTH:]) and not name.endswith(account)
    return "" if ends_otherwise else name


def slug(text: str) -> str:
    """Return a text as a name: other characters become hyphens, capitals small letters."""
    return _OTHER.sub("-", text.strip()).strip("-").lower()[:_LONGEST]


def name_principals(
    profiles: Mapping[Identity, Profile],
    accounts: Mapping[str, str],
    existing: Vocabulary,
    *,
    define_accounts: bool,
) -> Names:
    """Name all identities. Those that are the same role in several accounts share one name.

    `accounts` are the names of account ids, `existing` what the file has already. With
    `define_accounts`, the file has no `accounts`, so that a named account is a principal.
    """
    keys = _existing_keys(profiles, existing)
    principals: dict[str, Value] = {}
    used = {*existing.taken, *accounts.values()}
    references = {} if define_accounts else accounts
    new = {one: profile for one, profile in profiles.items() if one not in keys}
    for members, wanted in _candidates(new, accounts, references):
        first = members[0]
        account = plain_account(first)
        if account is not None and not (define_accounts and account in accounts):
            keys[first] = accounts.get(account, account)
            continue
        definition = _merged(members, references)
        if isinstance(definition, str):
            keys[first] = definition
            continue
        name = accounts[account] if account is not None else first_free(wanted, used)
        used.add(name)
        principals[name] = definition
        keys |= dict.fromkeys(members, name)
    return Names(keys, principals)


def _existing_keys(
    profiles: Mapping[Identity, Profile], existing: Vocabulary
) -> dict[Identity, str]:
    """Return the names that the file has already; a group's where its members go together."""
    keys: dict[Identity, str] = {}
    for members, name in sorted(existing.principals.items(), key=lambda one: (-len(one[0]), one)):
        of_members = {profiles.get(member) for member in members}
        if len(of_members) == 1 and None not in of_members and keys.keys().isdisjoint(members):
            keys |= dict.fromkeys(members, name)
    return keys


_Candidate = tuple[tuple[Identity, ...], Sequence[str]]


def _candidates(
    profiles: Mapping[Identity, Profile],
    accounts: Mapping[str, str],
    references: Mapping[str, str],
) -> list[_Candidate]:
    """Return the identities that share a definition, each with the names it may have, best first.

    The short name is for whoever is alone with it.
    """
    together: defaultdict[tuple[str, Profile | Identity], list[Identity]] = defaultdict(list)
    for identity in sorted(profiles):
        role = _role_elsewhere(identity, references)
        together[(role, profiles[identity]) if role else ("", identity)].append(identity)
    found = [tuple(members) for members in together.values()]
    short = {members: _short_name(members[0], accounts) for members in found}
    uses = Counter(short.values())
    return [
        (members, _choices(members, short[members], uses[short[members]] == 1, accounts))
        for members in sorted(found)
    ]


def _choices(
    members: Sequence[Identity], short: str, alone: bool, accounts: Mapping[str, str]
) -> list[str]:
    ids = {account for one in members for account in _accounts_of(one)}
    names = sorted(accounts.get(account, account) for account in ids)
    shared = shared_prefix(names) if len(names) > 1 else "".join(names)
    shared = shared or _organization_of(members[0])
    at = f"{_tail(short, _LONGEST - len(shared) - 1)}@{shared}" if shared else short
    arn = arn_of(members[0].principal)
    path = slug(arn.path) if arn else short
    choices = [short, at] if alone else [at, path or short, short]
    return [name for name in choices if NAME.fullmatch(name)] or [f"principal-{short}"[:60]]


def _accounts_of(identity: Identity) -> set[str]:
    """Return the account of a principal, or those of the resources that a service acts for."""
    account = account_of(identity.principal)
    return {account} if account else set(accounts_in(condition_json(identity.condition)))


def _organization_of(identity: Identity) -> str:
    """Return an organization's id, or the unit in it, where a condition has only one of these."""
    values = [value for clause in identity.condition for value in clause.values]
    found = [value.rstrip("/*").rpartition("/")[2] for value in values if _IN_ORGANIZATION(value)]
    return slug(found[0]) if len(found) == 1 else ""


def _tail(name: str, most: int) -> str:
    """Return the last words of a name, as many as there is room for."""
    while len(name) > most:
        cut = re.search(f"[{re.escape(_SEPARATORS)}]", name)
        if cut is None:
            return name[: max(most, 1)]
        name = name[cut.end() :]
    return name


def _short_name(identity: Identity, accounts: Mapping[str, str]) -> str:
    """Return what a principal is called where no other has the same name."""
    definition = definition_of(identity, accounts)
    if not isinstance(definition, Mapping):
        return slug(definition) if isinstance(definition, str) else ""
    for key, name_of in _NAMES.items():
        value = definition.get(key)
        if isinstance(value, str):
            name = slug(name_of(value))
            conditional = "when" in definition and key not in ("organization", "service")
            return f"{name or key}-when"[:_LONGEST] if conditional else name or key
    return "everyone-when" if "when" in definition else "everyone"


def _role_name(path: str) -> str:
    name = path.rpartition("/")[2]
    sso = _SSO.fullmatch(name)
    return f"sso-{sso['set']}" if sso else name.replace("*", "all").replace("?", "x")


_NAMES: Mapping[str, Callable[[str], str]] = {
    "role": _role_name,
    "user": _role_name,
    "service": lambda name: name.partition(".")[0],
    "organization": lambda _organization: "organization",
    "account": str,
}


def _role_elsewhere(identity: Identity, accounts: Mapping[str, str]) -> str | None:
    """Return a role and its condition, without its account; None for all other identities."""
    definition = definition_of(identity, accounts)
    if isinstance(definition, Mapping) and "role" in definition:
        return flow({key: value for key, value in definition.items() if key != "account"})
    return None


def _merged(members: Sequence[Identity], accounts: Mapping[str, str]) -> Value:
    """Return the definition of one identity, or of one role in several accounts."""
    definition = definition_of(members[0], accounts)
    if len(members) == 1 or not isinstance(definition, Mapping):
        return definition
    ids = sorted({account for one in members if (account := account_of(one.principal))})
    names = sorted(accounts.get(account, account) for account in ids)
    rest = {key: value for key, value in definition.items() if key not in ("role", "account")}
    return {"role": definition["role"], "accounts": names, **rest}


def first_free(wanted: Sequence[str], used: Collection[str]) -> str:
    """Return the first name that is not used, else the first one with a number."""
    free = next((name for name in wanted if name not in used), None)
    if free is not None:
        return free
    name = wanted[0][: _LONGEST - _LONGEST_NUMBER]
    return next(
        numbered
        for number in range(2, len(used) + 3)
        if (numbered := f"{name}-{number}") not in used
    )


def shared_prefix(names: Sequence[str]) -> str:
    """Return the words that all names begin with; empty where these are too few to be a name."""
    first, last = min(names), max(names)
    same = (one == other for one, other in zip(first, last, strict=False))
    found = first[: next((at for at, equal in enumerate(same) if not equal), len(first))]
    if any(name[len(found) :][:1] not in ("", *_SEPARATORS) for name in names):
        cut = max(found.rfind(separator) for separator in _SEPARATORS)
        found = found[:cut] if cut > 0 else ""
    found = found.strip(_SEPARATORS)
    return found if len(found) >= _SHORTEST_PREFIX and not ACCOUNT_ID.fullmatch(found) else ""
