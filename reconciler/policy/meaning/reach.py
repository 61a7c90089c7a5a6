"""Which principals a grant reaches, as far as principal and condition tell.

Where that is unknown, the grant reaches them.
"""

from reconciler.policy.language.condition_keys import ACCOUNT_KEYS, ONLY_FOR_MEMBERS
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.glob import globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    EVERYONE,
    MISSING,
    IamArn,
    Principal,
    arn_of,
    is_open_ended,
)
from reconciler.policy.language.request_context import Answer, all_of
from reconciler.policy.meaning.callers import caller_of
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.implication import demands

_IDENTITY_KEYS = frozenset({*ONLY_FOR_MEMBERS, *ACCOUNT_KEYS, *ACCOUNT_KEYS.values()})
"""Keys for who calls; from where and when makes no difference here."""


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
    """Whether a session may be a role's: its ARN has the role's name without the path."""
    return (session.resource_type, role.resource_type) == ("assumed-role", "role") and (
        session.path.partition("/")[0] == role.path.rpartition("/")[2]
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
