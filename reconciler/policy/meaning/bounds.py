"""What bounds a caller: the clauses of a condition that say where it belongs, or calls from.

Sources: IAM User Guide, "AWS global condition context keys", "IAM JSON policy elements: Condition
operators", "Multivalued context keys", "Policy variables and tags" (the values of aws:userid, and
variables without a value, which a negated operator never equals).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from reconciler.policy.language.arn_patterns import account_of_pattern, split_arn
from reconciler.policy.language.condition_keys import (
    ARN_KEYS,
    MULTIVALUED,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
)
from reconciler.policy.language.conditions import Clause, parse_operator
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.networks import Networks, read_networks

Kind = Literal["iam", "service"]
"""Who calls: a user or role of an account, or a service on its own behalf."""

KINDS: tuple[Kind, ...] = ("iam", "service")

_POSITIVE = frozenset(
    {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike", "IpAddress"}
)
_OPPOSITES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
}
_FLIPPED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("true",): ("false",),
    ("false",): ("true",),
}
_IS_SERVICE, _SOURCE_IP, _USER_ID = "aws:principalisawsservice", "aws:sourceip", "aws:userid"

_ACCOUNT, _ORGANIZATION = "${aws:resourceaccount}", "${aws:resourceorgid}"
_NAME_KEYS = {
    "aws:principalaccount": _ACCOUNT,
    "aws:principalorgid": _ORGANIZATION,
    "aws:principalorgpaths": _ORGANIZATION,
    "aws:sourceaccount": _ACCOUNT,
    "aws:sourceorgid": _ORGANIZATION,
    "aws:sourceorgpaths": _ORGANIZATION,
    "aws:sourcevpc": "",
    "aws:sourcevpce": "",
    "aws:vpceaccount": _ACCOUNT,
    "aws:vpceorgid": _ORGANIZATION,
    "aws:vpceorgpaths": _ORGANIZATION,
}
"""Keys that name an account, an organization, a VPC or an endpoint, each with the variable that
stands for the registry's own; any other variable may be the caller's own value."""

_OF_ONE = re.compile(r"(A(ROA|IDA)[A-Z0-9]{6,}|[0-9]{12})(:.*)?", re.DOTALL)
"""Values of aws:userid of one role, user or account; behind the colon is a session's name."""

BOUNDING_KEYS = frozenset({*_NAME_KEYS, *ARN_KEYS, _SOURCE_IP, _USER_ID})


@lru_cache(maxsize=16_384)
def names_callers(clause: Clause, present: frozenset[str]) -> bool:
    """Tell whether a clause holds only for callers of accounts or places that it names.

    Keys that are `present` in every request that matters make up for IfExists and ForAllValues,
    which hold without the key. A wildcard in a name lets in strangers whose names begin alike.
    """
    operator = parse_operator(clause.operator)
    if operator.base not in _POSITIVE or not (clause.key in present or operator.demands_key):
        return False
    if clause.key in ARN_KEYS:
        return all(_is_bounding_arn(value, operator.base) for value in clause.values)
    if clause.key == _USER_ID:
        return all(_is_one_id(value) for value in clause.values)
    return clause.key in _NAME_KEYS and all(_is_one_name(clause.key, v) for v in clause.values)


@lru_cache(maxsize=16_384)
def networks_of(clause: Clause, present: frozenset[str]) -> Networks | None:
    """Give the networks that a clause holds callers to, few or not; None where it does not."""
    operator = parse_operator(clause.operator)
    if operator.base != "IpAddress" or clause.key != _SOURCE_IP:
        return None
    if not (clause.key in present or operator.demands_key) or any("${" in v for v in clause.values):
        return None
    return read_networks(clause.values)


def leaves_out(clause: Clause, kind: Kind, present: frozenset[str]) -> bool:
    """Tell whether a clause holds for no caller of this kind."""
    if clause.key == _IS_SERVICE and clause.operator == "Bool":
        return clause.values == (("true",) if kind == "iam" else ("false",))
    if clause.operator == "Null" and clause.values == ("true",):
        return clause.key in present
    lacking = ONLY_FOR_SERVICES if kind == "iam" else ONLY_FOR_MEMBERS
    return clause.key in lacking and _needs_key(clause)


def present_key(clause: Clause) -> str | None:
    """Give the key that a clause asks to be there, and to have a value; None where it does not."""
    return clause.key if clause.operator == "Null" and clause.values == ("false",) else None


@lru_cache(maxsize=16_384)
def opposite(clause: Clause) -> Clause | None:
    """Give a clause that holds wherever this one does not; None where none is known.

    Of a multivalued key without a set operator, and of an ARN operator on what is no ARN, it is not
    documented when they hold.
    """
    operator = parse_operator(clause.operator)
    if operator.base == "Null" or (operator.base == "Bool" and clause.key == _IS_SERVICE):
        # Without credentials aws:PrincipalIsAWSService is missing, but ECR takes no such request.
        flipped = _FLIPPED.get(clause.values)
        return Clause(operator.base, clause.key, flipped) if flipped else None
    base = _OPPOSITES.get(operator.base)
    if base is None or (base.startswith("Arn") and clause.key not in ARN_KEYS):
        return None
    match operator.qualifier:
        case "ForAllValues":
            return Clause(f"ForAnyValue:{base}", clause.key, clause.values)
        case "ForAnyValue":
            # With IfExists it is not documented what a missing key means.
            named = f"ForAllValues:{base}"
            return None if operator.if_exists else Clause(named, clause.key, clause.values)
        case _:
            return None if clause.key in MULTIVALUED else Clause(base, clause.key, clause.values)


def _needs_key(clause: Clause) -> bool:
    if clause.operator == "Null":
        return clause.values == ("false",)
    operator = parse_operator(clause.operator)
    return operator.base in _POSITIVE and operator.demands_key


def _is_one_name(key: str, value: str) -> bool:
    """Tell whether a value names one; below an organization's own name everything is its own."""
    name = value.partition("/")[0] if key.endswith("orgpaths") else value
    if "${" in value:
        return name.lower() == _NAME_KEYS[key] and "${" not in value[len(name) :]
    return bool(name) and not has_wildcard(name)


def _is_bounding_arn(value: str, operator: str) -> bool:
    """Tell whether an ARN pattern says which account, or (a bucket has none) which resource."""
    arn = split_arn(value)
    if arn is None or "${" in value:
        return False
    return bool(account_of_pattern(value, operator)) or not (arn.account or has_wildcard(value))


def _is_one_id(value: str) -> bool:
    return "${" not in value and _OF_ONE.fullmatch(value) is not None
