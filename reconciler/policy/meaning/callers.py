"""Callers: what is known of each request of a principal, and of the kinds of callers it stands for.

Source: IAM User Guide, "AWS global condition context keys" (under "Availability", who has which
key).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from reconciler.policy.language.condition_keys import (
    IS_SERVICE,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    ONLY_FOR_SESSIONS,
    ONLY_FOR_USERS,
    ONLY_WITH_TOKENS,
)
from reconciler.policy.language.condition_values import write_time
from reconciler.policy.language.conditions import Condition, parse_condition
from reconciler.policy.language.principals import (
    Principal,
    account_principal,
    arn_of,
    is_open_ended,
    parse_arn,
)
from reconciler.policy.language.request_context import NO_CONTEXT, Caller, Context
from reconciler.policy.meaning.evaluate import clause_holds

_SERVICE = "\ufdd0a service"
_SERVICE_ARN = ":".join(("arn", *["\ufdd0"] * 4, _SERVICE))
_SERVICE_NAMES = {"aws:principalaccount": (_SERVICE,), "aws:principalarn": (_SERVICE_ARN,)}
"""Placeholders for a service's requests, where those of users and roles name themselves."""

_KINDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "role": ("AssumedRole", ONLY_FOR_USERS),
    "assumed-role": ("AssumedRole", ONLY_FOR_USERS),
    "user": ("User", ONLY_FOR_SESSIONS),
    "federated-user": ("FederatedUser", ONLY_FOR_USERS),
}
"""By kind of ARN, the value of `aws:PrincipalType` and the keys that its requests never have.

Source: IAM User Guide, "IAM policy elements: Variables and tags" ("Principal key values").
"""


def known_of_requests(
    account: str, regions: Iterable[str], now: datetime | None = None
) -> Condition:
    """Return what holds of every request to a registry; where a time is given, from then on.

    Sources: IAM User Guide, "AWS global condition context keys" (aws:ResourceAccount,
    aws:RequestedRegion, aws:CurrentTime, aws:EpochTime).
    """
    accounts = [account] if account else []
    values = {"aws:ResourceAccount": accounts, "aws:RequestedRegion": [*regions]}
    named: dict[str, object] = {key: found for key, found in values.items() if found}
    block = {"StringEquals": named} if named else {}
    if now is not None:
        moment = write_time(now)
        block["DateGreaterThanEquals"] = {"aws:CurrentTime": moment, "aws:EpochTime": moment}
    return parse_condition(block, ())


def iam_caller(
    arn: str, context: Context = NO_CONTEXT, absent: frozenset[str] = frozenset()
) -> Caller:
    """Return the caller that an IAM user's or role's ARN names.

    Known of the request are its account and, for a user or role, the principal's ARN; keys of
    service calls are absent. The given context wins over that. A session's role is not among the
    principals, because its path is unknown. Raises ValueError for an ARN that is none.

    Source: IAM User Guide, "AWS global condition context keys" (aws:PrincipalArn,
    aws:PrincipalAccount).
    """
    parsed = parse_arn(arn)
    if parsed is None:
        raise ValueError(f"not the ARN of a user or role: {arn}")
    known: dict[str, tuple[str, ...]] = {"aws:principalaccount": (parsed.account,)}
    if parsed.resource_type in {"role", "user", "root"}:
        known["aws:principalarn"] = (arn,)
    principals = (Principal("AWS", (arn,)), account_principal(parsed.account, parsed.partition))
    return Caller(
        tuple(dict.fromkeys(principals)),
        {**known, **context},
        absent | (ONLY_FOR_SERVICES - context.keys()),
    )


@lru_cache(maxsize=4_096)
def caller_of(principal: Principal) -> Caller:
    """Return the caller that a principal is, with what is certain of each of its requests."""
    if principal.kind == "Service":
        return Caller((principal,), absent=ONLY_FOR_MEMBERS)
    arn = arn_of(principal)
    if arn is None:
        return Caller(())
    if arn.resource_type == "root":  # all of an account's principals
        known = {"aws:principalaccount": (arn.account,)}
        return Caller((principal,), known, ONLY_FOR_SERVICES)
    return iam_caller(principal.names[0])


def kinds_of(principal: Principal, condition: Condition) -> tuple[Caller, ...]:
    """Return the kinds of callers that a principal stands for, with what is known of each.

    `condition` is the one to be checked: services have none of the principal tags in it.
    """
    if principal.kind == "Service":
        return (service_kind(principal.names, condition),)
    if is_open_ended(principal):
        return (iam_kind(principal), service_kind((), condition), _anonymous(condition))
    return (iam_kind(principal),)


def service_kind(names: tuple[str, ...], condition: Condition) -> Caller:
    """Return a service that acts on its own behalf: one of these names, or any if there is none.

    Its requests name no account, role or user; see `possible_requests`.
    """
    absent = ONLY_FOR_MEMBERS | ONLY_FOR_USERS | ONLY_FOR_SESSIONS | ONLY_WITH_TOKENS
    own = {"aws:principalservicename": names} if names else {}
    return Caller((), {IS_SERVICE: ("true",), **_SERVICE_NAMES, **own}, absent | _tags(condition))


def iam_kind(principal: Principal) -> Caller:
    """Return a user, a role, a session or an account; any of them where there is no ARN."""
    known: dict[str, tuple[str, ...]] = {IS_SERVICE: ("false",)}
    absent = ONLY_FOR_SERVICES
    arn = arn_of(principal)
    if arn is not None:
        known["aws:principalaccount"] = (arn.account,)
        if arn.resource_type in _KINDS:
            kind, lacking = _KINDS[arn.resource_type]
            known["aws:principaltype"] = (kind,)
            absent |= lacking
        if arn.resource_type in ("role", "user", "federated-user"):
            known["aws:principalarn"] = principal.names
        if arn.resource_type == "user":
            known["aws:username"] = (arn.path.rpartition("/")[2],)
    return Caller((), known, absent)


def possible_requests(caller: Caller) -> tuple[Caller, ...]:
    """Return a caller with each set of keys that its requests may have: two for a service.

    It is not documented whether a service's requests lack the keys that name a user or role, or
    have other values.
    """
    if caller.context.get(IS_SERVICE) != ("true",):
        return (caller,)
    context = {key: values for key, values in caller.context.items() if key not in _SERVICE_NAMES}
    return caller, Caller(caller.principals, context, caller.absent | _SERVICE_NAMES.keys())


def requires_key(condition: Condition, keys: frozenset[str]) -> bool:
    """Whether a condition is false for each request that has none of the keys."""
    without = Caller((), absent=keys)
    return any(clause_holds(clause, without) is False for clause in condition)


def _anonymous(condition: Condition) -> Caller:
    absent = ONLY_FOR_MEMBERS | ONLY_FOR_USERS | ONLY_FOR_SESSIONS | ONLY_WITH_TOKENS
    lacking = absent | ONLY_FOR_SERVICES | {"aws:principalarn", IS_SERVICE}
    return Caller((), {"aws:principalaccount": ("anonymous",)}, lacking | _tags(condition))


def _tags(condition: Condition) -> frozenset[str]:
    return frozenset(c.key for c in condition if c.key.startswith("aws:principaltag/"))
