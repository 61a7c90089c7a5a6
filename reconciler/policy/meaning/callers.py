"""The kinds of callers that a principal stands for, with what is known of each one's requests.

Source: IAM User Guide, "AWS global condition context keys" (under "Availability", who has which
key).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from reconciler.policy.language.condition_keys import (
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    ONLY_FOR_SESSIONS,
    ONLY_FOR_USERS,
    ONLY_WITH_TOKENS,
)
from reconciler.policy.language.condition_values import written
from reconciler.policy.language.conditions import Condition, parse_condition
from reconciler.policy.language.principals import Principal, arn_of, is_anyone
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.clauses import clause_holds


def known_of_requests(
    account: str, regions: Iterable[str], now: datetime | None = None
) -> Condition:
    """Give what holds of every request to a registry; where a moment is given, from then on.

    Sources: IAM User Guide, "AWS global condition context keys" (aws:ResourceAccount,
    aws:RequestedRegion, aws:CurrentTime, aws:EpochTime).
    """
    told = {"aws:ResourceAccount": [account] if account else [], "aws:RequestedRegion": [*regions]}
    named: dict[str, object] = {key: values for key, values in told.items() if values}
    block = {"StringEquals": named} if named else {}
    if now is not None:
        moment = written(now)
        block["DateGreaterThanEquals"] = {"aws:CurrentTime": moment, "aws:EpochTime": moment}
    return parse_condition(block, ())


_IS_SERVICE, _PRINCIPAL_TAG = "aws:principalisawsservice", "aws:principaltag/"
_SERVICE = "\ufdd0a service"
_SERVICE_ARN = ":".join(("arn", *["\ufdd0"] * 4, _SERVICE))
_NAMES = {"aws:principalaccount": (_SERVICE,), "aws:principalarn": (_SERVICE_ARN,)}
"""Stands for what a service's requests have where those of users and roles name themselves."""


def kinds_of(principal: Principal, condition: Condition) -> tuple[Caller, ...]:
    """Give the kinds of callers that a principal stands for, with what is known of each.

    `condition` is one that is asked about: of the tags in it, services have none.
    """
    if principal.kind == "Service":
        return (of_service(principal.names, condition),)
    if is_anyone(principal):
        return (of_iam(principal), of_service((), condition), _anonymous(condition))
    return (of_iam(principal),)


def of_service(names: tuple[str, ...], condition: Condition) -> Caller:
    """Give a service that acts on its own behalf: one of these names, or any where there is none.

    Its requests name no account, role or user; see `readings`.
    """
    absent = ONLY_FOR_MEMBERS | ONLY_FOR_USERS | ONLY_FOR_SESSIONS | ONLY_WITH_TOKENS
    known = {_IS_SERVICE: ("true",), **_NAMES}
    own = {"aws:principalservicename": names} if names else {}
    return Caller((), {**known, **own}, absent | _tags(condition))


def readings(caller: Caller) -> tuple[Caller, ...]:
    """Give a caller in each way that its requests may be: of a service there are two.

    Whether they lack the keys that name a user or role, or have other values, is not documented.
    """
    if caller.context.get(_IS_SERVICE) != ("true",):
        return (caller,)
    context = {key: values for key, values in caller.context.items() if key not in _NAMES}
    return caller, Caller(caller.principals, context, caller.absent | _NAMES.keys())


def needs(condition: Condition, keys: frozenset[str]) -> bool:
    """Tell whether a condition holds of no request without some of the keys."""
    without = Caller((), absent=keys)
    return any(clause_holds(clause, without) is False for clause in condition)


def _anonymous(condition: Condition) -> Caller:
    absent = ONLY_FOR_MEMBERS | ONLY_FOR_USERS | ONLY_FOR_SESSIONS | ONLY_WITH_TOKENS
    lacking = absent | ONLY_FOR_SERVICES | {"aws:principalarn", _IS_SERVICE}
    return Caller((), {"aws:principalaccount": ("anonymous",)}, lacking | _tags(condition))


def _tags(condition: Condition) -> frozenset[str]:
    return frozenset(c.key for c in condition if c.key.startswith(_PRINCIPAL_TAG))


def of_iam(principal: Principal) -> Caller:
    """Give a user, a role, a session or an account; any of them where there is no ARN."""
    known: dict[str, tuple[str, ...]] = {_IS_SERVICE: ("false",)}
    absent = ONLY_FOR_SERVICES
    arn = arn_of(principal)
    if arn is not None:
        known["aws:principalaccount"] = (arn.account,)
        of_kind = _OF_KIND.get(arn.resource_type)
        if of_kind is not None:
            known["aws:principaltype"] = (of_kind.name,)
            absent |= of_kind.absent
        if arn.resource_type in ("role", "user", "federated-user"):
            known["aws:principalarn"] = principal.names
        if arn.resource_type == "user":
            known["aws:username"] = (arn.path.rpartition("/")[2],)
    return Caller((), known, absent)


class _Kind(NamedTuple):
    """A kind of principal as `aws:PrincipalType` calls it, with the keys it never has."""

    name: str
    absent: frozenset[str]


_OF_KIND = {
    "role": _Kind("AssumedRole", ONLY_FOR_USERS),
    "assumed-role": _Kind("AssumedRole", ONLY_FOR_USERS),
    "user": _Kind("User", ONLY_FOR_SESSIONS),
    "federated-user": _Kind("FederatedUser", ONLY_FOR_USERS),
}
"""Source: IAM User Guide, "IAM policy elements: Variables and tags" ("Principal key values")."""
