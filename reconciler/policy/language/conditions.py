"""Condition blocks: one canonical form for all spellings that mean the same, and their display.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A block is one
indivisible value: it is compared whole.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.language.condition_keys import spell_key
from reconciler.policy.language.json_text import JsonPath, MalformedError
from reconciler.policy.language.operators import (
    OPERATOR_FAMILIES,
    Family,
    canonical_values,
    equivalent_operators,
)
from reconciler.policy.language.principals import EVERYONE, Principal, plain_name
from reconciler.printable import quoted, unmistakable

Condition = tuple["Clause", ...]
"""All clauses must hold; sorted; `()` is no condition."""

NO_CONDITION: Condition = ()


class Clause(NamedTuple):
    """One operator on one key, true where any of the sorted values matches.

    `operator` has its set qualifier and `IfExists`, and is `ArnLike` for `ArnEquals`; `key` is in
    lower case, for keys have no case.
    """

    operator: str
    key: str
    values: tuple[str, ...]


class Operator(NamedTuple):
    """The parts of an operator's name: `ForAnyValue:StringLikeIfExists` has all three."""

    qualifier: str
    base: str
    if_exists: bool

    @property
    def family(self) -> Family:
        """What the operator compares."""
        return OPERATOR_FAMILIES[self.base]

    @property
    def is_text(self) -> bool:
        """Whether it compares strings or ARNs; only their values may hold variables.

        Source: IAM User Guide, "IAM policy elements: Variables and tags".
        """
        return self.family == "string"

    @property
    def is_pattern(self) -> bool:
        """Whether its values are patterns; canonical operators only, so not for `ArnEquals`."""
        return self.positive in ("StringLike", "ArnLike")

    @property
    def is_negated(self) -> bool:
        """Whether it holds where no value matches."""
        return "Not" in self.base

    @property
    def positive(self) -> str:
        """The base without its `Not`."""
        return self.base.replace("Not", "")

    @property
    def demands_key(self) -> bool:
        """Whether it is false where the request does not have the key."""
        optional = self.if_exists or self.qualifier == "ForAllValues"
        return not optional and not self.is_negated and self.base != "Null"


class ConditionClashError(ValueError):
    """Two conditions that must both hold set the same operator and key: JSON can't express it."""

    def __init__(self, operator: str, key: str) -> None:
        super().__init__(f"{operator} {key}")
        self.operator = operator
        self.key = key


CURRENT_TIME = "aws:currenttime"

_MOST_VALUES = 3
_SPELLING = {
    name.lower(): name
    for base in OPERATOR_FAMILIES
    for qualifier in ("", "ForAnyValue:", "ForAllValues:")
    for name in (f"{qualifier}{base}", f"{qualifier}{base}IfExists")
}
"""By the name in lower case: only condition keys are documented to ignore case."""


def parse_condition(block: object) -> Condition:
    """Parse a Condition element (a JSON object of operators) into its canonical form.

    Raises MalformedError for whatever is not understood: an unknown operator, an empty list of
    values, a value that the operator can't compare, a key twice in different case.
    """
    return canonical_condition(read_condition(block))


def read_condition(block: object, path: JsonPath = ("Condition",)) -> Condition:
    """Parse a Condition element as `parse_condition`, but keep StringEquals, StringLike and ArnLike
    as they are written, so that messages show the author's own operator.
    """
    if not isinstance(block, Mapping):
        raise MalformedError("a Condition is an object of operators", path)
    clauses: set[Clause] = set()
    for name, keys in block.items():
        try:
            clauses.update(_clauses(name, keys))
        except MalformedError as malformed:
            raise malformed.under(*path, name) from None
    return tuple(sorted(clauses))


@lru_cache(maxsize=4_096)
def canonical_condition(condition: Condition) -> Condition:
    """Return the condition with the canonical one of each clause's equivalent operators."""
    return tuple(sorted({clause._replace(operator=_names(clause)[0]) for clause in condition}))


def _clauses(name: str, keys: object) -> Iterable[Clause]:
    operator = parse_operator(name)
    written, family = canonical_operator(operator), OPERATOR_FAMILIES[operator.base]
    if not isinstance(keys, Mapping) or not keys:
        raise MalformedError("an operator takes an object of at least one key")
    seen: set[str] = set()
    for key, values in keys.items():
        # Beyond ASCII, lower case is no spelling: the Kelvin sign's is a plain k.
        lowered = key.lower() if key.isascii() else key
        if lowered in seen:
            raise MalformedError("duplicate key: condition keys ignore case", (key,))
        seen.add(lowered)
        try:
            yield Clause(written, lowered, canonical_values(values, family))
        except MalformedError as malformed:
            raise malformed.under(key) from None


@lru_cache(maxsize=256)
def parse_operator(name: str) -> Operator:
    """Parse an operator's name; its case counts. Raises MalformedError for an unknown one."""
    qualifier, colon, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    if_exists = base != rest
    known = base in OPERATOR_FAMILIES and not (base == "Null" and (if_exists or colon))
    if not known or (colon and qualifier not in {"ForAnyValue", "ForAllValues"}):
        spelled = _SPELLING.get(name.lower(), name)
        hint = f"; IAM documents {spelled}, and no other case" if spelled != name else ""
        raise MalformedError(f"unknown condition operator {name!r}{hint}")
    return Operator(qualifier, base, if_exists)


def canonical_operator(operator: Operator) -> str:
    """Return an operator's name: ArnLike also for ArnEquals, which always behaves the same."""
    base = {"ArnEquals": "ArnLike", "ArnNotEquals": "ArnNotLike"}.get(operator.base, operator.base)
    return _name(operator._replace(base=base))


def combine_conditions(*conditions: Condition) -> Condition:
    """Return one condition that holds where all of them hold.

    Raises ConditionClashError where two set the same operator and key to different values.
    """
    merged: dict[tuple[str, str], Clause] = {}
    for clause in (clause for condition in conditions for clause in condition):
        if merged.setdefault((clause.operator, clause.key), clause) != clause:
            raise ConditionClashError(clause.operator, spell_key(clause.key))
    return tuple(sorted(merged.values()))


def condition_json(condition: Condition) -> dict[str, dict[str, str | list[str]]]:
    """Return a condition as canonical JSON: known keys as AWS spells them, a single value bare."""
    block: dict[str, dict[str, str | list[str]]] = {}
    for (_, key, values), name in zip(condition, _distinct_operators(condition), strict=True):
        block.setdefault(name, {})[spell_key(key)] = values[0] if len(values) == 1 else list(values)
    return block


def escape_variables(condition: Condition) -> Condition:
    """Return a condition of Version 2008-10-17 (or none) that means the same under 2012-10-17.

    There `${` is plain text; under 2012-10-17 it begins a policy variable, and `${$}` stands for
    a plain dollar sign (IAM User Guide, "IAM policy elements: Variables and tags").
    """
    return tuple(
        clause._replace(values=tuple(sorted(v.replace("${", "${$}{") for v in clause.values)))
        for clause in condition
    )


def display_holder(principal: Principal, condition: Condition) -> str:
    """Return who holds something, for people: `*` is everyone only without a condition."""
    if principal != EVERYONE or not condition:
        return plain_name(principal)
    clauses = (display_clause(clause, _MOST_VALUES) for clause in condition)
    return f"everyone with {' and '.join(clauses)}"


def display_clause(clause: Clause, most: int | None = None) -> str:
    """Return a clause for people: `IpAddress aws:SourceIp "203.0.113.0/24"`."""
    key = unmistakable(spell_key(clause.key))
    return f"{clause.operator} {key} {display_values(clause, most)}"


def display_values(clause: Clause, most: int | None = None) -> str:
    """Return the values of a clause for people, at most `most` of them."""
    left = len(clause.values[most:]) if most else 0
    more = f" or {left:,} more" if left else ""
    return " or ".join(map(quoted, clause.values[:most])) + more


def _distinct_operators(condition: Condition) -> list[str]:
    """Return an operator for each clause that no other clause on its key has.

    Clauses with the same operator and key were read from several equivalent operators.
    """
    given: dict[tuple[str, str], Clause] = {}
    # The clause with the fewest choices comes first: then all find one, as when they were read.
    for clause in sorted(condition, key=lambda each: len(_names(each))):
        name = next(name for name in _names(clause) if (name, clause[1]) not in given)
        given[name, clause[1]] = clause
    names = {clause: name for (name, _), clause in given.items()}
    return [names[clause] for clause in condition]


@lru_cache(maxsize=4_096)
def _names(clause: Clause) -> tuple[str, ...]:
    """Return all operators that are equivalent for a clause, the canonical one first."""
    name, key, values = clause
    operator = parse_operator(name)
    bases = equivalent_operators(operator.base, key, values)
    return tuple(_name(operator._replace(base=base)) for base in bases)


def _name(operator: Operator) -> str:
    qualifier, base, if_exists = operator
    return f"{qualifier}{':' if qualifier else ''}{base}{'IfExists' if if_exists else ''}"
