"""What lets anyone in, and what bounds the caller."""

import pytest

from reconciler.policy.principals import EVERYONE, MISSING, Principal, service_principal
from reconciler.policy.public import is_public
from tests.policy.making import ACCOUNT, ROLE, condition

VALUES = {
    "aws:PrincipalOrgID": "o-a1b2c3d4e5",
    "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*",
    "aws:PrincipalAccount": ACCOUNT,
    "aws:PrincipalArn": ROLE,
    "aws:SourceAccount": ACCOUNT,
    "aws:SourceArn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*",
    "aws:SourceVpc": "vpc-1",
    "aws:SourceVpce": "vpce-1",
}


def public(operator: str, key: str, *values: str) -> bool:
    return is_public(EVERYONE, "Allow", condition(operator, key, *values))


@pytest.mark.parametrize(
    ("principal", "effect", "expected"),
    [
        (EVERYONE, "Allow", True),
        (EVERYONE, "Deny", False),
        (Principal("Service", ("*",)), "Allow", True),
        (Principal("NotPrincipal", (f"AWS:{ROLE}",)), "Allow", True),
        (Principal("NotPrincipal", (f"AWS:{ROLE}",)), "Deny", False),
        (Principal("AWS", (ROLE,)), "Allow", False),
        (service_principal("lambda.amazonaws.com"), "Allow", False),
        (MISSING, "Allow", False),
    ],
)
def test_without_a_condition(principal: Principal, effect: str, expected: bool) -> None:
    assert is_public(principal, effect, ()) is expected


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize(
    "operator",
    ["StringEquals", "StringLike", "ArnEquals", "ArnLike", "ForAnyValue:StringLike"],
)
def test_what_bounds(operator: str, key: str) -> None:
    assert not public(operator, key, VALUES[key])


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize(
    "operator",
    [
        "StringEqualsIfExists",
        "StringNotEquals",
        "StringNotLike",
        "ArnNotEquals",
        "StringEqualsIgnoreCase",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLikeIfExists",
        "ForAnyValue:StringNotEquals",
    ],
)
def test_operators_that_bound_nothing(operator: str, key: str) -> None:
    assert public(operator, key, VALUES[key])


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringLike", "aws:PrincipalOrgID", "*"),
        ("StringLike", "aws:PrincipalOrgID", "o-*"),
        ("StringEquals", "aws:PrincipalOrgID", ""),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalOrgID}"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-*/*"),
        ("StringLike", "aws:PrincipalAccount", "????????????"),
        ("StringLike", "aws:SourceVpce", "vpce-*"),
        ("StringLike", "aws:PrincipalOrgID", "o-a1*"),
        ("StringLike", "aws:PrincipalOrgPaths", "*/r-ab12/*"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-1*/r-ab12/*"),
        ("StringLike", "aws:PrincipalAccount", "4444*"),
        ("StringLike", "aws:SourceVpc", "vpc-0*"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::4444*:role/a"),
        ("StringLike", "aws:PrincipalArn", f"arn:*:iam::{ACCOUNT}:role/a"),
        ("StringLike", "aws:SourceArn", f"arn:aws:lambda:*:{ACCOUNT}:function:*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::my-*"),
        ("ArnLike", "aws:PrincipalArn", f"aws:arn:iam::{ACCOUNT}:role/a"),
        ("StringLike", "aws:PrincipalArn", "*"),
        ("StringLike", "aws:PrincipalArn", "arn:*"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/a"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::????????????:role/a"),
        ("StringLike", "aws:SourceArn", "arn:aws:s3:::*"),
        ("StringLike", "aws:SourceArn", "arn:aws:lambda:*:function:*"),
        ("StringLike", "aws:SourceArn", "arn:aws:lambda:*:function:*:x"),
        ("StringEquals", "aws:UserAgent", "docker"),
        ("StringEquals", "aws:PrincipalTag/team", "a"),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        ("IpAddress", "aws:SourceIp", "128.0.0.0/1"),
        ("IpAddress", "aws:SourceIp", "::/0"),
        ("IpAddress", "aws:SourceIp", "${aws:SourceIp}"),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/24"),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ("StringEquals", "aws:SourceIp", "203.0.113.7"),
    ],
)
def test_values_that_bound_nothing(operator: str, key: str, value: str) -> None:
    assert public(operator, key, value)


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32"),
        ("ForAnyValue:IpAddress", "aws:SourceIp", "203.0.113.7"),
        ("StringLike", "aws:SourceArn", "arn:aws:s3:::my-bucket"),
        ("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*"),
        ("ArnLike", "aws:SourceArn", f"arn:aws:lambda:*:{ACCOUNT}:function:*"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-1/*"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-1/r-ab12/ou-ab12-*"),
        ("ArnLike", "aws:PrincipalArn", f"arn:*:iam::{ACCOUNT}:role/*"),
    ],
)
def test_values_that_bound(operator: str, key: str, value: str) -> None:
    assert not public(operator, key, value)


def test_every_value_must_bound() -> None:
    assert public("StringLike", "aws:PrincipalOrgID", "o-1", "*")
    assert public("ArnLike", "aws:PrincipalArn", ROLE, "arn:aws:iam::*:role/a")
    assert public("IpAddress", "aws:SourceIp", "203.0.113.7", "0.0.0.0/0")


def test_the_registrys_own_account_may_stand_beside_others() -> None:
    own = "${aws:ResourceAccount}"
    assert not public("StringEquals", "aws:PrincipalAccount", own)
    assert not public("StringEquals", "aws:PrincipalAccount", own, ACCOUNT)
    assert public("StringLike", "aws:PrincipalAccount", own, "4444*")


def test_networks_are_taken_together() -> None:
    assert public("IpAddress", "aws:SourceIp", *(f"{first}.0.0.0/8" for first in range(256)))
    apart = [f"{first}.0.0.0/8" for first in range(0, 256, 2)]
    assert public("IpAddress", "aws:SourceIp", *apart)
    assert public("IpAddress", "aws:SourceIp", *apart[:3])
    assert not public("IpAddress", "aws:SourceIp", *apart[:2])
    assert not public("IpAddress", "aws:SourceIp", "10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32")


def test_one_clause_that_bounds_is_enough() -> None:
    agent = condition("StringEquals", "aws:UserAgent", "docker")
    assert is_public(EVERYONE, "Allow", agent)
    assert not is_public(
        EVERYONE, "Allow", (*agent, *condition("StringEquals", "aws:SourceVpc", "vpc-1"))
    )


@pytest.mark.parametrize(
    ("key", "value", "public"),
    [
        ("aws:PrincipalOrgID", "${aws:ResourceOrgID}", False),
        ("aws:PrincipalAccount", "${aws:ResourceAccount}", False),
        ("aws:PrincipalOrgID", "${aws:PrincipalOrgID}", True),
        ("aws:PrincipalOrgID", "${aws:ResourceAccount}", True),
        ("aws:PrincipalAccount", "${aws:PrincipalAccount}", True),
    ],
)
def test_only_the_registrys_own_variables_bound(key: str, value: str, public: bool) -> None:
    assert is_public(EVERYONE, "Allow", condition("StringEquals", key, value)) is public
