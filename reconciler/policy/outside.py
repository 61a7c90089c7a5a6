"""Whether somebody may be outside of some accounts.

Source: IAM User Guide, "AWS global condition context keys".
"""

from collections.abc import Iterable

from reconciler.policy.arn_patterns import account_of_pattern, account_of_source
from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.principals import Principal, account_of, is_everyone
from reconciler.policy.reach import EQUALITIES

_SOURCE_ARN = "aws:sourcearn"
_OF_SOURCE = frozenset({"aws:sourceaccount", _SOURCE_ARN})
_OF_CALLER = frozenset({"aws:principalaccount", "aws:principalarn"})


def is_outside(principal: Principal, condition: Condition, accounts: frozenset[str]) -> bool:
    """Tell whether who is given something under a condition may be outside of some accounts.

    A service is inside where it can act only for resources in these accounts, everyone where the
    caller or that resource is in them. Whoever has no account that can be told is outside.
    """
    if principal.kind == "Service":
        return not _is_bounded(condition, accounts, _OF_SOURCE)
    if is_everyone(principal):
        return not _is_bounded(condition, accounts, _OF_SOURCE | _OF_CALLER)
    return account_of(principal) not in accounts


def _is_bounded(condition: Condition, accounts: frozenset[str], keys: Iterable[str]) -> bool:
    return any(clause.key in keys and _lies_in(clause, accounts) for clause in condition)


def _lies_in(clause: Clause, accounts: frozenset[str]) -> bool:
    operator = parse_operator(clause.operator)
    if operator.base not in EQUALITIES or not operator.demands_key:
        return False
    account_of_value = account_of_source if clause.key == _SOURCE_ARN else account_of_pattern
    return all(
        value in accounts or account_of_value(value, operator.base) in accounts
        for value in clause.values
    )
