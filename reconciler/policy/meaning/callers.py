"""Callers: what is known of each request of a principal, and which principals a grant reaches.

Where it is unknown whether a grant reaches a principal, it does. Source: IAM User Guide, "AWS
global condition context keys" (under "Availability", who has which key).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from reconciler.policy.language.condition_keys import (
    ACCOUNT_KEYS,
    IS_SERVICE,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    ONLY_FOR_SESSIONS,
    ONLY_FOR_USERS,
    ONLY_WITH_TOKENS,
)
from reconciler.policy.language.conditions import Clause, Condition, parse_condition
from reconciler.policy.language.glob import globs_intersect, has_wildcard
from reconciler.policy.language.operators import write_time
from reconciler.policy.language.principals import (
    EVERYONE,
    MISSING,
    IamArn,
    Principal,
    account_principal,
    arn_of,
    is_open_ended,
    parse_arn,
)
from reconciler.policy.language.request_context import NO_CONTEXT, Answer, Caller, Context, all_of
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.implication import demands

_SERVICE = "\ufdd0a service"
_SERVICE_ARN = ":".join(("arn", *["\ufdd0"] * 4, _SERVICE))
_SERVICE_NAMES = {"aws:principalaccount": (_SERVICE,), "aws:principalarn": (_SERVICE_ARN,)}
"""Placeholders for a service's requests, where those of users and roles name themselves."""

_LACKED_BY_SERVICES = ONLY_FOR_MEMBERS | ONLY_FOR_USERS | ONLY_FOR_SESSIONS | ONLY_WITH_TOKENS
"""Keys that no request of a service on its own behalf has, and no anonymous one."""

_KINDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "role": ("AssumedRole", ONLY_FOR_USERS),
    "assumed-role": ("AssumedRole", ONLY_FOR_USERS),
    "user": ("User", ONLY_FOR_SESSIONS),
    "federated-user": ("FederatedUser", ONLY_FOR_USERS),
}
"""By kind of ARN, the value of `aws:PrincipalType` and the keys that its requests never have.

Source: IAM User Guide, "IAM policy elements: Variables and tags" ("Principal key values").
"""

_IDENTITY_KEYS = frozenset({*ONLY_FOR_MEMBERS, *ACCOUNT_KEYS, *ACCOUNT_KEYS.values()})
"""Keys for who calls; from where and when makes no difference here."""


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
    return parse_condition(block)


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
    own = {"aws:principalservicename": names} if names else {}
    known = {IS_SERVICE: ("true",), **_SERVICE_NAMES, **own}
    return Caller((), known, _LACKED_BY_SERVICES | _tags(condition))


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
    absent = _LACKED_BY_SERVICES | ONLY_FOR_SERVICES | {"aws:principalarn", IS_SERVICE}
    return Caller((), {"aws:principalaccount": ("anonymous",)}, absent | _tags(condition))


def _tags(condition: Condition) -> frozenset[str]:
    return frozenset(c.key for c in condition if c.key.startswith("aws:principaltag/"))


def reaches(principal: Principal, condition: Condition, subject: NamedPrincipal) -> bool:
    """Whether a grant to a principal under a condition may reach the subject."""
    caller = caller_of(subject.principal)
    return may_match(principal, subject.principal) and not any(
        clause_holds(clause, caller) is False
        or any(_are_apart(clause, own) for own in subject.condition)
        for clause in condition
    )


def names_of(principal: Principal) -> tuple[Principal, ...] | None:
    """Return the names of a principal in statements, besides everyone: itself and its account.

    None for a session: its role may have any path, so its names are unknown.
    """
    arn = arn_of(principal)
    if arn and arn.resource_type == "assumed-role":
        return None
    return tuple(dict.fromkeys((principal, *caller_of(principal).principals)))


def lies_within(principal: Principal, condition: Condition, subject: NamedPrincipal) -> bool:
    """Whether a principal under a condition is one of the many that the subject names.

    A role is one of its account, or of a pattern, unless it can't be; a session is one of its
    role. Of everyone under a condition (an organization) a principal is one only where the
    condition certainly holds: the organization of a role's account is unknown.
    """
    if principal == subject.principal or is_open_ended(principal):
        return False
    if not may_match(subject.principal, principal):
        return False
    holds = all_of(_always_holds(clause, principal, condition) for clause in subject.condition)
    return holds is True if subject.principal == EVERYONE else holds is not False


def may_match(principal: Principal, other: Principal) -> bool:
    """Whether a principal, as a statement names it, may be another one, or its account."""
    if principal == other or principal in (EVERYONE, MISSING):
        return True
    if principal.kind == "NotPrincipal":
        return not _excludes(frozenset(principal.names), other)
    if has_wildcard(principal.names[0]):
        return True
    own_arn, arn = arn_of(principal), arn_of(other)
    if own_arn is None or arn is None:
        return False
    return own_arn.account == arn.account and (
        own_arn.resource_type == "root" or is_session_of(arn, own_arn)
    )


def _always_holds(clause: Clause, principal: Principal, condition: Condition) -> Answer:
    """Whether a clause holds in each request of a principal that meets a condition."""
    if clause in condition:
        return True
    if any(_are_apart(clause, other) for other in condition):
        return False
    return clause_holds(clause, caller_of(principal))


def _excludes(excluded: frozenset[str], principal: Principal) -> bool:
    """Whether a NotPrincipal certainly excludes everyone that a principal stands for.

    It has to exclude one principal and its account. If it excludes the account alone, it may still
    include the account's roles.
    """
    own = {f"{one.kind}:{one.names[0]}" for one in caller_of(principal).principals}
    is_one = bool(own) and not principal.names[0].endswith(":root")
    return "AWS:*" in excluded or (is_one and own <= excluded)


def is_session_of(session: IamArn, role: IamArn) -> bool:
    """Whether a session may be a role's: its ARN has the role's account, and its name alone."""
    return (
        (session.resource_type, role.resource_type) == ("assumed-role", "role")
        and (session.partition, session.account) == (role.partition, role.account)
        and session.path.partition("/")[0] == role.path.rpartition("/")[2]
    )


def _are_apart(one: Clause, other: Clause) -> bool:
    """Whether two clauses can't both hold: each demands a value that the other excludes."""
    return any(
        left.key == right.key
        and left.key in _IDENTITY_KEYS
        and not any(globs_intersect(a, b) for a in left.values for b in right.values)
        for left in demands(one)
        for right in demands(other)
    )
