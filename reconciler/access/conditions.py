"""Conditions of the file: `when`, `until`, and what kinds of principals bring with them."""

import re
from datetime import date

from reconciler.access.nodes import Node, ScalarNode, pairs_of, place_at, plain
from reconciler.access.problems import Findings, Place, shown
from reconciler.policy.conditions import (
    NO_CONDITION,
    Condition,
    ConditionClashError,
    combine,
    parse_operator,
    read_condition,
)
from reconciler.policy.malformed import MalformedError

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMES = """StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike
    StringNotLike ArnEquals ArnNotEquals ArnLike ArnNotLike NumericEquals NumericNotEquals
    NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals DateEquals
    DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool Null
    BinaryEquals IpAddress NotIpAddress"""
OPERATORS = tuple(_NAMES.split())
"""What a misspelt operator may have been meant as."""

_WHEN_HINT = 'IAM\'s form, with its spelling: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}'


def read_when(node: Node | None, findings: Findings) -> Condition:
    """Read raw IAM conditions, as written; reports what is not understood and gives none then."""
    if node is None or isinstance(node, ScalarNode) or not check_operators(node, findings):
        return NO_CONDITION
    try:
        return read_condition(plain(node), ())
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        findings.error("bad-condition", malformed.reason, place, hint=_WHEN_HINT)
        return NO_CONDITION


def check_operators(node: Node | None, findings: Findings) -> bool:
    """Tell whether all operators of a condition block are known; report those that are not."""
    known = True
    for pair in pairs_of(node):
        name = pair.key.text
        try:
            parse_operator(name)
        except MalformedError:
            known = False
            message = f"{shown(name)} is not a condition operator"
            hint = findings.did_you_mean(name, _operators_like(name)) or _WHEN_HINT
            findings.error("bad-condition", message, pair.key.place, hint=hint)
    return known


def one_clause(operator: str, key: str, *values: str) -> Condition:
    """Make the condition of one operator and key; none where there are no values."""
    return read_condition({operator: {key: values}}, ()) if values else NO_CONDITION


def all_of(findings: Findings, place: Place, *conditions: Condition) -> Condition:
    """Combine conditions that must all hold; reports those that one statement can't hold."""
    given = [condition for condition in conditions if condition]
    if len(given) <= 1:
        return given[0] if given else NO_CONDITION
    try:
        return combine(*given)
    except ConditionClashError as clash:
        message = (
            f"two conditions that must both hold set {clash.operator} {clash.key}"
            " to different values, which one statement can't say"
        )
        hint = "leave one of them out, or use another operator for it"
        findings.error("condition-clash", message, place, hint=hint)
        return given[0]


def read_until(node: ScalarNode, findings: Findings) -> date | None:
    """Read a date as it is written; None, and a problem, where it is none."""
    try:
        if _DATE.fullmatch(node.text):
            return date.fromisoformat(node.text)
    except ValueError:
        message = f"{shown(node.text)} is no day of the calendar"
        findings.error("bad-date", message, node.place)
        return None
    message = f"{shown(node.text)} is not a date"
    findings.error("bad-date", message, node.place, hint="write it as 2027-03-31")
    return None


def _operators_like(name: str) -> tuple[str, ...]:
    """Give the known operators with the qualifier and the `IfExists` of a misspelt one."""
    qualifier, colon, _ = name.rpartition(":")
    if_exists = "IfExists" if name.endswith("IfExists") else ""
    return tuple(f"{qualifier}{colon}{base}{if_exists}" for base in OPERATORS)


def ends_at(day: date | None) -> Condition:
    """Make the condition that ends a grant when a day starts, at 00:00 UTC.

    `aws:CurrentTime` is in every request (IAM User Guide, "AWS global condition context keys");
    that ECR evaluates it in repository policies is assumed.
    """
    if day is None:
        return NO_CONDITION
    return one_clause("DateLessThan", "aws:CurrentTime", f"{day.isoformat()}T00:00:00Z")
