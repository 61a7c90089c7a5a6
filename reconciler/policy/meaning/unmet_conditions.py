"""Conditions that no request of a principal meets, so that a statement with one has no effect.

Only what is certain counts. Sources: IAM User Guide, "AWS global condition context keys" (under
"Availability", who has which key; and what its values look like), "Single-valued vs. multivalued
context keys", "IAM policy elements: Variables and tags".
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from reconciler.policy.language.condition_keys import (
    MULTIVALUED,
    SOURCE_ARN,
    is_unknown_key,
    variable_keys,
)
from reconciler.policy.language.conditions import Clause, Condition, Operator, parse_operator
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import Principal, split_arn
from reconciler.policy.language.request_context import Caller
from reconciler.policy.language.services import service_name
from reconciler.policy.meaning.callers import kinds_of, possible_requests
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.implication import contradictions, implied

_MOST_REPORTED = 20
"""The most values of one clause that are reported."""

_ACCOUNT = ("?" * 12,)
_ORGANIZATION, _PATH = ("o-*",), ("o-*/r-*/",)
_SHAPES = {
    "aws:principalaccount": (*_ACCOUNT, "anonymous"),
    "aws:principalarn": ("arn:*:iam::*:*", "arn:*:sts::*:federated-user/*"),
    "aws:principalorgid": _ORGANIZATION,
    "aws:principalorgpaths": _PATH,
    "aws:resourceaccount": _ACCOUNT,
    "aws:resourceorgid": _ORGANIZATION,
    "aws:sourceaccount": _ACCOUNT,
    SOURCE_ARN: ("arn:*:*:*:*:*",),
    "aws:sourceorgid": _ORGANIZATION,
    "aws:sourceorgpaths": _PATH,
    "aws:sourcevpc": ("vpc-*",),
    "aws:sourcevpce": ("vpce-*",),
}
"""Patterns of all the values that a key can have; none of them has a `*` or a `?` in it."""

UnmetReason = Literal[
    "lacks-key", "other-value", "no-such-value", "no-set-operator", "variable", "pair"
]


class UnmetClause(NamedTuple):
    """A clause that no request of a principal meets, and why.

    `lacks-key`: its requests do not have the key; `other-value`: they all have another value;
    `no-such-value`: the key never has `value`, which may be one of several; `pair`: the clause and
    `other` contradict each other. Two are not certain, but not documented: `no-set-operator`, for
    a key that may have several values, and `variable`, for the variable `value` of such a key.
    """

    reason: UnmetReason
    clause: Clause
    value: str = ""
    other: Clause | None = None


def unknown_keys(statement: Statement) -> frozenset[str]:
    """Return the unknown keys of a statement as they are written; those of variables, too."""
    block = statement.raw.get("Condition")
    blocks = block.values() if isinstance(block, Mapping) else ()
    written = (str(key) for keys in blocks for key in keys)
    variables = (k for c in statement.condition for v in c.values for k in variable_keys(v))
    return frozenset(filter(is_unknown_key, (*written, *variables)))


@lru_cache(maxsize=4_096)
def unmet_clauses(
    principal: Principal, condition: Condition, known: Condition = ()
) -> tuple[UnmetClause, ...]:
    """Return why no request of a principal meets a condition; empty where one may.

    `known` holds of every request.
    """
    if not condition:
        return ()
    service = principal.names[0] if principal.kind == "Service" else None
    found = dict.fromkeys(_by_values(condition, service))
    callers = kinds_of(principal, condition)
    unmet = [[c for c in condition if _is_unmet(c, caller)] for caller in callers]
    if all(unmet):
        found.update(dict.fromkeys(_by_callers(callers, unmet)))
    reported = {one.clause for one in found}
    for clause, other in contradictions(condition, known):
        if not {clause, other} & reported:
            found[UnmetClause("pair", clause, other=other)] = None
    return tuple(found)


@lru_cache(maxsize=4_096)
def _by_values(condition: Condition, service: str | None) -> tuple[UnmetClause, ...]:
    """Return what the clauses alone show, whoever calls; `service` is the caller if it is one."""
    return tuple(
        unmet
        for clause in condition
        for unmet in (*_undocumented(clause), *_no_such_values(clause, service))[:_MOST_REPORTED]
    )


def _by_callers(
    callers: Sequence[Caller], unmet: Sequence[Sequence[Clause]]
) -> Iterable[UnmetClause]:
    """Return why a principal, or each kind of caller that it may be, does not meet a condition."""
    if len(callers) == 1:
        for clause in unmet[0]:
            lacks = clause.key in callers[0].absent
            yield UnmetClause("lacks-key" if lacks else "other-value", clause)
        return
    first, *others = (clauses[0] for clauses in unmet)
    other = next((clause for clause in others if clause != first), None)
    yield UnmetClause("pair" if other else "other-value", first, other=other)


def _is_unmet(clause: Clause, caller: Caller) -> bool:
    parts = (clause, *implied(clause))
    requests = possible_requests(caller)
    return all(any(clause_holds(part, one) is False for part in parts) for one in requests)


def _undocumented(clause: Clause) -> Iterable[UnmetClause]:
    operator = parse_operator(clause.operator)
    if clause.key in MULTIVALUED and not operator.qualifier and operator.base != "Null":
        yield UnmetClause("no-set-operator", clause)
    for value in clause.values:
        if any(key.lower() in MULTIVALUED for key in variable_keys(value)):
            yield UnmetClause("variable", clause, value)


def _no_such_values(clause: Clause, service: str | None) -> Iterable[UnmetClause]:
    operator = parse_operator(clause.operator)
    shapes = _SHAPES.get(clause.key)
    if shapes is None or not (operator.demands_key and operator.is_text):
        return
    for value in clause.values:
        if "${" in value:
            continue
        if not _fits(operator, value, shapes) or not _may_be_source(clause, value, service):
            yield UnmetClause("no-such-value", clause, value)


def _fits(operator: Operator, value: str, shapes: Iterable[str]) -> bool:
    """Whether a value of the policy may match any value of a shape."""
    if operator.is_pattern:
        return any(_intersect(operator.base, value, shape) for shape in shapes)
    text = value.lower() if operator.base == "StringEqualsIgnoreCase" else value
    return not has_wildcard(text) and any(glob_matches(shape, text) for shape in shapes)


def _intersect(base: str, value: str, shape: str) -> bool:
    """Whether two patterns have a text in common; those of ARNs field by field.

    Where a wildcard may cross a colon, it is unknown in which field it ends; what a pattern with
    too few fields means to ArnLike is not documented.
    """
    arn, of_shape = split_arn(value), split_arn(shape)
    if of_shape is None:
        return globs_intersect(value, shape)
    if arn is None:
        return has_wildcard(value)
    crosses = base == "StringLike" and has_wildcard("".join(arn[:-1]))
    return crosses or all(map(globs_intersect, arn, of_shape))


def _may_be_source(clause: Clause, value: str, service: str | None) -> bool:
    """Whether a service may act for the resources that an ARN matches: those of its own.

    The service in an ARN and the one in a principal's name are not always spelled alike
    (`ecs-tasks.amazonaws.com` acts for `arn:aws:ecs:…`), so that one within the other is enough.
    """
    if clause.key != SOURCE_ARN or service is None:
        return True
    arn, name = split_arn(value), service_name(service)
    if arn is None or has_wildcard(arn.scheme + arn.partition + arn.service):
        return True
    return arn.service in name or any(part in arn.service for part in name.split("."))
