"""Whether somebody may be outside of some accounts.

Source: IAM User Guide, "AWS global condition context keys".
"""

from collections.abc import Iterable

from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import ACCOUNT_ID, EVERYONE, Principal, account_of
from reconciler.policy.reach import EQUALITIES

_OF_SOURCE = frozenset({"aws:sourceaccount", "aws:sourcearn"})
_OF_CALLER = frozenset({"aws:principalaccount", "aws:principalarn"})
_ACCOUNT_FIELD = 4
_ARN_FIELDS = 6


def is_outside(principal: Principal, condition: Condition, accounts: frozenset[str]) -> bool:
    """Tell whether who is given something under a condition may be outside of some accounts.

    A service is inside where it can act only for resources in these accounts, everyone where the
    caller or that resource is in them. Whoever has no account that can be told is outside.
    """
    if principal.kind == "Service":
        return not _is_bounded(condition, accounts, _OF_SOURCE)
    if principal == EVERYONE or principal.kind == "NotPrincipal":
        return not _is_bounded(condition, accounts, _OF_SOURCE | _OF_CALLER)
    return account_of(principal) not in accounts


def _is_bounded(condition: Condition, accounts: frozenset[str], keys: Iterable[str]) -> bool:
    return any(clause.key in keys and _lies_in(clause, accounts) for clause in condition)


def _lies_in(clause: Clause, accounts: frozenset[str]) -> bool:
    operator = parse_operator(clause.operator)
    if operator.base not in EQUALITIES or operator.if_exists:
        return False
    if operator.qualifier == "ForAllValues":
        return False
    return all(_account_of(value, operator.base) in accounts for value in clause.values)


def _account_of(value: str, base: str) -> str | None:
    """Give the account that a value, an id or an ARN pattern, can't but lie in.

    In StringLike a wildcard crosses colons: one before the account could reach a field behind it.
    """
    if ACCOUNT_ID.fullmatch(value):
        return value
    fields = value.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return None
    crosses = base == "StringLike" and has_wildcard("".join(fields[:_ACCOUNT_FIELD]))
    return None if crosses else fields[_ACCOUNT_FIELD]
