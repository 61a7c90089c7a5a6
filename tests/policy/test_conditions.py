import pytest

from reconciler.policy.language.condition_keys import is_known_key, spell_key
from reconciler.policy.language.conditions import (
    NO_CONDITION,
    Clause,
    Condition,
    ConditionClashError,
    combine_conditions,
    condition_json,
    escape_variables,
    parse_condition,
    parse_operator,
)
from reconciler.policy.language.json_text import MalformedError, json_place
from tests.policy.making import ROLE, ROLE_B, condition

ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
VPC = condition("StringEquals", "aws:SourceVpc", "vpc-1")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("StringEquals", ("", "StringEquals", False)),
        ("StringEqualsIfExists", ("", "StringEquals", True)),
        ("ForAnyValue:StringLike", ("ForAnyValue", "StringLike", False)),
        ("ForAllValues:ArnNotEqualsIfExists", ("ForAllValues", "ArnNotEquals", True)),
        ("Null", ("", "Null", False)),
    ],
)
def test_the_parts_of_an_operator(name: str, parts: tuple[str, str, bool]) -> None:
    assert parse_operator(name) == parts


@pytest.mark.parametrize(
    ("operator", "value", "message"),
    [
        ("IpAddress", "here", "'here' is not an IP address or a range such as 203.0.113.0/24"),
        ("NumericEquals", "x" * 61, f"'{'x' * 60}…' is not a number"),
    ],
)
def test_a_value_that_is_none_of_the_operators(operator: str, value: str, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_condition({operator: {"aws:SourceIp": value}})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("operator", "value", "canonical"),
    [
        ("StringEquals", "", ""),
        ("StringEquals", True, "true"),
        ("StringEqualsIgnoreCase", "Ä", "Ä"),
        ("NumericEquals", -5, "-5"),
        ("NumericLessThanEquals", "1.5e3", "1.5e3"),
        ("DateLessThan", "2027-03-31T00:00:00Z", "2027-03-31T00:00:00Z"),
        ("DateLessThan", "2027-03-31T00:00:00.5+01:00", "2027-03-30T23:00:00.500000Z"),
        ("DateEquals", "2027-03", "2027-03"),
        ("DateEquals", 1_800_000_000, "2027-01-15T08:00:00Z"),
        ("DateEquals", "-1800000000", "-1800000000"),
        ("NumericEquals", "10.0", "10"),
        ("NumericEquals", "-0.050", "-0.05"),
        ("NumericEquals", "007.0", "007.0"),
        ("Bool", False, "false"),
        ("Null", "TRUE", "true"),
        ("BinaryEquals", "QUI=", "QUI="),
        ("IpAddress", "203.0.113.7", "203.0.113.7/32"),
        ("NotIpAddress", "2001:DB8::/32", "2001:db8::/32"),
        ("IpAddress", "${aws:SourceIp}", "${aws:SourceIp}"),
    ],
)
def test_values(operator: str, value: object, canonical: str) -> None:
    assert condition(operator, "aws:x", value) == (Clause(operator, "aws:x", (canonical,)),)


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ("x", ""),
        ({"Nope": {"a": "b"}}, ".Nope"),
        ({"StringEquals": {}}, ".StringEquals"),
        ({"StringEquals": []}, ".StringEquals"),
        ({"StringEquals": {"a": []}}, ".StringEquals.a"),
        ({"StringEquals": {"a": 1.5}}, ".StringEquals.a"),
        ({"StringEquals": {"aws:x": "1", "AWS:X": "2"}}, ".StringEquals.AWS:X"),
        ({"NumericEquals": {"a": ["1", "one"]}}, ".NumericEquals.a"),
        ({"DateEquals": {"a": "2027-3-1"}}, ".DateEquals.a"),
        ({"Bool": {"a": "1"}}, ".Bool.a"),
        ({"BinaryEquals": {"a": "a b"}}, ".BinaryEquals.a"),
        ({"IpAddress": {"a": "1.2.3.4.5"}}, ".IpAddress.a"),
        ({"IpAddress": {"a": "anywhere"}}, ".IpAddress.a"),
    ],
)
def test_what_is_not_understood_says_where(block: object, path: str) -> None:
    with pytest.raises(MalformedError) as raised:
        parse_condition(block)
    assert json_place(raised.value.path) == f"$.Condition{path}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "ARNLike",
            "unknown condition operator 'ARNLike'; IAM documents ArnLike, and no other case",
        ),
        (
            "ARNEquals",
            "unknown condition operator 'ARNEquals'; IAM documents ArnEquals, and no other case",
        ),
        (
            "forAnyValue:BoolIfExists",
            "unknown condition operator 'forAnyValue:BoolIfExists'; "
            "IAM documents ForAnyValue:BoolIfExists, and no other case",
        ),
        ("NULL", "unknown condition operator 'NULL'; IAM documents Null, and no other case"),
        ("StringResembles", "unknown condition operator 'StringResembles'"),
        ("ForAnyValue:Null", "unknown condition operator 'ForAnyValue:Null'"),
    ],
)
def test_an_unknown_operator_is_named(name: str, reason: str) -> None:
    with pytest.raises(MalformedError) as raised:
        parse_condition({name: {"aws:PrincipalArn": ROLE}})
    assert raised.value.reason == reason


def test_combining() -> None:
    assert combine_conditions() == NO_CONDITION
    assert combine_conditions(ORG, NO_CONDITION) == ORG
    assert combine_conditions(ORG, VPC) == combine_conditions(VPC, ORG, VPC)
    assert set(combine_conditions(ORG, VPC)) == {*ORG, *VPC}


def test_combining_what_one_statement_cannot_say() -> None:
    with pytest.raises(ConditionClashError) as raised:
        combine_conditions(ORG, VPC, condition("StringEquals", "aws:principalorgid", "o-2"))
    assert (raised.value.operator, raised.value.key) == ("StringEquals", "aws:PrincipalOrgID")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (NO_CONDITION, {}),
        (ORG, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        (combine_conditions(ORG, VPC),
         {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceVpc": "vpc-1"}}),
        (condition("StringLike", "AWS:principaltag/TEAM", "b*", "a"),
         {"StringLike": {"aws:PrincipalTag/team": ["a", "b*"]}}),
        (condition("StringLike", "AWS:principaltag/TEAM", "b", "a"),
         {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}}),
        (condition("Bool", "my:key", True), {"Bool": {"my:key": "true"}}),
    ],
)  # fmt: skip
def test_as_json(given: Condition, written: object) -> None:
    assert condition_json(given) == written
    assert parse_condition(written) == given


@pytest.mark.parametrize("name", ["ArnLike", "ArnNotLike", "ForAnyValue:ArnLikeIfExists"])
def test_both_names_of_one_operator_survive_as_json(name: str) -> None:
    twin = name.replace("Like", "Equals")
    both = parse_condition({name: {"aws:PrincipalArn": ROLE}, twin: {"aws:PrincipalArn": ROLE_B}})
    assert parse_condition(condition_json(both)) == both
    assert len(both) == 2


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        ("aws:principalorgid", "aws:PrincipalOrgID"),
        ("aws:requesttag/costcenter", "aws:RequestTag/costcenter"),
        ("aws:principaltag/a/b", "aws:PrincipalTag/a/b"),
        ("my:own", "my:own"),
    ],
)
def test_spelling_keys(key: str, spelled: str) -> None:
    assert spell_key(key) == spelled


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("aws:PrincipalOrgID", True),
        ("AWS:principalorgid", True),
        ("aws:PrincipalTag/team", True),
        ("ecr:ResourceTag/a/b", True),
        ("aws:PrincipalTag", False),
        ("aws:PrincipalTag/", False),
        ("aws:SourceArn/team", False),
        ("aws:PrincipleOrgID", False),
        ("aws:To\u212aenIssueTime", False),
    ],
)
def test_known_keys(key: str, known: bool) -> None:
    assert is_known_key(key) is known


def test_an_old_version_has_no_variables() -> None:
    old = condition("StringLike", "aws:x", "${a}${b}", "plain")
    assert escape_variables(old) == (Clause("StringLike", "aws:x", ("${$}{a}${$}{b}", "plain")),)
