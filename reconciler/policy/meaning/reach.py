"""Whether what a holder is given may reach somebody, and whom a condition leaves out for certain.

What can't be told counts as reaching. Sources: IAM User Guide, "AWS JSON policy elements:
Principal" and "AWS global condition context keys".
"""

from functools import lru_cache

from reconciler.policy.language.condition_keys import ONLY_FOR_MEMBERS, ONLY_FOR_SERVICES
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.glob import globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    EVERYONE,
    MISSING,
    IamArn,
    Principal,
    arn_of,
    is_anyone,
)
from reconciler.policy.language.request_context import Caller, iam_caller, service_caller
from reconciler.policy.language.ternary import Answer, all_of
from reconciler.policy.meaning.clauses import clause_holds
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.implication import demands

EQUALITIES = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})

_WHO = frozenset(
    {
        *ONLY_FOR_MEMBERS,
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceaccount",
        "aws:sourcearn",
    }
)
"""Keys that say who somebody is; where from or when they call makes no difference."""


def reaches(principal: Principal, condition: Condition, someone: NamedPrincipal) -> bool:
    """Tell whether what a principal is given under a condition may be somebody's."""
    caller = caller_of(someone.principal)
    return may_match(principal, someone.principal) and not any(
        clause_holds(clause, caller) is False
        or any(_are_apart(clause, own) for own in someone.condition)
        for clause in condition
    )


def names_of(principal: Principal) -> tuple[Principal, ...] | None:
    """Give what statements may call a principal, besides everyone: itself, its account.

    None for a session, whose role may have any path, so that it has to be looked for.
    """
    arn = arn_of(principal)
    if arn and arn.resource_type == "assumed-role":
        return None
    return tuple(dict.fromkeys((principal, *caller_of(principal).principals)))


def lies_within(principal: Principal, condition: Condition, someone: NamedPrincipal) -> bool:
    """Tell whether who is given something under a condition is one of many whom `someone` names.

    A role is one of its account, or of a pattern, unless it can't be; a session is one of its
    role. Of everyone under a condition (an organization) a principal is one only where the
    condition is sure to hold: which organization a role's account is in can't be known.
    """
    if principal == someone.principal or is_anyone(principal):
        return False
    if not may_match(someone.principal, principal):
        return False
    holds = all_of(_always(clause, principal, condition) for clause in someone.condition)
    return holds is True if someone.principal == EVERYONE else holds is not False


def may_match(principal: Principal, other: Principal) -> bool:
    """Tell whether a principal, as a statement names it, may be another one, or its account."""
    if principal == other or principal in (EVERYONE, MISSING):
        return True
    if principal.kind == "NotPrincipal":
        return not _leaves_out(frozenset(principal.names), other)
    if has_wildcard(principal.names[0]):
        return True
    own_arn, arn = arn_of(principal), arn_of(other)
    if own_arn is None or arn is None:
        return False
    return own_arn.account == arn.account and (
        own_arn.resource_type == "root" or _is_session_of(arn, own_arn)
    )


def _always(clause: Clause, principal: Principal, condition: Condition) -> Answer:
    """Tell whether a clause holds whenever a principal uses what it has under a condition."""
    if clause in condition:
        return True
    if any(_are_apart(clause, other) for other in condition):
        return False
    return clause_holds(clause, caller_of(principal))


def _leaves_out(excluded: frozenset[str], principal: Principal) -> bool:
    """Tell whether a NotPrincipal is sure to leave out all that a principal stands for.

    That is one principal with its account; with the account alone, the account's roles may be in.
    """
    own = {f"{one.kind}:{one.names[0]}" for one in caller_of(principal).principals}
    is_one = bool(own) and not principal.names[0].endswith(":root")
    return "AWS:*" in excluded or (is_one and own <= excluded)


def _is_session_of(session: IamArn, role: IamArn) -> bool:
    """Tell whether a session may be a role's: its ARN has the role's name without the path."""
    return (session.resource_type, role.resource_type) == ("assumed-role", "role") and (
        session.path.partition("/")[0] == role.path.rpartition("/")[2]
    )


@lru_cache(maxsize=4_096)
def caller_of(principal: Principal) -> Caller:
    """Make the caller that a principal is, with what is certain of each of its requests."""
    if principal.kind == "Service":
        return service_caller(principal.names[0], absent=ONLY_FOR_MEMBERS)
    arn = arn_of(principal)
    if arn is None:
        return Caller(())
    if arn.resource_type == "root":  # all of an account's principals
        known = {"aws:principalaccount": (arn.account,)}
        return Caller((principal,), known, ONLY_FOR_SERVICES)
    return iam_caller(principal.names[0])


def _are_apart(one: Clause, other: Clause) -> bool:
    """Tell whether two clauses can't both hold: each demands a value that the other rules out."""
    return any(
        left.key == right.key
        and left.key in _WHO
        and not any(globs_intersect(a, b) for a in left.values for b in right.values)
        for left in demands(one)
        for right in demands(other)
    )
