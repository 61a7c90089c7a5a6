"""Where accounts are named, none gets in behind a wildcard or another spelling."""

import pytest

from reconciler.access_file.load import Loaded
from reconciler.policy.language.conditions import Clause
from tests.access_file import files
from tests.access_file.files import NAMED, ONE_REPOSITORY, load, of_principal, of_statement

HIDING_ARNS = [
    "arn:aws:lambda:us-west-2:99990000111?:function:*",
    "arn:aws:lambda:us-west-2:999900001111*:function:*",
    "arn:aws:lambda:us-west-2:*:function:*",
    "arn:aws:lambda:us-west-2:??????????66:function:*",
    "arn:aws:lambda:us-west-2:${aws:PrincipalAccount}:function:*",
    "arn:aws:*:us-west-2:444455556666:function:*",
    "arn:aws:lambda:*",
    "arn:aws:lambda:*::function:*",
    "arn:aws:lambda",
    "arn:aws:s3:::*",
    "arn:aws:s3:::bucket-*",
    "arn:aws:*:444455556666:function:*",
    "arn:aws:${aws:PrincipalTag/x}:444455556666:*",
]
NAMED_ARNS = [
    "arn:aws:lambda:us-west-2:444455556666:function:*",
    "arn:aws:lambda:*:444455556666:function:*",
    "arn:aws:lambda:us-west-2:111122223333:function:one",
    "arn:aws:s3:::bucket",
    "arn:aws:s3:::bucket/*",
]
HIDING_CONDITIONS = [
    'StringLike: {"aws:PrincipalAccount": "99990000111?"}',
    'StringLike: {"aws:PrincipalAccount": "*"}',
    'StringLike: {"AWS:SOURCEACCOUNT": "9999*"}',
    '"ForAnyValue:StringLike": {"aws:SourceAccount": ["444455556666", "9*"]}',
    'NumericLessThan: {"aws:SourceAccount": "999999999999"}',
    'NumericEquals: {"aws:PrincipalAccount": "999900001111.0"}',
    'StringEquals: {"aws:PrincipalAccount": " 999900001111"}',
    'StringEqualsIgnoreCase: {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}',
    'ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}',
    'ArnLike: {"aws:PrincipalArn": "*"}',
    'StringLike: {"aws:PrincipalArn": "arn:aws:iam::99990000111?:role/x"}',
    # A stranger's role may have a path with colons in it, which a star crosses.
    'StringLike: {"aws:PrincipalArn": "arn:aws:*::444455556666:role/x"}',
    'StringLike: {"aws:PrincipalArn": "arn:aws:iam:*:444455556666:role/x"}',
    'StringLike: {"aws:PrincipalArn": "arn:aws:iam:::role/x"}',
    'ArnEquals: {"aws:SourceArn": "arn:aws:lambda:us-west-2:*:function:x"}',
    'StringNotLike: {"aws:PrincipalArn": "arn:aws:iam::9*:role/x"}',
    'StringLike: {"aws:SourceArn": "${aws:SourceArn,\'a:b:c:444455556666:d\'}"}',
    'ArnLike: {"aws:PrincipalArn": "${aws:PrincipalArn,\'a:b:c:444455556666:d\'}"}',
]
NAMED_CONDITIONS = [
    'StringLike: {"aws:PrincipalAccount": "444455556666"}',
    'StringEquals: {"aws:SourceAccount": ["444455556666", "111122223333"]}',
    'ArnLike: {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}',
    'ArnLike: {"aws:SourceArn": ["arn:aws:s3:::bucket", "arn:aws:sns:*:444455556666:topic"]}',
    'Null: {"aws:SourceAccount": "true"}',
    'StringLike: {"aws:PrincipalTag/team": "99990000111?"}',
]
WORKLOADS = 'role: x, account: "444455556666"'
DENY = 'Effect: Deny, Action: "ecr:*", Principal: "*"'


def rules(loaded: Loaded) -> list[str]:
    """The rules of all problems; many a pattern that hides an account never applies, besides."""
    return [rule for rule in files.rules(loaded) if rule != "never-applies"]


@pytest.mark.parametrize("arn", HIDING_ARNS)
def test_a_source_arn_says_which_account(arn: str) -> None:
    service = f'{{service: lambda.amazonaws.com, source_arns: ["{arn}"]}}'
    assert rules(of_principal(service)) == ["unnamed-account"]


@pytest.mark.parametrize("arn", NAMED_ARNS)
def test_a_source_arn_of_a_named_account_is_taken(arn: str) -> None:
    service = f'{{service: lambda.amazonaws.com, source_arns: ["{arn}"]}}'
    assert rules(of_principal(service)) == []


@pytest.mark.parametrize("arn", ["arn:aws:lambda:us-west-2:*:function:*", "arn:aws:lambda:*"])
def test_where_no_account_has_a_name_it_is_a_warning(arn: str) -> None:
    service = f'{{service: lambda.amazonaws.com, source_arns: ["{arn}"]}}'
    when = f'{{{WORKLOADS}, when: {{ArnLike: {{"aws:SourceArn": "{arn}"}}}}}}'
    for definition in (service, when):
        loaded = of_principal(definition, accounts="")
        assert rules(loaded) == ["wildcard-account"]
        assert loaded.parts


@pytest.mark.parametrize("accounts", ["", NAMED])
@pytest.mark.parametrize("arn", ["arn:*", "arn:*:lambda:us-west-2:444455556666:function:*"])
def test_a_partition_is_no_pattern(arn: str, accounts: str) -> None:
    service = f'{{service: lambda.amazonaws.com, source_arns: ["{arn}"]}}'
    when = f'{{{WORKLOADS}, when: {{ArnLike: {{"aws:SourceArn": "{arn}"}}}}}}'
    for definition in (service, when):
        assert rules(of_principal(definition, accounts=accounts)) == ["wrong-partition"]


def test_a_partition_that_ends_in_a_star_is_refused() -> None:
    arn = "arn:aws*:lambda:us-west-2:444455556666:function:*"
    service = f'{{service: lambda.amazonaws.com, source_arns: ["{arn}"]}}'
    assert rules(of_principal(service)) == ["wrong-partition"]


@pytest.mark.parametrize("condition", HIDING_CONDITIONS)
def test_a_condition_says_which_account(condition: str) -> None:
    when = f"when: {{{condition}}}"
    of_grant = load(
        f"{NAMED}repositories: {{tools/one: {{access: {{workloads: {{tier: pull, {when}}}}}}}}}"
    )
    assert rules(of_principal(f"{{{WORKLOADS}, {when}}}")) == ["unnamed-account"]
    assert rules(of_statement(f"{{{DENY}, Condition: {{{condition}}}}}")) == ["unnamed-account"]
    assert rules(of_grant) == ["unnamed-account"]


@pytest.mark.parametrize("condition", NAMED_CONDITIONS)
def test_a_condition_with_named_accounts_is_taken(condition: str) -> None:
    assert rules(of_principal(f"{{{WORKLOADS}, when: {{{condition}}}}}")) == []
    assert rules(of_statement(f"{{{DENY}, Condition: {{{condition}}}}}")) == []


@pytest.mark.parametrize("condition", HIDING_CONDITIONS)
def test_where_no_account_has_a_name_conditions_are_free(condition: str) -> None:
    loaded = of_principal(f"{{{WORKLOADS}, when: {{{condition}}}}}", accounts="")
    assert set(rules(loaded)) <= {"wildcard-account"}


@pytest.mark.parametrize(
    ("principal", "rule"),
    [
        ('AWS: "**"', "wildcard-in-arn"),
        ('AWS: "?"', "wildcard-in-arn"),
        ('AWS: "9999000011??"', "wildcard-in-arn"),
        ('AWS: "arn:aws:iam::9999000011??:root"', "wildcard-in-arn"),
        ('AWS: "ARN:aws:iam::999900001111:role/x"', "bad-arn"),
        ('AWS: " arn:aws:iam::999900001111:role/x"', "bad-arn"),
        ('AWS: "arn:aws:iam::999900001111:role/x y"', "bad-arn"),
        ('AWS: ["*", "somebody"]', "bad-arn"),
        ("CanonicalUser: 79a59df900b949e55d96a1e698fbaced", "bad-statement"),
        ("Federated: cognito-identity.amazonaws.com", "bad-statement"),
        ('Service: "*.amazonaws.com"', "bad-statement"),
        ('Service: "*"', "bad-statement"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_raw_principal_is_one_that_ecr_takes(element: str, principal: str, rule: str) -> None:
    statement = f'{{Effect: Deny, Action: "ecr:*", {element}: {{{principal}}}}}'
    assert rules(of_statement(statement)) == [rule]
    assert rules(of_statement(statement, accounts="")) == [rule]


@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_a_unique_id_hides_its_account(element: str) -> None:
    """It is a warning where no account has a name, as live policies have such ids."""
    statement = f'{{Effect: Deny, Action: "ecr:*", {element}: {{AWS: AROAEXAMPLEEXAMPLE123}}}}'
    (problem,) = of_statement(statement).problems
    assert (problem.rule, problem.severity) == ("unnamed-account", "error")
    assert "deleted" in problem.message
    assert problem.hint == "remove it, or write the ARN of a role"
    (problem,) = of_statement(statement, accounts="").problems
    assert (problem.rule, problem.severity) == ("dead-principal", "warning")
    group = statement.replace("AROA", "AGPA")
    assert rules(of_statement(group, accounts="")) == ["bad-arn"]


@pytest.mark.parametrize(
    "principal",
    ['"*"', '{AWS: "*"}', '{AWS: "444455556666"}', "{AWS: arn:aws:iam::444455556666:role/a/b}"],
)
def test_raw_principals_that_are_taken(principal: str) -> None:
    assert rules(of_statement(f'{{Effect: Deny, Action: "ecr:*", Principal: {principal}}}')) == []


@pytest.mark.parametrize(
    "more",
    [
        "",
        ', when: {StringNotEquals: {"aws:SourceAccount": "444455556666"}}',
        ', when: {StringEqualsIfExists: {"aws:SourceAccount": "444455556666"}}',
        ', when: {StringEquals: {"aws:SourceVpc": vpc-0a1b2c3d}}',
    ],
)
def test_a_service_that_nothing_bounds_is_a_warning(more: str) -> None:
    loaded = of_principal(f"{{service: lambda.amazonaws.com{more}}}")
    assert rules(loaded) == ["unbounded-service"]
    assert loaded.parts


@pytest.mark.parametrize(
    "bound",
    [
        "source_accounts: [workloads]",
        'source_arns: ["arn:aws:s3:::bucket"]',
        'when: {StringEquals: {"aws:SourceOrgID": o-a1b2c3d4e5}}',
        'when: {ArnLike: {"aws:SourceArn": "arn:aws:s3:::bucket"}}',
    ],
)
def test_a_service_that_acts_for_someone_known_is_none(bound: str) -> None:
    assert rules(of_principal(f"{{service: lambda.amazonaws.com, {bound}}}")) == []


CYRILLIC = "r\N{CYRILLIC SMALL LETTER O}le"
BAD_NAMES = [
    CYRILLIC,
    "a//b",
    'x"y',
    "x:y",
    "x y",
    "${aws:username}",
    "${aws:username}/x",
    "a/",
    "/a",
    "ü",
]


@pytest.mark.parametrize("name", [*BAD_NAMES, "x:y*", "a//*", "${*}"])
def test_the_name_of_a_role_is_ascii(name: str) -> None:
    assert rules(of_principal(f"{{role: '{name}', account: workloads}}")) == ["bad-arn"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_the_name_of_a_user_is_ascii(name: str) -> None:
    assert rules(of_principal(f"{{user: '{name}', account: workloads}}")) == ["bad-arn"]
    assert rules(of_principal(f"'arn:aws:iam::444455556666:user/{name}'")) == ["bad-arn"]


@pytest.mark.parametrize("pattern", ["*", "a*", "a/*/b-?", "aws-reserved/sso.amazonaws.com/*/X_*"])
def test_a_role_pattern_is_taken(pattern: str) -> None:
    assert rules(of_principal(f"{{role: '{pattern}', account: workloads}}")) == []


def test_public_is_passed_over_by_the_key_of_a_pattern_and_for_raw_statements() -> None:
    anyone = "principals: {who: {public: true}}\n" + ONE_REPOSITORY.replace(
        "tools/one", '"tools/*"'
    )
    raw = '{Effect: Allow, Action: "ecr:BatchGetImage", Principal: "*"}'
    statements = f'repositories: {{"tools/*": {{statements: [{raw}]}}}}\n'
    for body in (anyone, statements):
        (problem,) = load(body).problems
        assert problem.rule == "public"
        assert problem.repository == "tools/*"
        assert rules(load(body, allow_public=frozenset({"tools/*"}))) == []
        assert rules(load(body, allow_public=frozenset({"tools/one"}))) == ["public"]


def test_a_keep_rule_for_a_name_holds_what_the_name_holds() -> None:
    loaded = load(
        'principals: {who: {account: "444455556666", when: {StringEquals: {"aws:SourceVpc": v}}}}\n'
        "repositories: {}\n"
        "unmanaged: {statements: {keep: [{sid: Legacy, principal: who}, {sid: B, service: b.c}]}}\n"
    )
    assert loaded.parts
    conditions = {rule.sid: rule.condition for rule in loaded.parts[0].ownership.rules}
    assert conditions["Legacy"] == (Clause("StringEquals", "aws:sourcevpc", ("v",)),)
    assert conditions["B"] == ()
