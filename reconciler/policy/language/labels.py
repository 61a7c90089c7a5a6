"""Principals and conditions as short text for people."""

from reconciler.policy.language.condition_keys import spell_key
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.principals import EVERYONE, Principal, plain_name
from reconciler.printable import quoted, unmistakable

_MOST_LISTED = 3


def holder_name(principal: Principal, condition: Condition) -> str:
    """Write who holds something as people read it: `*` is everyone only without a condition."""
    if principal != EVERYONE or not condition:
        return plain_name(principal)
    return f"whoever meets {' and '.join(clause_words(c, _MOST_LISTED) for c in condition)}"


def clause_words(clause: Clause, most: int | None = None) -> str:
    """Write a clause of a condition: `IpAddress aws:SourceIp "203.0.113.0/24"`."""
    key = unmistakable(spell_key(clause.key))
    return f"{clause.operator} {key} {values_words(clause, most)}"


def values_words(clause: Clause, most: int | None = None) -> str:
    """Write the values of a clause, the first ones where there are more than `most`."""
    left = len(clause.values[most:]) if most else 0
    more = f" or {left:,} more" if left else ""
    return " or ".join(map(quoted, clause.values[:most])) + more
