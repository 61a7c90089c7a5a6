"""What lets anyone in, and what bounds the caller."""

import pytest

from reconciler.policy.language.principals import EVERYONE, MISSING, Principal, service_principal
from reconciler.policy.meaning.facts import Holder
from reconciler.policy.meaning.public import PublicReason, is_public, public_access
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    PUT,
    ROLE,
    ROOT,
    Json,
    allow,
    condition,
    deny,
    facts,
)

VALUES = {
    "aws:PrincipalOrgID": "o-a1b2c3d4e5",
    "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*",
    "aws:PrincipalAccount": ACCOUNT,
    "aws:PrincipalArn": ROLE,
    "aws:SourceAccount": ACCOUNT,
    "aws:SourceArn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*",
    "aws:SourceVpc": "vpc-1",
    "aws:SourceVpce": "vpce-1",
    "aws:SourceVpcArn": f"arn:aws:ec2:us-west-2:{ACCOUNT}:vpc/vpc-1",
    "aws:SourceOrgID": "o-a1b2c3d4e5",
    "aws:SourceOrgPaths": "o-a1b2c3d4e5/r-ab12/*",
    "aws:VpceAccount": ACCOUNT,
    "aws:VpceOrgID": "o-a1b2c3d4e5",
    "aws:VpceOrgPaths": "o-a1b2c3d4e5/r-ab12/*",
    "aws:userid": "AROAEXAMPLEID:ci",
}


def public(operator: str, key: str, *values: str) -> bool:
    return is_public(EVERYONE, condition(operator, key, *values))


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
    held = {Holder(principal, effect, ()): frozenset({GET})}
    assert bool(public_access(held)) is expected


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize(
    "operator",
    [
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "ArnEquals",
        "ArnLike",
        "ForAnyValue:StringLike",
    ],
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
        ("StringLike", "aws:userid", "*"),
        ("StringLike", "aws:userid", "AROA*"),
        ("StringLike", "aws:userid", "*:ci"),
        ("StringLike", "aws:userid", "AROAEXAMPLEID*"),
        ("StringLike", "aws:userid", "????EXAMPLEID:ci"),
        ("StringLike", "aws:userid", "4444*:ci"),
        ("StringEquals", "aws:userid", "anonymous"),
        ("StringEquals", "aws:userid", "${aws:userid}"),
        ("StringEquals", "aws:userid", "AROAEXAMPLEID:${aws:userid}"),
        ("StringLike", "aws:SourceOrgID", "o-*"),
        ("StringLike", "aws:SourceOrgPaths", "*/r-ab12/*"),
        ("StringEquals", "aws:SourceOrgID", "${aws:SourceOrgID}"),
        ("StringEquals", "aws:SourceOrgPaths", "${aws:ResourceOrgID}/${aws:userid}"),
        ("Null", "aws:PrincipalOrgID", "false"),
        ("Bool", "aws:PrincipalIsAWSService", "true"),
        ("Bool", "aws:PrincipalIsAWSService", "false"),
        ("StringEquals", "aws:PrincipalServiceName", "lambda.amazonaws.com"),
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
        ("StringLike", "aws:userid", "AROAEXAMPLEID:*"),
        ("StringEquals", "aws:userid", "AROAEXAMPLEID"),
        ("StringEquals", "aws:userid", "AIDAEXAMPLEID"),
        ("StringEquals", "aws:userid", ACCOUNT),
        ("StringLike", "aws:userid", f"{ACCOUNT}:*"),
        ("ForAnyValue:StringLike", "aws:SourceOrgPaths", "o-1/*"),
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
    assert is_public(EVERYONE, agent)
    assert not is_public(EVERYONE, (*agent, *condition("StringEquals", "aws:SourceVpc", "vpc-1")))


@pytest.mark.parametrize(
    ("key", "value", "public"),
    [
        ("aws:PrincipalOrgID", "${aws:ResourceOrgID}", False),
        ("aws:PrincipalAccount", "${aws:ResourceAccount}", False),
        ("aws:PrincipalOrgID", "${AWS:resourceorgid}", False),
        ("aws:PrincipalOrgPaths", "${aws:ResourceOrgID}/*", False),
        ("aws:SourceOrgID", "${aws:ResourceOrgID}", False),
        ("aws:SourceAccount", "${aws:ResourceAccount}", False),
        ("aws:SourceVpc", "${aws:ResourceOrgID}", True),
        ("aws:PrincipalOrgID", "${aws:PrincipalOrgID}", True),
        ("aws:PrincipalOrgID", "${aws:ResourceAccount}", True),
        ("aws:PrincipalAccount", "${aws:PrincipalAccount}", True),
    ],
)
def test_only_the_registrys_own_variables_bound(key: str, value: str, public: bool) -> None:
    assert is_public(EVERYONE, condition("StringEquals", key, value)) is public


ORG_ID: Json = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}
PATHS: Json = {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}
NO_SERVICE: Json = {"aws:PrincipalIsAWSService": "false"}
A_SERVICE: Json = {"aws:PrincipalIsAWSService": "true"}
NOT_MY_PEOPLE = deny("*", "*", {"StringNotEqualsIfExists": ORG_ID, "BoolIfExists": NO_SERVICE})
NOT_MY_SERVICES = deny(
    "*",
    "*",
    {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Bool": A_SERVICE},
)


@pytest.mark.parametrize(
    ("block", "bounded"),
    [
        ({"ForAllValues:StringLike": PATHS, "Null": {"aws:PrincipalOrgPaths": "false"}}, True),
        ({"StringEqualsIfExists": ORG_ID, "Null": {"aws:PrincipalOrgID": "false"}}, True),
        ({"ForAllValues:StringLike": PATHS, "Null": {"aws:PrincipalOrgID": "false"}}, False),
        ({"ForAllValues:StringLike": PATHS, "Null": {"aws:PrincipalOrgPaths": "true"}}, False),
        (
            {
                "ForAllValues:StringLike": PATHS,
                "Null": {"aws:PrincipalOrgPaths": ["false", "true"]},
            },
            False,
        ),
        (
            {
                "IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
                "Null": {"aws:SourceIp": "false"},
            },
            True,
        ),
        ({"ForAllValues:IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
    ],
)
def test_a_key_that_has_to_be_there(block: Json, bounded: bool) -> None:
    assert bool(public_access(facts(allow("*", when=block)))) is not bounded


@pytest.mark.parametrize(
    ("block", "bounded"),
    [
        (None, True),
        ({"StringNotEquals": ORG_ID}, True),
        ({"StringNotEqualsIfExists": ORG_ID}, True),
        ({"ForAllValues:StringNotLike": PATHS}, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT, "111122223333"]}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:PrincipalAccount": ACCOUNT}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": ROLE}}, True),
        ({"StringNotLike": {"aws:userid": ["AROAEXAMPLEID:*", "AIDAEXAMPLEID", ACCOUNT]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringNotEquals": {**ORG_ID, "aws:PrincipalAccount": ACCOUNT}}, True),
        ({"StringNotEquals": ORG_ID, "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringNotEquals": ORG_ID, "NotIpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, False),
        ({"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}, False),
        ({"StringNotLike": PATHS}, False),
        ({"ForAnyValue:StringNotEquals": ORG_ID}, False),
        ({"ForAnyValue:StringNotLikeIfExists": PATHS}, False),
        ({"StringEquals": ORG_ID}, False),
        ({"ArnNotLike": ORG_ID}, False),
        ({"StringNotEquals": ORG_ID, "Bool": {"aws:SecureTransport": "true"}}, False),
        ({"StringNotEquals": {**ORG_ID, "aws:PrincipalTag/exempt": "true"}}, False),
        ({"StringNotEquals": ORG_ID, "Null": {"aws:PrincipalOrgID": "false"}}, False),
        ({"Null": {"aws:PrincipalOrgID": "true"}}, False),
        ({"Null": {"aws:PrincipalOrgID": ["true", "false"]}}, False),
    ],
)
def test_a_deny_of_everyone_else(block: Json | None, bounded: bool) -> None:
    assert bool(public_access(facts(allow("*"), deny("*", "ecr:*", block)))) is not bounded


WHO: Json = {"AWS": [ROLE, ROOT]}


@pytest.mark.parametrize(
    ("denies", "why"),
    [
        ([deny(None, "*", NotPrincipal=WHO)], None),
        ([deny(None, "*", {"StringNotEquals": ORG_ID}, NotPrincipal=WHO)], None),
        ([deny(None, "*", NotPrincipal="*")], "unbounded"),
        ([deny(None, "*", NotPrincipal={**WHO, **LAMBDA})], "services"),
        ([deny(None, "*", NotPrincipal={"Federated": "accounts.google.com"})], "unbounded"),
        ([deny(LAMBDA, "*")], "unbounded"),
        ([deny({"Service": "*"}, "*")], "unbounded"),
        ([NOT_MY_PEOPLE], "services"),
        ([NOT_MY_PEOPLE, NOT_MY_SERVICES], None),
        ([NOT_MY_SERVICES], "unbounded"),
        ([deny("*", "*", {"Bool": NO_SERVICE})], "services"),
        ([deny("*", "*", {"BoolIfExists": NO_SERVICE}), deny("*", "*", {"Bool": A_SERVICE})], None),
        ([deny("*", "*", {"Bool": {**A_SERVICE, "aws:SecureTransport": "true"}})], "unbounded"),
        (
            [
                deny("*", "*", {"ForAnyValue:StringNotLike": PATHS}),
                deny("*", "*", {"Null": {"aws:PrincipalOrgPaths": "true"}}),
            ],
            None,
        ),
        (
            [
                deny(
                    "*", "*", {"StringNotEquals": ORG_ID, "Null": {"aws:PrincipalOrgID": "false"}}
                ),
                deny("*", "*", {"Null": {"aws:PrincipalOrgID": "true"}}),
            ],
            None,
        ),
        (
            [
                deny("*", "*", {"ForAnyValue:StringNotLike": PATHS}),
                deny("*", PUT, {"Null": {"aws:PrincipalOrgPaths": "true"}}),
            ],
            "unbounded",
        ),
        (
            [
                deny("*", "*", {"ForAnyValue:StringNotLike": PATHS}),
                deny(LAMBDA, "*", {"Null": {"aws:PrincipalOrgPaths": "true"}}),
            ],
            "unbounded",
        ),
    ],
)
def test_whom_denies_leave(denies: list[Json], why: PublicReason | None) -> None:
    found = public_access(facts(allow("*"), *denies))
    assert [opening.reason for opening in found.values()] == ([why] if why else [])


@pytest.mark.parametrize(
    ("allowed", "denied", "left"),
    [
        ({"Action": [GET, PUT]}, {"Action": GET}, [PUT]),
        ({"Action": "ecr:*"}, {"Action": "*"}, []),
        ({"Action": "*"}, {"Action": "ecr:*"}, []),
        ({"Action": "ecr:Batch*"}, {"Action": "ecr:Batch*"}, []),
        ({"Action": "ecr:Batch*"}, {"Action": "ecr:BatchGet*"}, ["ecr:batch*"]),
        ({"Action": "ecr:*"}, {"NotAction": GET}, ["ecr:*"]),
        ({"Action": [GET, PUT]}, {"NotAction": GET}, [GET]),
    ],
)
def test_a_deny_bounds_its_own_actions(allowed: Json, denied: Json, left: list[str]) -> None:
    bounding = deny("*", None, {"StringNotEquals": ORG_ID}, **denied)
    found = public_access(facts(allow("*", None, **allowed), bounding))
    assert [sorted(map(str, opening.actions)) for opening in found.values()] == (
        [left] if left else []
    )


def test_everything_but_some_is_bounded_by_a_deny_of_everything() -> None:
    most = allow("*", None, NotAction=GET)
    assert public_access(facts(most, deny("*", PUT)))
    assert not public_access(facts(most, deny("*", "*")))


def nets(*first: int, do: object = GET) -> Json:
    """Allow everyone in some /8 networks."""
    return allow("*", do, {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/8" for n in first]}})


def opened(*statements: Json) -> list[list[str]]:
    found = public_access(facts(*statements)).values()
    assert all(opening.reason == "networks" for opening in found)
    return sorted(sorted(map(str, opening.actions)) for opening in found)


@pytest.mark.parametrize(
    ("statements", "open_"),
    [
        ([nets(1, 3), nets(3, 1)], []),
        ([nets(1, 3), nets(1)], []),
        ([nets(1), nets(3), nets(5)], [[GET], [GET], [GET]]),
        ([nets(2), nets(3)], [[GET], [GET]]),
        ([nets(1), nets(2)], []),
        ([nets(1, 3), nets(5, do=PUT)], []),
        ([nets(1, 3, do=[GET, PUT]), nets(5)], [[GET], [GET]]),
        ([nets(1, 3, do="ecr:*"), nets(5)], [[GET], [GET]]),
        ([nets(1, 3, do="ecr:*"), nets(5, do="ecr:Put*")], [["ecr:put*"]] * 2),
        ([nets(1, do="ecr:*"), nets(3, do="ecr:Batch*"), nets(5, do="ecr:Put*")], []),
        ([nets(1, 3, do="ecr:New*"), nets(5, do="ecr:NewOne")], [["ecr:newone"], ["ecr:newone"]]),
        ([nets(1, 3, do="ecr:New*"), nets(5, do="ecr:*One")], [["ecr:*one", "ecr:new*"]] * 2),
        ([nets(1, 3, do="ecr:New*"), nets(5, do="ecr:Old*")], []),
        ([nets(1, 3), nets(5), deny("*", "*", {"StringNotEquals": ORG_ID})], []),
        (
            [nets(1, 3), nets(5), deny("*", "*", {"NotIpAddress": {"aws:SourceIp": "5.0.0.0/8"}})],
            [],
        ),
        ([nets(1, 3), nets(5), deny("*", PUT)], [[GET], [GET]]),
        ([nets(1, 3, do=[GET, PUT]), nets(5, do=[GET, PUT]), deny("*", GET)], [[PUT], [PUT]]),
    ],
)
def test_networks_of_all_statements_count_together(
    statements: list[Json], open_: list[list[str]]
) -> None:
    assert opened(*statements) == open_


def test_networks_add_up_beside_all_but_some_actions() -> None:
    found = public_access(facts(allow("*", None, nets(1, 3)["Condition"], NotAction=PUT), nets(5)))
    assert [GET in opening.actions for opening in found.values()] == [True, True]
    apart = nets(5, do=PUT)
    assert not public_access(facts(allow("*", None, nets(1, 3)["Condition"], NotAction=PUT), apart))


def test_networks_of_both_versions_count_apart() -> None:
    six = [allow("*", GET, {"IpAddress": {"aws:SourceIp": f"2001:{n}::/32"}}) for n in (1, 3, 5)]
    assert opened(nets(1, 3), *six[:2]) == []
    assert opened(nets(1, 3), *six) == [[GET]] * 4


def test_what_is_named_does_not_add_up() -> None:
    accounts = [f"{number:012}" for number in range(50)]
    each = [allow("*", when={"StringEquals": {"aws:PrincipalAccount": a}}) for a in accounts]
    assert not public_access(facts(*each))


def test_more_than_a_policy_holds_is_taken_together() -> None:
    patterns = [nets(n, do=f"ecr:{n}*") for n in range(0, 160, 2)]
    assert len(public_access(facts(*patterns))) == len(patterns)
    assert not public_access(facts(*patterns[:40]))
    many = [f"203.0.{n}.{m}" for n in range(0, 82, 2) for m in range(0, 82, 2)]
    wide = allow("*", [f"ecr:{n}" for n in range(40)], nets(1, 3)["Condition"])
    small = allow("*", "ecr:DescribeImages", {"IpAddress": {"aws:SourceIp": [*many, "5.0.0.0/8"]}})
    assert len(public_access(facts(wide, small))) == 2
