"""Whether a fact lets anyone in."""

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_interface

from reconciler.policy.arn_patterns import account_of_pattern, split_arn
from reconciler.policy.conditions import Clause, Condition, parse_operator
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import Principal

_BOUNDING_OPERATORS = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress"})
_ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
_ORG_PATHS = "aws:principalorgpaths"
_NAME_KEYS = frozenset(
    {
        "aws:principalorgid",
        _ORG_PATHS,
        "aws:principalaccount",
        "aws:sourceaccount",
        "aws:sourcevpc",
        "aws:sourcevpce",
    }
)
_OF_THE_REGISTRY = {
    "aws:principalorgid": "${aws:ResourceOrgID}",
    "aws:principalaccount": "${aws:ResourceAccount}",
    "aws:sourceaccount": "${aws:ResourceAccount}",
}
"""The variables that stand for the registry's own organization and account (IAM User Guide, "AWS
global condition context keys"); any other variable may be the caller's own value."""

_WIDEST = {4: 8, 6: 32}
"""The shortest prefix length that still says who calls, by IP version."""

_MOST_ADDRESSES = {4: 2 * 2 ** (32 - 8), 6: 2 * 2 ** (128 - 32)}
"""How many addresses of one condition still do, together: twice those of the widest network."""


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
    positive = operator.base in _BOUNDING_OPERATORS and operator.qualifier != "ForAllValues"
    if operator.if_exists or not positive:
        return False
    values = [value for value in clause.values if value != _OF_THE_REGISTRY.get(clause.key)]
    if any("${" in value for value in values):
        return False
    if operator.base == "IpAddress":
        return clause.key == "aws:sourceip" and _bounding_networks(values)
    if clause.key in _ARN_KEYS:
        return all(_bounding_arn(value, operator.base) for value in values)
    return clause.key in _NAME_KEYS and all(_bounding_name(clause.key, v) for v in values)


def _bounding_networks(values: Iterable[str]) -> bool:
    networks = [ip_interface(value).network for value in values]
    together: tuple[IPv4Network | IPv6Network, ...] = (
        *collapse_addresses(n for n in networks if isinstance(n, IPv4Network)),
        *collapse_addresses(n for n in networks if isinstance(n, IPv6Network)),
    )
    addresses: Counter[int] = Counter()
    for network in together:
        addresses[network.version] += network.num_addresses
    return all(network.prefixlen >= _WIDEST[network.version] for network in together) and all(
        number <= _MOST_ADDRESSES[version] for version, number in addresses.items()
    )


def _bounding_name(key: str, value: str) -> bool:
    """Tell whether a value names one account, organization, VPC or endpoint.

    A wildcard in the name lets in strangers whose name begins alike; below an organization's
    own name everything is the organization's.
    """
    name = value.partition("/")[0] if key == _ORG_PATHS else value
    return bool(name) and not has_wildcard(name)


def _bounding_arn(value: str, operator: str) -> bool:
    """Tell whether an ARN pattern says which account, or (a bucket has none) which resource."""
    arn = split_arn(value)
    if arn is not None and not arn.account:
        return not has_wildcard(value)
    return account_of_pattern(value, operator) is not None
