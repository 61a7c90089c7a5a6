"""What follows from the clauses of a condition: which contradict each other, which always hold.

Only what is certain counts. A clause demands a key where it is false without one. Two clauses
contradict each other where no value of a demanded key meets both.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition
context keys".
"""

from collections.abc import Iterable
from functools import lru_cache

from reconciler.policy.language.condition_keys import ACCOUNT_KEYS, MULTIVALUED
from reconciler.policy.language.conditions import Clause, Condition, parse_operator
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.operators import MATCHES
from reconciler.policy.language.principals import split_arn
from reconciler.policy.language.request_context import Caller, plain
from reconciler.policy.meaning.bounds import TEXT_OPERATORS, accounts_of, network_of
from reconciler.policy.meaning.evaluate import clause_holds

_PATTERNS = ("StringLike", "ArnLike")
_EQUALS = ("StringEquals", "Bool", "NumericEquals", "DateEquals", *_PATTERNS)
_PATHS = {"aws:principalorgpaths": "aws:principalorgid", "aws:sourceorgpaths": "aws:sourceorgid"}
_IDS = {of_id: of_paths for of_paths, of_id in _PATHS.items()}
_SEVERAL = MULTIVALUED - _PATHS.keys()
"""Keys of which one value may meet one clause, and another value the other.

An account is at one place of one organization (AWS Organizations User Guide, "AWS Organizations
terminology and concepts"), so it has one path.
"""

_DEMANDING = frozenset({"StringEquals", "StringLike", "ArnLike", "Bool", "IpAddress"})
_OPPOSITE_ORDERS = {
    f"{family}{one}": f"{family}{other}"
    for family in ("Numeric", "Date")
    for pair in (("LessThan", "GreaterThanEquals"), ("GreaterThan", "LessThanEquals"))
    for one, other in (pair, pair[::-1])
}

_MOST_COMPARISONS = 10_000
"""The most pairs of values that are compared; no policy of the service holds more."""


@lru_cache(maxsize=4_096)
def contradictions(
    condition: Condition, known: Condition = ()
) -> tuple[tuple[Clause, Clause], ...]:
    """Return the pairs of clauses that contradict each other, or what every request has."""
    by_key: dict[str, list[tuple[Clause, Clause]]] = {}
    for fact in known:
        by_key.setdefault(fact.key, []).append((fact, fact))
    pairs: dict[tuple[Clause, Clause], None] = {}
    for clause in condition:
        for part in (clause, *implied(clause)):
            others = by_key.setdefault(part.key, [])
            apart = (other for other, same in others if _are_apart(part, same))
            pairs.update(dict.fromkeys((clause, o) for o in apart if o != clause))
            others.append((clause, part))
    return tuple(pairs)


def demands(clause: Clause) -> Iterable[Clause]:
    """Return what each request that meets a clause has: one of the values of each of these clauses.

    An organization's id begins the paths of all its members. Empty where a value has a variable,
    and where it is not documented what the clause means.
    """
    operator = parse_operator(clause.operator)
    certain = operator.demands_key and (operator.qualifier or clause.key not in MULTIVALUED)
    if certain and clause.key not in _SEVERAL and "${" not in "".join(clause.values):
        yield from (clause, *implied(clause))
        if clause.key in _IDS:
            paths = tuple(f"{value}/*" for value in clause.values)
            yield Clause("ForAnyValue:StringLike", _IDS[clause.key], paths)


def implied(clause: Clause) -> Iterable[Clause]:
    """Return what a clause implies for another key: an ARN's account, a path's organization."""
    operator = parse_operator(clause.operator)
    if not operator.demands_key or operator.base not in TEXT_OPERATORS:
        return
    if clause.key in ACCOUNT_KEYS:
        found = accounts_of(clause)
        if all(found):
            accounts = tuple(sorted({account for account in found if account}))
            yield Clause("StringEquals", ACCOUNT_KEYS[clause.key], accounts)
    elif clause.key in _PATHS:
        organizations = {value.partition("/")[0] for value in clause.values}
        if not any(has_wildcard(name) or "${" in name for name in organizations):
            yield Clause("StringEquals", _PATHS[clause.key], tuple(sorted(organizations)))


def _are_apart(left: Clause, right: Clause) -> bool:
    if left.key in _SEVERAL or len(left.values) * len(right.values) > _MOST_COMPARISONS:
        return False
    if any("${" in value for value in (*left.values, *right.values)):
        return False
    return _is_unmet(left, right) or _is_unmet(right, left)


def _is_unmet(demanded: Clause, other: Clause) -> bool:
    """Whether a clause demands its key, and no value that it accepts meets the other clause."""
    operator, against = parse_operator(demanded.operator), parse_operator(other.operator)
    if not operator.demands_key:
        return False
    if against.base == "Null":
        return other.values == ("true",)
    return all(_misses(operator.base, value, against.base, other) for value in demanded.values)


def _misses(base: str, value: str, against: str, other: Clause) -> bool:
    """Whether nothing that `value` matches under one operator meets the other clause."""
    if base in _EQUALS and not (base in _PATTERNS and has_wildcard(value)):
        return clause_holds(other, Caller((), {other.key: (value,)})) is False
    if base in _PATTERNS and against in TEXT_OPERATORS:
        others = other.values if against in _PATTERNS else map(plain, other.values)
        return not any(globs_intersect(value, pattern) for pattern in others)
    if base in _PATTERNS and against in ("StringNotLike", "ArnNotLike"):
        return any(glob_matches(pattern, value) for pattern in other.values)
    if (base, against) == ("IpAddress", "NotIpAddress"):
        network = network_of(value)
        within, ends = MATCHES[base], (str(network[0]), str(network[-1]))
        return any(all(within(limit, end) for end in ends) for limit in other.values)
    return all(_orders_exclude(base, value, against, limit) for limit in other.values)


def _orders_exclude(base: str, value: str, against: str, limit: str) -> bool:
    """Whether nothing is below one limit and above another one."""
    for family in ("Numeric", "Date"):
        if base.startswith(f"{family}LessThan") and against.startswith(f"{family}GreaterThan"):
            strict = not (base.endswith("Equals") and against.endswith("Equals"))
            fits = MATCHES[f"{family}LessThan{'' if strict else 'Equals'}"](value, limit)
            return fits is False
    return False


def always_holds(clause: Clause, condition: Condition, caller: Caller) -> bool:
    """Whether a clause certainly holds in each request of a caller that meets a condition."""
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
    """Whether a condition excludes all that an order clause (of dates, say) does not accept."""
    opposite = _OPPOSITE_ORDERS.get(clause.operator)
    if opposite is None or len(clause.values) > 1:
        return False
    return bool(contradictions((clause._replace(operator=opposite),), condition))


def _holds_for(clause: Clause, demanding: str, value: str, caller: Caller) -> bool:
    """Whether a clause holds for everything that one demanded value matches."""
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
        return all(_values_are_apart(base, wanted, demanding, value) for wanted in clause.values)
    return any(_lies_within(base, wanted, demanding, value) for wanted in clause.values)


def _values_are_apart(base: str, wanted: str, demanding: str, value: str) -> bool:
    """Whether nothing matches both a clause's value and a demanded one."""
    if base == demanding == "IpAddress":
        return not network_of(wanted).overlaps(network_of(value))
    if base not in TEXT_OPERATORS or demanding == "IpAddress":
        return False
    if base == "ArnLike" and None in (split_arn(wanted), split_arn(value)):
        return False  # not documented for what is not an ARN
    return not globs_intersect(plain(wanted) if base == "StringEquals" else wanted, value)


def _lies_within(base: str, wanted: str, demanding: str, value: str) -> bool:
    """Whether a clause's value matches everything that a demanded one matches."""
    if base == demanding == "IpAddress":
        network, within = network_of(value), network_of(wanted)
        return network.overlaps(within) and network.prefixlen >= within.prefixlen
    if base == "ArnLike" and demanding != "IpAddress":
        pattern, arn = split_arn(wanted), split_arn(value)
        if pattern is None or arn is None:
            return False  # not documented for what is not an ARN
        plain_fields = demanding == "ArnLike" or not any(map(has_wildcard, arn[:-1]))
        return plain_fields and all(map(glob_matches, pattern, arn))
    return base == "StringLike" and demanding != "IpAddress" and glob_matches(wanted, value)
