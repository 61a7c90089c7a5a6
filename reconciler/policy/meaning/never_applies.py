"""Conditions that no request of a principal meets, so that a statement with one does nothing.

Only what is certain counts. Sources: IAM User Guide, "AWS global condition context keys" (under
"Availability", who has which key; and what its values look like), "Single-valued vs. multivalued
context keys", "IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from reconciler.closest import closest
from reconciler.policy.language.arn_patterns import split_arn
from reconciler.policy.language.condition_keys import (
    KNOWN_KEYS,
    MULTIVALUED,
    TAG_KEYS,
    is_known_key,
)
from reconciler.policy.language.conditions import Clause, Condition, parse_operator
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import Principal
from reconciler.policy.language.request_context import Caller
from reconciler.policy.language.services import service_name
from reconciler.policy.meaning.callers import kinds_of, readings
from reconciler.policy.meaning.clauses import clause_holds
from reconciler.policy.meaning.implication import contradictions, implied

_DOCUMENTED = ("aws:", "ecr:")
"""The prefixes whose keys are all in the table; those of other services are not looked at."""

_SHORT_WORDS = {"organization": "org", "vpcendpoint": "vpce", "ipaddress": "ip"}
_VARIABLE = re.compile(r"\$\{\s*([^\s,{}]+)[^{}]*\}")


def is_unknown_key(key: str) -> bool:
    """Tell whether a key has a prefix whose keys are known, and is none of them."""
    return key.lower().startswith(_DOCUMENTED) and not is_known_key(key)


def unknown_keys(statement: Statement) -> frozenset[str]:
    """Give the unknown keys of a statement as they are written; those of variables, too."""
    variables = (k for c in statement.condition for v in c.values for k in keys_in(v))
    used = (*_keys(statement.raw.get("Condition")), *variables)
    return frozenset(filter(is_unknown_key, used))


def keys_in(value: str) -> Iterable[str]:
    """Give the keys that the policy variables of a value stand for."""
    return _VARIABLE.findall(value) if "${" in value else ()


def shortened(key: str) -> str:
    """Write a key with the short words that AWS uses: `aws:SourceIpAddress` as `aws:sourceip`."""
    key = key.lower()
    for word, short in _SHORT_WORDS.items():
        key = key.replace(word, short)
    return key


def known_keys_like(key: str) -> tuple[str, ...]:
    """Give the known keys that an unknown one may be meant as; with the tag, where it has one."""
    _, slash, tag = key.partition("/")
    tags = tuple(f"{name}/{tag or 'TAG'}" for name in TAG_KEYS.values())
    return tags if slash else (*KNOWN_KEYS.values(), *tags)


def meant_key(key: str) -> str | None:
    """Give the known key that an unknown one is most likely meant as; None where none is close."""
    return closest(shortened(key), known_keys_like(key))


def _keys(block: object) -> Iterator[str]:
    if isinstance(block, Mapping):
        for key, value in block.items():
            yield str(key)
            yield from _keys(value)


_SOURCE_ARN = "aws:sourcearn"
_TEXTS = ("String", "Arn")
_MOST_TOLD = 20
"""How many values of one clause are told."""

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
    _SOURCE_ARN: ("arn:*:*:*:*:*",),
    "aws:sourceorgid": _ORGANIZATION,
    "aws:sourceorgpaths": _PATH,
    "aws:sourcevpc": ("vpc-*",),
    "aws:sourcevpce": ("vpce-*",),
}
"""Patterns of all the values that a key can have; none of them has a `*` or a `?` in it."""

Reason = Literal["lacks-key", "other-value", "no-such-value", "no-set-operator", "variable", "pair"]


class Obstacle(NamedTuple):
    """Why no request of a principal meets a condition.

    `lacks-key`: its requests do not have the key; `other-value`: they all have another value;
    `no-such-value`: the key never has `value`, which may be one of several; `pair`: the clause and
    `other` contradict each other. Two are no certain no, but not documented: `no-set-operator`,
    for a key that may have several values, and `variable`, for the variable `value` of such a key.
    """

    reason: Reason
    clause: Clause
    value: str = ""
    other: Clause | None = None


@lru_cache(maxsize=4_096)
def find_obstacles(
    principal: Principal, condition: Condition, known: Condition = ()
) -> tuple[Obstacle, ...]:
    """Tell why no request of a principal meets a condition; nothing where one may.

    `known` holds of every request there is.
    """
    if not condition:
        return ()
    service = principal.names[0] if principal.kind == "Service" else None
    found = dict.fromkeys(_of_values(condition, service))
    callers = kinds_of(principal, condition)
    unmet = [[c for c in condition if _is_unmet(c, caller)] for caller in callers]
    if all(unmet):
        found.update(dict.fromkeys(_of_callers(callers, unmet)))
    told = {obstacle.clause for obstacle in found}
    for clause, other in contradictions(condition, known):
        if not {clause, other} & told:
            found[Obstacle("pair", clause, other=other)] = None
    return tuple(found)


@lru_cache(maxsize=4_096)
def _of_values(condition: Condition, service: str | None) -> tuple[Obstacle, ...]:
    """Tell what the clauses alone say, whoever calls; where it is a service, which one."""
    return tuple(
        obstacle
        for clause in condition
        for obstacle in (*_undocumented(clause), *_no_such_values(clause, service))[:_MOST_TOLD]
    )


def _of_callers(callers: Sequence[Caller], unmet: Sequence[Sequence[Clause]]) -> Iterable[Obstacle]:
    """Tell what stands in the way of a principal, or of each kind of caller that it may be."""
    if len(callers) == 1:
        for clause in unmet[0]:
            lacks = clause.key in callers[0].absent
            yield Obstacle("lacks-key" if lacks else "other-value", clause)
        return
    first, *others = (clauses[0] for clauses in unmet)
    other = next((clause for clause in others if clause != first), None)
    yield Obstacle("pair" if other else "other-value", first, other=other)


def _is_unmet(clause: Clause, caller: Caller) -> bool:
    parts = (clause, *implied(clause))
    return all(any(clause_holds(p, one) is False for p in parts) for one in readings(caller))


def _undocumented(clause: Clause) -> Iterable[Obstacle]:
    operator = parse_operator(clause.operator)
    if clause.key in MULTIVALUED and not operator.qualifier and operator.base != "Null":
        yield Obstacle("no-set-operator", clause)
    for value in clause.values:
        if any(key.lower() in MULTIVALUED for key in keys_in(value)):
            yield Obstacle("variable", clause, value)


def _no_such_values(clause: Clause, service: str | None) -> Iterable[Obstacle]:
    operator = parse_operator(clause.operator)
    shapes = _SHAPES.get(clause.key)
    if shapes is None or not operator.demands_key or not operator.base.startswith(_TEXTS):
        return
    for value in clause.values:
        if "${" in value:
            continue
        if not _fits(operator.base, value, shapes) or not _may_be_source(clause, value, service):
            yield Obstacle("no-such-value", clause, value)


def _fits(base: str, value: str, shapes: Iterable[str]) -> bool:
    """Tell whether a value of the policy may match any value of a shape."""
    if base.endswith("Like"):
        return any(_meet(base, value, shape) for shape in shapes)
    text = value.lower() if base == "StringEqualsIgnoreCase" else value
    return not has_wildcard(text) and any(glob_matches(shape, text) for shape in shapes)


def _meet(base: str, value: str, shape: str) -> bool:
    """Tell whether two patterns have a text in common; those of ARNs field by field.

    Where a wildcard may cross a colon, it is not known in which field it ends; and what a pattern
    with too few fields means to ArnLike is not documented.
    """
    arn, of_shape = split_arn(value), split_arn(shape)
    if of_shape is None:
        return globs_intersect(value, shape)
    if arn is None:
        return has_wildcard(value)
    crosses = base == "StringLike" and has_wildcard("".join(arn[:-1]))
    return crosses or all(map(globs_intersect, arn, of_shape))


def _may_be_source(clause: Clause, value: str, service: str | None) -> bool:
    """Tell whether a service may act for what an ARN matches: a resource of its own.

    The service in an ARN and the one in a principal's name are not always spelled alike
    (`ecs-tasks.amazonaws.com` acts for `arn:aws:ecs:…`), so that one within the other is enough.
    """
    if clause.key != _SOURCE_ARN or service is None:
        return True
    arn, name = split_arn(value), service_name(service)
    if arn is None or has_wildcard(arn.scheme + arn.partition + arn.service):
        return True
    return arn.service in name or any(part in arn.service for part in name.split("."))
