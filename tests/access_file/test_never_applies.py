"""What is said of grants and conditions that can never apply, and where."""

import pytest

from reconciler.access_file.document.problems import Problem
from tests.access_file.files import load, of_principal, of_statement, only

LAMBDA = 'service: lambda.amazonaws.com, source_accounts: ["444455556666"]'
ROLE, ALL = "role: a, account: workloads", "account: workloads"
ID, PATH = '"444455556666"', "o-a1b2c3d4e5/r-ab12/*"
RULE = "never-applies"


def told(body: str) -> list[Problem]:
    return [problem for problem in load(body).problems if problem.rule == RULE]


@pytest.mark.parametrize(
    ("who", "when", "hint"),
    [
        (LAMBDA, f'StringEquals: {{"aws:PrincipalAccount": {ID}}}', "source_accounts (aws:Source"),
        (
            LAMBDA,
            'ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}',
            "source_arns (aws:Source",
        ),
        (LAMBDA, f'"ForAnyValue:StringLike": {{"aws:PrincipalOrgPaths": {PATH}}}', "source_paths"),
        (LAMBDA, 'Bool: {"aws:PrincipalIsAWSService": false}', "remove it"),
        (LAMBDA, 'Bool: {"aws:MultiFactorAuthPresent": true}', "aws:SourceArn"),
        (ROLE, 'StringEquals: {"aws:SourceOrgID": o-a1b2c3d4e5}', "aws:PrincipalOrgID"),
        (ROLE, 'StringLike: {"aws:PrincipalServiceName": "*"}', "write the service"),
        (ROLE, 'StringLike: {"aws:username": "*"}', "aws:PrincipalArn"),
        ("user: a, account: workloads", 'StringEquals: {"aws:PrincipalType": Account}', ""),
        (ALL, 'StringNotLike: {"aws:TagKeys": a}', "ForAllValues:StringNotLike"),
        (ALL, 'StringEquals: {"aws:PrincipalTag/a": "${aws:TagKeys}"}', "one value"),
        (ALL, 'StringEquals: {"aws:SourceVpc": "vpc-*"}', "use StringLike"),
        (ALL, 'StringEquals: {"aws:SourceVpc": vpce-1}', "aws:SourceVpce"),
        (ALL, f'StringEquals: {{"aws:ResourceAccount": {ID}}}', ""),
        (ALL, 'DateLessThan: {"aws:CurrentTime": 2025-06-01T00:00:00Z}', ""),
        ("public: true", 'StringEquals: {"aws:PrincipalIsAWSService": maybe, "aws:x": y}', "write"),
    ],
)
def test_what_would_do_instead(who: str, when: str, hint: str) -> None:
    found = of_principal(f"{{{who}, when: {{{when}}}}}").problems
    (problem,) = (problem for problem in found if problem.rule == RULE)
    assert problem.severity == "warning"
    assert hint in (problem.hint or "")


def test_a_principal_is_told_where_it_is_defined_and_not_where_it_is_used() -> None:
    (problem,) = told(
        f'principals: {{f: {{{LAMBDA}, when: {{StringLike: {{"aws:username": a}}}}}}}}\n'
        "repositories:\n"
        '  tools/one: {access: {f: {tier: lambda, when: {Bool: {"aws:SecureTransport": true}}}}}\n'
        "  tools/two: {access: {f: lambda}}\n"
    )
    assert problem.place.line == 3


def test_a_grants_own_condition_is_told_at_the_grant_once_for_a_group() -> None:
    (problem,) = told(
        f"principals: {{a: {{role: a, account: {ID}}}, b: {{role: b, account: {ID}}}, g: [a, b]}}\n"
        "repositories:\n"
        "  tools/one:\n"
        "    access:\n"
        '      g: {tier: pull, when: {StringEquals: {"aws:SourceAccount": "444455556666"}}}\n'
    )
    assert (problem.place.line, "aws:SourceAccount" in problem.message) == (7, True)


def test_a_grant_that_contradicts_its_principal_is_told_at_the_grant() -> None:
    (problem,) = told(
        f'principals: {{a: {{account: {ID}, when: {{StringEquals: {{"aws:userid": a}}}}}}}}\n'
        "repositories:\n"
        '  tools/one: {access: {a: {tier: pull, when: {StringLike: {"aws:userid": "b*"}}}}}\n'
    )
    assert problem.place.line == 5


def test_until_and_the_principals_condition() -> None:
    (problem,) = told(
        "principals:\n"
        f'  a: {{account: {ID}, when: {{DateGreaterThan: {{"aws:CurrentTime": 2027-01-01}}}}}}\n'
        "repositories: {tools/one: {access: {a: {tier: pull, until: 2026-06-01}}}}\n"
    )
    assert problem.place.line == 5


def test_what_has_expired_is_told_by_that_rule_alone() -> None:
    found = load(
        'repositories: {tools/one: {access: {"444455556666": {tier: pull, until: 2025-06-01,'
        ' when: {StringEquals: {"aws:SourceAccount": "444455556666"}}}}}}\n'
    )
    assert [p.rule for p in found.problems] == ["expired"]


@pytest.mark.parametrize(
    ("definition", "tier", "warned"),
    [
        ("{organization: o-a1b2c3d4e5}", "lambda", True),
        ("{organization: o-a1b2c3d4e5, paths: [o-a1b2c3d4e5/r-ab12/*]}", "mine", True),
        ("{organization: o-a1b2c3d4e5}", "pull", False),
        ("{service: lambda.amazonaws.com, source_organization: o-a1b2c3d4e5}", "lambda", False),
        ('{account: "444455556666"}', "lambda", False),
    ],
)
def test_an_organization_with_a_tier_of_services(definition: str, tier: str, warned: bool) -> None:
    found = told(
        f"principals: {{who: {definition}}}\n"
        "tiers: {mine: {extends: lambda}}\n"
        f"repositories: {{tools/one: {{access: {{who: {tier}}}}}}}\n"
    )
    assert ["no service is in an organization" in problem.message for problem in found] == [
        True
    ] * warned


def test_a_raw_statement_is_told_at_its_condition() -> None:
    problem = only(
        of_statement(
            '{Effect: Deny, Action: "ecr:*", Condition: {StringLike: {"aws:SourceAccount": "*"}},'
            " Principal: {AWS: [arn:aws:iam::444455556666:role/a], Service: s3.amazonaws.com}}",
            accounts="",
        )
    )
    assert (problem.rule, "only requests of a service" in problem.message) == (RULE, True)


def test_what_applies_where_a_key_is_missing_is_no_problem() -> None:
    for block in (
        'StringNotEquals: {"aws:PrincipalOrgID": o-a1b2c3d4e5}',
        'StringEqualsIfExists: {"aws:PrincipalOrgID": o-a1b2c3d4e5}',
        'Null: {"aws:PrincipalOrgID": true}',
        '"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": o-a1b2c3d4e5/r-ab12/*}',
    ):
        assert of_principal(f"{{{LAMBDA}, when: {{{block}}}}}").problems == ()


def test_of_many_values_the_first_are_told() -> None:
    values = ", ".join(f"x{number}" for number in range(5_000))
    found = of_principal(f'{{{ROLE}, when: {{StringEquals: {{"aws:SourceVpc": [{values}]}}}}}}')
    assert len([p for p in found.problems if p.rule == RULE]) == 20
