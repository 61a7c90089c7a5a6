"""Whether a clause holds in every request that a condition lets through.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition
context keys".
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_interface
from typing import NamedTuple

from reconciler.policy.arn_patterns import account_of_pattern
from reconciler.policy.caller import Caller
from reconciler.policy.clauses import clause_holds
from reconciler.policy.condition_keys import MULTIVALUED
from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.contradictions import contradictions
from reconciler.policy.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.variables import plain

_ACCOUNT, _ARN = "aws:principalaccount", "aws:principalarn"
_ORG_ID, _ORG_PATHS = "aws:principalorgid", "aws:principalorgpaths"
_DEMANDING = frozenset({"StringEquals", "StringLike", "ArnLike", "Bool", "IpAddress"})
_ARN_FIELDS = 6
_OPPOSITES = {
    f"{family}{one}": f"{family}{other}"
    for family in ("Numeric", "Date")
    for pair in (("LessThan", "GreaterThanEquals"), ("GreaterThan", "LessThanEquals"))
    for one, other in (pair, pair[::-1])
}


class _Demand(NamedTuple):
    """What a key has in each request: one of some values, which an operator reads as patterns."""

    key: str
    base: str
    values: tuple[str, ...]


def always_holds(clause: Clause, condition: Condition, caller: Caller) -> bool:
    """Tell whether a clause is sure to hold in each request of a caller under a condition.

    False where that can't be told.
    """
    if clause in condition or clause_holds(clause, caller) is True or _is_met(clause, condition):
        return True
    return any(
        demand.key == clause.key
        and all(_holds_for(clause, demand.base, value, caller) for value in demand.values)
        for demand in _demands(condition)
    )


def _is_met(clause: Clause, condition: Condition) -> bool:
    """Tell whether a condition rules out all that an order (of dates, say) does not take."""
    opposite = _OPPOSITES.get(clause.operator)
    if opposite is None or len(clause.values) > 1:
        return False
    return bool(contradictions((clause._replace(operator=opposite),), condition))


def _demands(condition: Condition) -> Iterator[_Demand]:
    """Give what each clause demands of its key, and what follows of others.

    An account is at one place of one organization, whose id its path starts with (AWS
    Organizations User Guide, "AWS Organizations terminology and concepts"): so of several values
    that are allowed `aws:PrincipalOrgPaths` has one. A principal's ARN holds its account.
    """
    for clause in condition:
        key, values = clause.key, clause.values
        qualifier, base, if_exists = parse_operator(clause.operator)
        of_one = qualifier == ("ForAnyValue" if key == _ORG_PATHS else "")
        if base not in _DEMANDING or if_exists or not of_one or "${" in "".join(values):
            continue
        if key == _ORG_PATHS or key not in MULTIVALUED:
            yield _Demand(key, base, values)
        if key == _ORG_ID:
            yield _Demand(_ORG_PATHS, "StringLike", tuple(f"{value}/*" for value in values))
        elif key == _ORG_PATHS:
            yield from _named(_ORG_ID, [value.partition("/")[0] for value in values])
        elif key == _ARN:
            yield from _named(_ACCOUNT, [account_of_pattern(v, base) or "" for v in values])


def _named(key: str, values: Sequence[str]) -> Iterator[_Demand]:
    """Demand values that a key has, unless one of them can't be told."""
    if all(value and not has_wildcard(value) for value in values):
        yield _Demand(key, "StringEquals", tuple(values))


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
        return not _network(wanted).overlaps(_network(value))
    if base == "ArnLike" and value.count(":") < _ARN_FIELDS - 1:
        return False  # how a value that is no ARN compares is not documented
    if base not in ("StringEquals", "StringLike", "ArnLike") or demanding == "IpAddress":
        return False
    return not globs_intersect(plain(wanted) if base == "StringEquals" else wanted, value)


def _lies_within(base: str, wanted: str, demanding: str, value: str) -> bool:
    """Tell whether a clause's value matches whatever a demanded one matches."""
    if base == demanding == "IpAddress":
        network, within = _network(value), _network(wanted)
        return (
            network.version == within.version
            and network.prefixlen >= within.prefixlen
            and network.network_address in within
        )
    if base == "ArnLike" and demanding != "IpAddress":
        patterns, fields = (text.split(":", _ARN_FIELDS - 1) for text in (wanted, value))
        plain_fields = demanding == "ArnLike" or not any(map(has_wildcard, fields[:-1]))
        whole = len(patterns) == len(fields) == _ARN_FIELDS
        return whole and plain_fields and all(map(glob_matches, patterns, fields))
    return base == "StringLike" and demanding != "IpAddress" and glob_matches(wanted, value)


def _network(value: str) -> IPv4Network | IPv6Network:
    return ip_interface(value).network
