"""Clauses that no request meets together: what is found, and that nothing else is."""

from itertools import combinations, product

import pytest

from reconciler.policy.language.conditions import Clause, parse_condition
from reconciler.policy.language.request_context import Caller, all_of
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.implication import contradictions
from tests.policy.making import ROLE, condition

ACCOUNT, OTHER = "444455556666", "777788889999"
FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:f"

APART = [
    {"StringEquals": {"aws:PrincipalOrgID": "o-a"}, "StringLike": {"aws:PrincipalOrgID": "o-b*"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-a"}, "StringNotEquals": {"aws:SourceVpc": "vpc-a"}},
    {"StringEquals": {"aws:userid": "a"}, "StringEqualsIfExists": {"aws:userid": "b"}},
    {"StringEquals": {"aws:userid": "a"}, "StringEqualsIgnoreCase": {"aws:userid": "B"}},
    {"StringEquals": {"aws:userid": "a"}, "ForAllValues:StringLike": {"aws:userid": "b*"}},
    {"StringEquals": {"aws:userid": "a*"}, "StringLike": {"aws:userid": "a"}},
    {"StringLike": {"aws:userid": "a*"}, "StringNotLike": {"aws:userid": ["x", "a*"]}},
    {"StringLike": {"aws:userid": "a*"}, "StringEquals": {"aws:userid": "b"}},
    {"StringLike": {"aws:userid": "a*"}, "ForAnyValue:StringLike": {"aws:userid": "b*"}},
    {"StringLike": {"aws:userid": "a*"}, "ForAnyValue:StringEquals": {"aws:userid": "a*x"[1:]}},
    {"StringEquals": {"aws:userid": "a"}, "Null": {"aws:userid": True}},
    {"Bool": {"aws:SecureTransport": True}, "BoolIfExists": {"aws:SecureTransport": False}},
    {
        "NumericEquals": {"aws:MultiFactorAuthAge": 5},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 5},
    },
    {
        "NumericGreaterThan": {"aws:MultiFactorAuthAge": 5},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": 5},
    },
    {
        "DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
        "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
    },
    {
        "IpAddress": {"aws:SourceIp": "203.0.113.0/25"},
        "NotIpAddress": {"aws:SourceIp": ["192.0.2.1", "203.0.113.0/24"]},
    },
    {
        "StringEquals": {"aws:PrincipalAccount": OTHER},
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"},
    },
    {
        "StringEquals": {"aws:SourceAccount": OTHER},
        "StringLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:function:*"},
    },
    {
        "StringEquals": {"aws:PrincipalOrgID": "o-b"},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"},
    },
    {
        "StringNotEquals": {"aws:SourceOrgID": "o-a"},
        "ForAnyValue:StringLike": {"aws:SourceOrgPaths": ["o-a/r-1/*", "o-a/r-2/*"]},
    },
]
TOGETHER = [
    {"StringEquals": {"aws:userid": "a"}, "StringLike": {"aws:userid": "a*"}},
    {"StringEquals": {"aws:userid": ["a", "b"]}, "StringNotEquals": {"aws:userid": "a"}},
    {"StringLike": {"aws:userid": "a*"}, "StringLikeIfExists": {"aws:userid": "*b"}},
    {"StringLike": {"aws:userid": "a*"}, "StringNotLike": {"aws:userid": "ab*"}},
    {"StringLike": {"aws:userid": "a*"}, "StringNotEquals": {"aws:userid": "a*"}},
    {"StringLike": {"aws:userid": "a*"}, "Null": {"aws:userid": False}},
    {"StringLikeIfExists": {"aws:userid": "a*"}, "Null": {"aws:userid": True}},
    {"StringEquals": {"aws:userid": "${aws:username}"}, "StringLike": {"aws:userid": "b"}},
    {"StringNotEquals": {"aws:userid": "a"}, "StringNotLike": {"aws:userid": "*"}},
    {
        "ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
        "ForAnyValue:StringLike": {"aws:TagKeys": "b"},
    },
    {
        "NumericLessThan": {"aws:MultiFactorAuthAge": 5},
        "NumericGreaterThan": {"aws:MultiFactorAuthAge": 4},
    },
    {
        "NumericGreaterThanEquals": {"aws:MultiFactorAuthAge": 5},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": 5},
    },
    {
        "NumericLessThan": {"aws:MultiFactorAuthAge": 5},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": 9},
    },
    {
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/25", "2001:db8::/32"]},
    },
    {
        "StringEquals": {"aws:SourceAccount": OTHER},
        "StringLike": {"aws:SourceArn": [FUNCTION, "arn:aws:s3:::bucket"]},
    },
    {
        "StringEquals": {"aws:PrincipalAccount": OTHER},
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT[:4]}*:role/*"},
    },
    {
        "StringEquals": {"aws:PrincipalOrgID": "o-b"},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-1/*"},
    },
    {
        "StringEquals": {"aws:PrincipalOrgID": "o-b"},
        "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"},
    },
    {"ArnLike": {"aws:PrincipalArn": ROLE}, "StringEquals": {"aws:SourceVpc": "vpc-1"}},
]


@pytest.mark.parametrize("block", APART)
def test_what_no_request_meets(block: dict[str, dict[str, object]]) -> None:
    (pair,) = contradictions(parse_condition(block))
    assert set(pair) == set(parse_condition(block))


@pytest.mark.parametrize("block", TOGETHER)
def test_what_a_request_may_meet(block: dict[str, dict[str, object]]) -> None:
    assert contradictions(parse_condition(block)) == ()


def test_what_is_known_of_every_request_counts() -> None:
    known = condition("StringEquals", "aws:ResourceAccount", ACCOUNT)
    other = condition("StringLike", "aws:ResourceAccount", "7777*")
    assert contradictions(other, known) == ((*other, *known),)
    assert contradictions(known, known) == ()


def test_more_values_than_any_policy_holds_are_not_compared() -> None:
    many = [f"a{number}" for number in range(200)]
    block = {"StringEquals": {"aws:userid": many}, "StringLike": {"aws:userid": ["b", *many[:50]]}}
    assert contradictions(parse_condition(block)) == ()


OPERATORS = (
    "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
    "StringEqualsIfExists", "StringNotLikeIfExists", "ForAllValues:StringLike",
    "ForAnyValue:StringEquals", "ForAllValues:StringNotEquals",
)  # fmt: skip
VALUES = (("a",), ("b", "ab"), ("a*",), ("*b",), ("*",), ("A",))
REQUESTS = tuple(
    Caller((), {"aws:userid": (value,)}) for value in ("a", "b", "ab", "A", "a*", "*", "xb", "aab")
)
NOTHING = Caller((), absent=frozenset({"aws:userid"}))


def test_no_request_meets_what_is_called_a_contradiction() -> None:
    clauses = [Clause(o, "aws:userid", tuple(sorted(v))) for o, v in product(OPERATORS, VALUES)]
    clauses += [Clause("Null", "aws:userid", (value,)) for value in ("true", "false")]
    found = 0
    for pair in combinations(clauses, 2):
        if contradictions(pair):
            found += 1
            for request in (*REQUESTS, NOTHING):
                assert all_of(clause_holds(clause, request) for clause in pair) is not True, pair
    assert found > 100
