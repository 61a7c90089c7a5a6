"""Who holds access, as an access file can say it: a principal under its own condition."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.adopt.yaml_text import Value
from reconciler.policy import (
    ACCOUNT_ID,
    CURRENT_TIME,
    EVERYONE,
    ORGANIZATION_ID,
    SOURCE_ARN,
    Clause,
    Condition,
    Principal,
    account_of,
    arn_of,
    canonical_condition,
    condition_json,
    has_wildcard,
    is_account,
    write_time,
)

_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_NAMED = ("root", "role", "user")
_ALONE = (*_NAMED, "assumed-role", "federated-user")
_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]*):iam::(?P<account>[0-9]{12}):role/(?P<name>.+)")


class Identity(NamedTuple):
    """A principal with the condition that is part of who it is: all of it but the expiry."""

    principal: Principal
    condition: Condition


class Expiring(NamedTuple):
    """A condition split into what belongs to the principal and the end of its grant, if it has one.

    `until` is as the file has it: a date, or a time in UTC.
    """

    condition: Condition
    until: str | None


def split_expiry(condition: Condition, now: datetime) -> Expiring:
    """Separate the end of a grant from its condition.

    An end that has passed stays a plain condition: the file would remove the grant otherwise.
    """
    for clause, until in _ends(condition):
        if until > now:
            rest = tuple(other for other in condition if other != clause)
            return Expiring(rest, clause.values[0].removesuffix("T00:00:00Z"))
    return Expiring(condition, None)


def has_expired(condition: Condition, now: datetime) -> bool:
    """Whether a condition ended at a time that has passed."""
    return any(until <= now for _, until in _ends(condition))


def can_be_named(identity: Identity) -> bool:
    """Whether a file has a kind of principal for this; it carries all others as raw statements."""
    principal = identity.principal
    if principal == EVERYONE:
        return True
    if principal.kind == "Service":
        return _SERVICE.fullmatch(principal.names[0]) is not None
    arn = arn_of(principal)
    return arn is not None and arn.resource_type in (_ALONE if not identity.condition else _NAMED)


def definition_of(identity: Identity, accounts: Mapping[str, str]) -> Value:
    """Return a principal as `principals` of a file has it; `accounts` maps ids to names.

    The identity must be one that can be named.
    """
    principal, condition = identity
    if principal == EVERYONE:
        kind, rest = _everyone(condition)
    elif principal.kind == "Service":
        kind, rest = _service(principal, condition, accounts)
    else:
        kind, rest = _of_account(principal, condition, accounts)
    if rest and isinstance(kind, dict):
        return {**kind, "when": condition_json(rest)}
    return kind


def plain_account(identity: Identity) -> str | None:
    """Return the account's id where the identity is a whole account; None for all others."""
    whole = is_account(identity.principal) and not identity.condition
    return account_of(identity.principal) if whole else None


_Split = tuple[Value, Condition]
"""A principal's own keys, and what is left of the condition."""


def _everyone(condition: Condition) -> _Split:
    found = _organization(condition, "aws:principalorg", "organization", "paths")
    return found or ({"public": True}, condition)


def _service(principal: Principal, condition: Condition, accounts: Mapping[str, str]) -> _Split:
    kind: dict[str, Value] = {"service": principal.names[0]}
    arns, rest = _take(condition, "StringLike", SOURCE_ARN)
    if arns and all(arn.startswith("arn:") for arn in arns):
        kind["source_arns"] = list(arns)
        condition = rest
    ids, rest = _take(condition, "StringEquals", "aws:sourceaccount")
    if ids and all(map(ACCOUNT_ID.fullmatch, ids)):
        kind["source_accounts"] = [accounts.get(one, one) for one in ids]
        condition = rest
    found = _organization(condition, "aws:sourceorg", "source_organization", "source_paths")
    if found is not None and isinstance(found[0], dict):
        return {**kind, **found[0]}, found[1]
    return kind, condition


def _organization(condition: Condition, key: str, name: str, paths_name: str) -> _Split | None:
    """Return an organization, or parts of it, by the keys that begin with `key`."""
    paths, rest = _take(condition, "ForAnyValue:StringLike", f"{key}paths")
    organization = paths[0].partition("/")[0] if paths else ""
    is_one = all(path.startswith(f"{organization}/") for path in paths)
    if is_one and ORGANIZATION_ID.fullmatch(organization):
        return {name: organization, paths_name: list(paths)}, rest
    ids, rest = _take(condition, "StringEquals", f"{key}id")
    if len(ids) == 1 and ORGANIZATION_ID.fullmatch(ids[0]):
        return {name: ids[0]}, rest
    return None


def _of_account(principal: Principal, condition: Condition, accounts: Mapping[str, str]) -> _Split:
    arn = arn_of(principal)
    if arn is None or arn.resource_type not in _NAMED:
        return principal.names[0], condition
    account = accounts.get(arn.account, arn.account)
    if arn.resource_type != "root":
        return {arn.resource_type: arn.path, "account": account}, condition
    values, rest = _take(condition, "ArnLike", "aws:principalarn")
    role = _ROLE_ARN.fullmatch(values[0]) if len(values) == 1 else None
    is_pattern = role is not None and has_wildcard(role["name"])
    if role and is_pattern and role.group("partition", "account") == arn[:2]:
        return {"role": role["name"], "account": account}, rest
    return {"account": account}, condition


def _take(condition: Condition, operator: str, key: str) -> tuple[tuple[str, ...], Condition]:
    """Return the values of the one clause on a key, and the other clauses.

    No values where there is no such clause, or it is not alone: a file can't say two of them apart.
    """
    on_key = [clause for clause in condition if clause.key == key]
    if len(on_key) == 1:
        (clause,) = on_key
        if canonical_condition((Clause(operator, key, clause.values),)) == (clause,):
            return clause.values, tuple(other for other in condition if other != clause)
    return (), condition


def _ends(condition: Condition) -> Iterator[tuple[Clause, datetime]]:
    """Yield the clauses that `until` could have written, each with its moment."""
    for clause in condition:
        if clause.key == CURRENT_TIME and clause.operator == "DateLessThan":
            until = _moment(clause.values)
            if until is not None:
                yield clause, until


def _moment(values: tuple[str, ...]) -> datetime | None:
    """Return the one moment that `until` could write; None for any other values."""
    if len(values) != 1 or not _MOMENT.fullmatch(values[0]):
        return None
    try:
        moment = datetime.fromisoformat(values[0]).astimezone(UTC)
    except ValueError:
        return None
    return moment if write_time(moment) == values[0] else None
