"""Whether a clause holds in every request that a condition lets through.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition
context keys".
"""

from reconciler.policy.arn_patterns import split_arn
from reconciler.policy.caller import Caller
from reconciler.policy.clauses import clause_holds
from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.contradictions import contradictions, demands
from reconciler.policy.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.networks import read_network
from reconciler.policy.variables import plain

_DEMANDING = frozenset({"StringEquals", "StringLike", "ArnLike", "Bool", "IpAddress"})
_OPPOSITES = {
    f"{family}{one}": f"{family}{other}"
    for family in ("Numeric", "Date")
    for pair in (("LessThan", "GreaterThanEquals"), ("GreaterThan", "LessThanEquals"))
    for one, other in (pair, pair[::-1])
}


def always_holds(clause: Clause, condition: Condition, caller: Caller) -> bool:
    """Tell whether a clause is sure to hold in each request of a caller under a condition.

    False where that can't be told.
    """
    if clause in condition or clause_holds(clause, caller) is True or _is_met(clause, condition):
        return True
    return any(
        key == clause.key
        and (base := parse_operator(operator).base) in _DEMANDING
        and all(_holds_for(clause, base, value, caller) for value in values)
        for held in condition
        for operator, key, values in demands(held)
    )


def _is_met(clause: Clause, condition: Condition) -> bool:
    """Tell whether a condition rules out all that an order (of dates, say) does not take."""
    opposite = _OPPOSITES.get(clause.operator)
    if opposite is None or len(clause.values) > 1:
        return False
    return bool(contradictions((clause._replace(operator=opposite),), condition))


def _holds_for(clause: Clause, demanding: str, value: str, caller: Caller) -> bool:
    """Tell whether a clause holds for whatever one demanded value matches."""
    operator = parse_operator(clause.operator)
    if demanding != "IpAddress" and (demanding == "StringEquals" or not has_wildcard(value)):
        exact = caller._replace(context={**caller.context, clause.key: (value,)})
        return clause_holds(clause, exact) is True
    if operator.base == "Null":
        return clause.values == ("false",)
    if "${" in "".join(clause.values):
        return False
    base = operator.positive
    if operator.is_negated:
        return all(_are_apart(base, wanted, demanding, value) for wanted in clause.values)
    return any(_lies_within(base, wanted, demanding, value) for wanted in clause.values)


def _are_apart(base: str, wanted: str, demanding: str, value: str) -> bool:
    """Tell whether nothing matches both a clause's value and a demanded one."""
    if base == demanding == "IpAddress":
        return not read_network(wanted).overlaps(read_network(value))
    if base == "ArnLike" and split_arn(value) is None:
        return False  # as below
    if base not in ("StringEquals", "StringLike", "ArnLike") or demanding == "IpAddress":
        return False
    return not globs_intersect(plain(wanted) if base == "StringEquals" else wanted, value)


def _lies_within(base: str, wanted: str, demanding: str, value: str) -> bool:
    """Tell whether a clause's value matches whatever a demanded one matches."""
    if base == demanding == "IpAddress":
        network, within = read_network(value), read_network(wanted)
        return (
            network.version == within.version
            and network.prefixlen >= within.prefixlen
            and network.network_address in within
        )
    if base == "ArnLike" and demanding != "IpAddress":
        pattern, arn = split_arn(wanted), split_arn(value)
        if pattern is None or arn is None:
            return False  # how what is no ARN compares is not documented
        plain_fields = demanding == "ArnLike" or not any(map(has_wildcard, arn[:-1]))
        return plain_fields and all(map(glob_matches, pattern, arn))
    return base == "StringLike" and demanding != "IpAddress" and glob_matches(wanted, value)
