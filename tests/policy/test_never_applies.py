"""Conditions that no request of a principal meets: who has which key, and with which values."""

import pytest

from reconciler.policy.language.conditions import Clause, parse_condition
from reconciler.policy.language.principals import EVERYONE, MISSING, Principal, service_principal
from reconciler.policy.language.request_context import Caller, all_of
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.no_effect import unmet_clauses
from tests.policy.making import ACCOUNT, OTHER_ACCOUNT, ROLE, ROLE_B, ROOT, USER

LAMBDA = service_principal("lambda.amazonaws.com")
ECS = service_principal("ecs-tasks.amazonaws.com")
ORG, PATH = "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-1/"
FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:f"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/a/build-7"


def aws(name: str) -> Principal:
    return Principal("AWS", (name,))


NEVER: list[tuple[Principal, dict[str, dict[str, object]], str]] = [
    # keys that a service's requests lack
    (LAMBDA, {"StringEquals": {"aws:PrincipalOrgID": ORG}}, "lacks-key"),
    (LAMBDA, {"StringLike": {"aws:PrincipalOrgID": "*"}}, "lacks-key"),
    (LAMBDA, {"Null": {"aws:PrincipalOrgID": False}}, "lacks-key"),
    (LAMBDA, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": PATH + "*"}}, "lacks-key"),
    (LAMBDA, {"StringEquals": {"aws:PrincipalTag/team": "a"}}, "lacks-key"),
    (LAMBDA, {"StringLike": {"aws:username": "*"}}, "lacks-key"),
    (LAMBDA, {"Bool": {"aws:MultiFactorAuthPresent": True}}, "lacks-key"),
    (LAMBDA, {"StringEquals": {"aws:SourceIdentity": "a"}}, "lacks-key"),
    (LAMBDA, {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "other-value"),
    (LAMBDA, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, "other-value"),
    (LAMBDA, {"Bool": {"aws:PrincipalIsAWSService": False}}, "other-value"),
    (LAMBDA, {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, "other-value"),
    # and those of users and roles
    (aws(ROLE), {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, "lacks-key"),
    (aws(ROLE), {"ArnLike": {"aws:SourceArn": FUNCTION}}, "lacks-key"),
    (aws(ROOT), {"StringEquals": {"aws:SourceOrgID": ORG}}, "lacks-key"),
    (aws(SESSION), {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": PATH}}, "lacks-key"),
    (aws("AROAEXAMPLEEXAMPLEID"), {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, "lacks-key"),
    (aws(USER), {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, "lacks-key"),
    (aws(ROLE), {"Bool": {"aws:PrincipalIsAWSService": True}}, "other-value"),
    (aws(ROLE), {"StringLike": {"aws:username": "*"}}, "lacks-key"),
    (aws(USER), {"StringEquals": {"aws:username": "bob"}}, "other-value"),
    (aws(USER), {"StringLike": {"aws:FederatedProvider": "*"}}, "lacks-key"),
    (aws(ROLE), {"StringEquals": {"aws:PrincipalType": "User"}}, "other-value"),
    (aws(ROLE), {"ArnEquals": {"aws:PrincipalArn": ROLE_B}}, "other-value"),
    (aws(ROLE), {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}, "other-value"),
    (aws(ROOT), {"StringEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT}}, "other-value"),
    (
        aws(ROOT),
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER_ACCOUNT}:role/*"}},
        "other-value",
    ),
    # everyone
    (
        EVERYONE,
        {"StringEquals": {"aws:PrincipalOrgID": ORG}, "ArnLike": {"aws:SourceArn": FUNCTION}},
        "pair",
    ),
    (
        Principal("NotPrincipal", (f"AWS:{ROLE}",)),
        {"StringLike": {"aws:PrincipalOrgID": "*"}, "Bool": {"aws:PrincipalIsAWSService": True}},
        "pair",
    ),
    (MISSING, {"StringEquals": {"aws:PrincipalIsAWSService": "yes"}}, "other-value"),
    # values that the key never has
    (LAMBDA, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}, "no-such-value"),
    (LAMBDA, {"ArnLike": {"aws:SourceArn": ROLE}}, "no-such-value"),
    (LAMBDA, {"StringEquals": {"aws:SourceArn": FUNCTION + "*"}}, "no-such-value"),
    (LAMBDA, {"StringEquals": {"aws:SourceAccount": "workloads"}}, "no-such-value"),
    (LAMBDA, {"StringLike": {"aws:SourceAccount": "44445555666677*"}}, "no-such-value"),
    (LAMBDA, {"StringEquals": {"aws:SourceOrgID": "a1b2c3d4e5"}}, "no-such-value"),
    (aws(ROOT), {"StringLike": {"aws:PrincipalArn": SESSION}}, "no-such-value"),
    (aws(ROOT), {"ArnLike": {"aws:PrincipalArn": SESSION[:-1] + "*"}}, "no-such-value"),
    (aws(ROOT), {"StringLike": {"aws:PrincipalArn": "role/a"}}, "no-such-value"),
    (aws(ROOT), {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": PATH[:-1]}}, "no-such-value"),
    (
        aws(ROOT),
        {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": PATH + "*"}},
        "no-such-value",
    ),
    (aws(ROOT), {"StringEquals": {"aws:SourceVpc": "vpce-1"}}, "no-such-value"),
    (aws(ROOT), {"StringEqualsIgnoreCase": {"aws:SourceVpce": "VPC-1"}}, "no-such-value"),
    # what is not documented
    (aws(ROOT), {"StringEquals": {"aws:PrincipalOrgPaths": PATH}}, "no-set-operator"),
    (aws(ROOT), {"StringNotLike": {"aws:TagKeys": "a"}}, "no-set-operator"),
    (aws(ROOT), {"StringEquals": {"aws:PrincipalTag/a": "${aws:TagKeys}"}}, "variable"),
    # contradictions
    (
        aws(ROOT),
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringLike": {"aws:SourceVpc": "vpc-2*"}},
        "pair",
    ),
]
MAY: list[tuple[Principal, dict[str, dict[str, object]]]] = [
    (LAMBDA, {}),
    (LAMBDA, {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}),
    (LAMBDA, {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}}),
    (LAMBDA, {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": PATH}}),
    (LAMBDA, {"Null": {"aws:PrincipalOrgID": True}}),
    (LAMBDA, {"StringNotLike": {"aws:PrincipalAccount": ACCOUNT}}),
    (LAMBDA, {"StringEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT}}),
    (LAMBDA, {"ForAllValues:ArnLike": {"aws:PrincipalArn": ROLE}}),
    (LAMBDA, {"Null": {"aws:PrincipalArn": True}}),
    (LAMBDA, {"Null": {"aws:PrincipalArn": False}}),
    (LAMBDA, {"StringEqualsIfExists": {"aws:PrincipalTag/team": "a"}}),
    (LAMBDA, {"Bool": {"aws:PrincipalIsAWSService": True}}),
    (LAMBDA, {"StringEquals": {"aws:PrincipalServiceName": "lambda.amazonaws.com"}}),
    (LAMBDA, {"StringEquals": {"aws:SourceOrgID": ORG, "aws:SourceAccount": ACCOUNT}}),
    (LAMBDA, {"ArnLike": {"aws:SourceArn": f"arn:aws:*:us-west-2:{ACCOUNT}:*"}}),
    (LAMBDA, {"StringLike": {"aws:SourceArn": "*"}}),
    (LAMBDA, {"ArnLike": {"aws:SourceArn": "*"}}),
    (LAMBDA, {"StringLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:function:*"}}),
    (LAMBDA, {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}),
    (
        LAMBDA,
        {"Bool": {"aws:SecureTransport": True}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    ),
    (ECS, {"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-west-2:{ACCOUNT}:*"}}),
    (aws(ROLE), {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}),
    (aws(ROLE), {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
    (aws(ROLE), {"Null": {"aws:SourceArn": True}}),
    (aws(ROLE), {"Bool": {"aws:PrincipalIsAWSService": False}}),
    (aws(ROLE), {"ArnEquals": {"aws:PrincipalArn": [ROLE, ROLE_B]}}),
    (aws(ROLE), {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}),
    (aws(USER), {"StringEquals": {"aws:username": "alice"}}),
    (aws(USER), {"Bool": {"aws:MultiFactorAuthPresent": True}}),
    (aws(ROLE), {"StringLike": {"aws:SourceIdentity": "*"}}),
    (aws(ROOT), {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/ci-*"}}),
    (aws(ROOT), {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{'x'}"}}),
    (aws(ROOT), {"StringLike": {"aws:username": "*"}}),
    (aws(SESSION), {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}),
    (aws(ROOT), {"Null": {"aws:TagKeys": True}}),
    (aws(ROOT), {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": PATH}}),
    (EVERYONE, {"StringEquals": {"aws:PrincipalOrgID": ORG}}),
    (EVERYONE, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
    (
        EVERYONE,
        {"StringNotEquals": {"aws:PrincipalOrgID": ORG}, "ArnLike": {"aws:SourceArn": FUNCTION}},
    ),
    (EVERYONE, {"Null": {"aws:PrincipalIsAWSService": True}}),
    (EVERYONE, {"StringEquals": {"aws:PrincipalAccount": "anonymous"}}),
]


@pytest.mark.parametrize(("principal", "block", "reason"), NEVER)
def test_what_never_applies(
    principal: Principal, block: dict[str, dict[str, object]], reason: str
) -> None:
    assert [o.reason for o in unmet_clauses(principal, parse_condition(block))][:1] == [reason]


@pytest.mark.parametrize(("principal", "block"), MAY)
def test_what_may_apply(principal: Principal, block: dict[str, dict[str, object]]) -> None:
    assert unmet_clauses(principal, parse_condition(block)) == ()


def test_one_value_of_several_is_named() -> None:
    block = {"ArnLike": {"aws:SourceArn": [FUNCTION, "arn:aws:s3:::bucket"]}}
    (unmet,) = unmet_clauses(LAMBDA, parse_condition(block))
    assert (unmet.reason, unmet.value) == ("no-such-value", "arn:aws:s3:::bucket")


def test_what_is_known_of_every_request_is_named() -> None:
    known = parse_condition({"StringEquals": {"aws:RequestedRegion": ["us-west-2", "eu-west-1"]}})
    here = parse_condition({"StringEquals": {"aws:RequestedRegion": "us-west-2"}})
    there = parse_condition({"StringLike": {"aws:RequestedRegion": "ap-*"}})
    assert unmet_clauses(aws(ROLE), here, known) == ()
    (unmet,) = unmet_clauses(aws(ROLE), there, known)
    assert (unmet.reason, unmet.other) == ("pair", known[0])


# Whole requests, as the documentation describes them, by who makes them.
REQUESTS: dict[Principal, list[Caller]] = {
    LAMBDA: [
        Caller(
            (LAMBDA,),
            {
                "aws:principalisawsservice": ("true",),
                "aws:principalaccount": (OTHER_ACCOUNT,),
                "aws:principalservicename": ("lambda.amazonaws.com",),
                "aws:sourcearn": (FUNCTION,),
                "aws:sourceaccount": (ACCOUNT,),
                "aws:sourceorgid": (ORG,),
                "aws:sourceorgpaths": (PATH,),
            },
            frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:username"}),
        )
    ],
    aws(USER): [
        Caller(
            (aws(USER),),
            {
                "aws:principalisawsservice": ("false",),
                "aws:principalaccount": (ACCOUNT,),
                "aws:principalarn": (USER,),
                "aws:principalorgid": (ORG,),
                "aws:principalorgpaths": (PATH,),
                "aws:username": ("alice",),
            },
            frozenset(
                {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}
            ),
        )
    ],
}
REQUESTS[EVERYONE] = [caller for callers in REQUESTS.values() for caller in callers]
WRITTEN = {
    "aws:principalisawsservice": ("true", "false"),
    "aws:principalaccount": (ACCOUNT, "*", "4444*"),
    "aws:principalarn": (USER, ROLE, "arn:aws:iam::*:*"),
    "aws:principalorgid": (ORG, "o-*", "*"),
    "aws:principalorgpaths": (PATH, ORG + "/*"),
    "aws:username": ("alice", "*"),
    "aws:principalservicename": ("lambda.amazonaws.com", "*"),
    "aws:sourcearn": (FUNCTION, "arn:aws:lambda:*:*:function:*", "arn:aws:s3:::bucket"),
    "aws:sourceaccount": (ACCOUNT, OTHER_ACCOUNT, "*"),
    "aws:sourceorgid": (ORG, "*"),
    "aws:sourceorgpaths": (PATH, ORG + "/*"),
}
OPERATORS = (
    "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIfExists",
    "StringNotEqualsIfExists", "ForAnyValue:StringLike", "ForAllValues:StringLike",
    "ForAllValues:StringNotLike", "ArnLike", "ArnNotLike",
)  # fmt: skip


def test_no_request_meets_what_never_applies() -> None:
    clauses = [
        Clause(operator, key, (value,))
        for key, values in WRITTEN.items()
        for value in values
        for operator in OPERATORS
    ]
    clauses += [Clause("Null", key, (value,)) for key in WRITTEN for value in ("true", "false")]
    conditions = [(clause,) for clause in clauses]
    conditions += [(left, right) for left in clauses[::5] for right in clauses[::11]]
    certain = 0
    for principal, callers in REQUESTS.items():
        for condition in conditions:
            reasons = {o.reason for o in unmet_clauses(principal, condition)}
            if reasons - {"no-set-operator", "variable"}:
                certain += 1
                for caller in callers:
                    assert all_of(clause_holds(c, caller) for c in condition) is not True, condition
    assert certain > 1_000
