"""Whether a fact lets anyone in."""

import ipaddress
import re

from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.principals import Principal

_BOUNDING_OPERATORS = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress"})
_ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
_NAME_KEYS = frozenset(
    {
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:sourceaccount",
        "aws:sourcevpc",
        "aws:sourcevpce",
    }
)
_ONLY_WILDCARD = re.compile(r"(o-|vpc-|vpce-)?[*?/]*")
_SOME_DIGIT = re.compile(r"[0-9*?]*[0-9][0-9*?]*")
_ACCOUNT_FIELD = 4
_ARN_FIELDS = 6
_WIDEST = {4: 8, 6: 32}
"""The shortest prefix length that still says who calls, by IP version; shorter ones can be put
together to the whole internet."""


def is_public(principal: Principal, effect: str, condition: Condition) -> bool:
    """Tell whether this allows callers that nothing bounds.

    That is an Allow to everyone, or to everyone but some, with no positive condition on where
    the caller belongs. IfExists, negated and ForAllValues forms bound nothing: each of them is
    true of a caller that lacks the key, or of nearly everyone.
    """
    everyone = principal.names == ("*",) or principal.kind == "NotPrincipal"
    return effect == "Allow" and everyone and not any(map(_bounds, condition))


def _bounds(clause: Clause) -> bool:
    operator = parse_operator(clause.operator)
    if operator.if_exists or operator.qualifier == "ForAllValues":
        return False
    if operator.base not in _BOUNDING_OPERATORS or any("${" in v for v in clause.values):
        return False
    if operator.base == "IpAddress":
        return clause.key == "aws:sourceip" and all(map(_bounding_network, clause.values))
    if clause.key in _ARN_KEYS:
        return all(map(_bounding_arn, clause.values))
    return clause.key in _NAME_KEYS and not any(map(_ONLY_WILDCARD.fullmatch, clause.values))


def _bounding_network(value: str) -> bool:
    network = ipaddress.ip_interface(value).network
    return network.prefixlen >= _WIDEST[network.version]


def _bounding_arn(value: str) -> bool:
    """Tell whether an ARN pattern says which account, or (a bucket has none) which resource."""
    fields = value.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return False
    account, resource = fields[_ACCOUNT_FIELD:]
    if account:
        return _SOME_DIGIT.fullmatch(account) is not None
    return not _ONLY_WILDCARD.fullmatch(resource)
