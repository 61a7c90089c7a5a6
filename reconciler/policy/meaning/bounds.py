"""What bounds a caller: the clauses of a condition that state its account, place or network.

Sources: IAM User Guide, "AWS global condition context keys", "IAM JSON policy elements: Condition
operators", "Multivalued context keys", "Policy variables and tags" (the values of aws:userid, and
variables without a value, which a negated operator never equals).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_interface
from typing import Literal

from reconciler.policy.language.condition_keys import (
    ACCOUNT_KEYS,
    ARN_KEYS,
    IS_SERVICE,
    MULTIVALUED,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    SOURCE_ARN,
)
from reconciler.policy.language.conditions import Clause, Operator, parse_operator
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import (
    ACCOUNT_ID,
    account_of_pattern,
    account_of_source,
    split_arn,
)

CallerKind = Literal["iam", "service"]
"""A user or role of an account, or a service on its own behalf."""

CALLER_KINDS: tuple[CallerKind, ...] = ("iam", "service")

Network = IPv4Network | IPv6Network
Networks = frozenset[Network]

_WIDEST_4, _WIDEST_6 = IPv4Network("0.0.0.0/8"), IPv6Network("::/32")
"""Networks of the most addresses that still bound a caller."""

TEXT_OPERATORS = frozenset({"StringEquals", "StringLike", "ArnLike"})
"""The canonical operators that demand a text or a pattern, without qualifier and IfExists."""

_NAMING = frozenset({"string", "ip"})
"""The families of operators whose values are names or networks."""

_SOURCE_IP, _USER_ID = "aws:sourceip", "aws:userid"

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

_OF_ONE = r"(?s)(A(ROA|IDA)[A-Z0-9]{6,}|[0-9]{12})(:.*)?"
"""Values of aws:userid of one role, user or account; behind the colon is a session's name."""

BOUNDING_KEYS = frozenset({*_NAME_KEYS, *ARN_KEYS, _SOURCE_IP, _USER_ID})


def accounts_of(clause: Clause) -> tuple[str | None, ...]:
    """Return the account to which each value of a clause bounds the caller, or its source.

    None for a value whose account is unknown. Empty where the clause is not on an account or an
    ARN, does not compare texts, or holds without the key.
    """
    operator = parse_operator(clause.operator)
    if operator.base not in TEXT_OPERATORS or not operator.demands_key:
        return ()
    if clause.key in ACCOUNT_KEYS.values():
        return tuple(v if ACCOUNT_ID.fullmatch(v) else None for v in clause.values)
    if clause.key not in ACCOUNT_KEYS:
        return ()
    find = account_of_source if clause.key == SOURCE_ARN else account_of_pattern
    return tuple(find(value, operator.base) for value in clause.values)


@lru_cache(maxsize=16_384)
def names_callers(clause: Clause, present: frozenset[str]) -> bool:
    """Whether a clause holds only for callers of accounts or places that it names.

    IfExists and ForAllValues hold without the key, so they need the key to be `present` in every
    request in question. A wildcard in a name admits strangers whose names begin alike.
    """
    operator = parse_operator(clause.operator)
    if not _is_naming(operator) or not (clause.key in present or operator.demands_key):
        return False
    if clause.key in ARN_KEYS:
        return all(_is_bounding_arn(value, operator.base) for value in clause.values)
    if clause.key == _USER_ID:
        return all("${" not in v and re.fullmatch(_OF_ONE, v) for v in clause.values)
    return clause.key in _NAME_KEYS and all(_is_one_name(clause.key, v) for v in clause.values)


@lru_cache(maxsize=16_384)
def networks_of(clause: Clause, present: frozenset[str]) -> Networks | None:
    """Return the networks to which a clause bounds callers; None where it bounds to none."""
    operator = parse_operator(clause.operator)
    if operator.base != "IpAddress" or clause.key != _SOURCE_IP:
        return None
    if not (clause.key in present or operator.demands_key) or any("${" in v for v in clause.values):
        return None
    return frozenset(map(network_of, clause.values))


def network_of(value: str) -> Network:
    """Return the network of a canonical value of an IpAddress operator."""
    return ip_interface(value).network


@lru_cache(maxsize=4_096)
def are_few(networks: Networks) -> bool:
    """Whether networks, taken together, bound a caller: none too wide, and not too many.

    Together they may have twice the addresses of the widest network.
    """
    of_4 = collapse_addresses(n for n in networks if isinstance(n, IPv4Network))
    of_6 = collapse_addresses(n for n in networks if isinstance(n, IPv6Network))
    return _are_narrow([*of_4], _WIDEST_4) and _are_narrow([*of_6], _WIDEST_6)


def _are_narrow(networks: Sequence[Network], widest: Network) -> bool:
    return all(n.prefixlen >= widest.prefixlen for n in networks) and (
        sum(n.num_addresses for n in networks) <= 2 * widest.num_addresses
    )


def excludes_kind(clause: Clause, kind: CallerKind, present: frozenset[str]) -> bool:
    """Whether a clause holds for no caller of this kind."""
    if clause.key == IS_SERVICE and clause.operator == "Bool":
        return clause.values == (("true",) if kind == "iam" else ("false",))
    if clause.operator == "Null" and clause.values == ("true",):
        return clause.key in present
    lacking = ONLY_FOR_SERVICES if kind == "iam" else ONLY_FOR_MEMBERS
    return clause.key in lacking and _needs_key(clause)


def present_key(clause: Clause) -> str | None:
    """Return the key that a Null clause requires to be present; None for any other clause."""
    return clause.key if clause.operator == "Null" and clause.values == ("false",) else None


@lru_cache(maxsize=16_384)
def opposite(clause: Clause) -> Clause | None:
    """Return a clause that holds wherever this one does not; None where none is known.

    It is not documented when a multivalued key without a set operator, and an ARN operator on a
    value that is not an ARN, hold.
    """
    operator = parse_operator(clause.operator)
    if operator.base == "Null" or (operator.base == "Bool" and clause.key == IS_SERVICE):
        # Without credentials aws:PrincipalIsAWSService is missing, but ECR takes no such request.
        flipped = {"true": "false", "false": "true"}.get("".join(clause.values))
        return Clause(operator.base, clause.key, (flipped,)) if flipped else None
    base = operator.positive
    if operator.family not in _NAMING or not operator.is_negated:
        return None
    if base == "ArnLike" and clause.key not in ARN_KEYS:
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
    operator = parse_operator(clause.operator)
    return bool(present_key(clause)) or (_is_naming(operator) and operator.demands_key)


def _is_naming(operator: Operator) -> bool:
    return operator.family in _NAMING and not operator.is_negated


def _is_one_name(key: str, value: str) -> bool:
    """Whether a value is one name; below an organization's own name every path is its own."""
    name = value.partition("/")[0] if key.endswith("orgpaths") else value
    if "${" in value:
        return name.lower() == _NAME_KEYS[key] and "${" not in value[len(name) :]
    return bool(name) and not has_wildcard(name)


def _is_bounding_arn(value: str, operator: str) -> bool:
    """Whether an ARN pattern names its account or, where it has none (a bucket), its resource."""
    arn = split_arn(value)
    if arn is None or "${" in value:
        return False
    return bool(account_of_pattern(value, operator)) or not (arn.account or has_wildcard(value))
