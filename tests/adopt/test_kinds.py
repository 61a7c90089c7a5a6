"""What each kind of statement becomes in a file."""

import pytest
import yaml

from tests.adopt.making import (
    PULL,
    STAGING,
    WORKLOADS,
    Json,
    allow,
    imported,
    plan_of,
    registry,
    role,
)

NAMES = {WORKLOADS: "workloads", STAGING: "staging"}
SERVICE = {"Service": "codebuild.amazonaws.com"}
ORG = "o-a1b2c3d4e5"
PATHS = [f"{ORG}/r-ab12/ou-ab12-11111111/*", f"{ORG}/r-ab12/ou-ab12-22222222/*"]
LAMBDAS = "arn:aws:lambda:us-west-2:444455556666:function:*"
SSO = "aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Admin_*"
SESSION = "arn:aws:sts::444455556666:assumed-role/ci/session"
NETWORK = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

PRINCIPALS: dict[str, tuple[Json, str, object]] = {
    "role": (allow(role("deploy/ci")), "ci", {"role": "deploy/ci", "account": "workloads"}),
    "user": (
        allow("arn:aws:iam::444455556666:user/Alice"),
        "alice",
        {"user": "Alice", "account": "workloads"},
    ),
    "role under a condition": (
        allow(role("ci"), Condition=NETWORK),
        "ci-when",
        {"role": "ci", "account": "workloads", "when": NETWORK},
    ),
    "role pattern": (
        allow(WORKLOADS, Condition={"ArnLike": {"aws:PrincipalArn": role(SSO)}}),
        "sso-admin",
        {"role": SSO, "account": "workloads"},
    ),
    "role pattern of another account": (
        allow(WORKLOADS, Condition={"ArnLike": {"aws:PrincipalArn": role("x*", STAGING)}}),
        "workloads-when",
        {"account": "workloads", "when": {"ArnLike": {"aws:PrincipalArn": role("x*", STAGING)}}},
    ),
    "several role patterns": (
        allow(WORKLOADS, Condition={"ArnLike": {"aws:PrincipalArn": [role("x*"), role("y*")]}}),
        "workloads-when",
        {
            "account": "workloads",
            "when": {"ArnLike": {"aws:PrincipalArn": [role("x*"), role("y*")]}},
        },
    ),
    "organization": (
        allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}}),
        "organization",
        {"organization": ORG},
    ),
    "units": (
        allow("*", Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": PATHS}}),
        "organization",
        {"organization": ORG, "paths": PATHS},
    ),
    "units of two organizations": (
        allow(
            "*",
            Condition={
                "ForAnyValue:StringLike": {
                    "aws:PrincipalOrgPaths": [PATHS[0], "o-ffffffffff/r-ab12/*"]
                }
            },
        ),
        "everyone-when",
        {
            "public": True,
            "when": {
                "ForAnyValue:StringLike": {
                    "aws:PrincipalOrgPaths": [PATHS[0], "o-ffffffffff/r-ab12/*"]
                }
            },
        },
    ),
    "two organizations": (
        allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": [ORG, "o-ffffffffff"]}}),
        "everyone-when",
        {
            "public": True,
            "when": {"StringEquals": {"aws:PrincipalOrgID": [ORG, "o-ffffffffff"]}},
        },
    ),
    "an organization twice": (
        allow(
            "*",
            Condition={
                "StringEquals": {"aws:PrincipalOrgID": ORG},
                "StringLike": {"aws:PrincipalOrgID": f"{ORG}*"},
            },
        ),
        "everyone-when",
        {
            "public": True,
            "when": {
                "StringEquals": {"aws:PrincipalOrgID": ORG},
                "StringLike": {"aws:PrincipalOrgID": f"{ORG}*"},
            },
        },
    ),
    "not an organization": (
        allow("*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": ORG}}),
        "everyone-when",
        {"public": True, "when": {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}},
    ),
    "service": (allow(SERVICE), "codebuild", {"service": "codebuild.amazonaws.com"}),
    "service and resources": (
        allow(SERVICE, Condition={"ArnLike": {"aws:SourceArn": LAMBDAS}}),
        "codebuild",
        {"service": "codebuild.amazonaws.com", "source_arns": [LAMBDAS]},
    ),
    "service and any resource": (
        allow(SERVICE, Condition={"StringLike": {"aws:SourceArn": "*"}}),
        "codebuild",
        {"service": "codebuild.amazonaws.com", "when": {"StringLike": {"aws:SourceArn": "*"}}},
    ),
    "service and accounts": (
        allow(SERVICE, Condition={"StringEquals": {"aws:SourceAccount": [WORKLOADS, STAGING]}}),
        "codebuild",
        {"service": "codebuild.amazonaws.com", "source_accounts": ["workloads", "staging"]},
    ),
    "service and organization": (
        allow(SERVICE, Condition={"StringEquals": {"aws:SourceOrgID": ORG}}),
        "codebuild",
        {"service": "codebuild.amazonaws.com", "source_organization": ORG},
    ),
    "service and units": (
        allow(
            SERVICE,
            Condition={
                "ForAnyValue:StringLike": {"aws:SourceOrgPaths": PATHS},
                "StringEquals": {"aws:SourceAccount": WORKLOADS},
                "Bool": {"aws:SecureTransport": True},
            },
        ),
        "codebuild",
        {
            "service": "codebuild.amazonaws.com",
            "source_accounts": ["workloads"],
            "source_organization": ORG,
            "source_paths": PATHS,
            "when": {"Bool": {"aws:SecureTransport": "true"}},
        },
    ),
    "everyone from a network": (
        allow("*", Condition=NETWORK),
        "everyone-when",
        {"public": True, "when": NETWORK},
    ),
}


def file_of(*statements: Json, **options: bool) -> dict[str, dict[str, object]]:
    """The file of one repository, `a/b`, whose plan has to be empty."""
    policies = {"a/b": list(statements)}
    text = imported(policies, NAMES, **options).text
    assert plan_of(text, registry(policies)).in_sync == 1, text
    return yaml.safe_load(text)


@pytest.mark.parametrize(
    ("statement", "name", "definition"), PRINCIPALS.values(), ids=PRINCIPALS.keys()
)
def test_a_principal(statement: Json, name: str, definition: object) -> None:
    file = file_of(statement)
    assert file["principals"] == {name: definition}
    assert file["repositories"] == {"a/b": {"access": {name: "pull"}}}


def test_a_whole_account_needs_no_definition() -> None:
    file = file_of(allow([WORKLOADS, f"arn:aws:iam::{STAGING}:root"]))
    assert "principals" not in file
    assert file["accounts"] == {"staging": STAGING, "workloads": WORKLOADS}
    assert file["repositories"]["a/b"] == {"access": {"staging": "pull", "workloads": "pull"}}


def test_a_session_is_its_arn_and_a_raw_statement_under_a_condition() -> None:
    file = file_of(allow(SESSION))
    assert file["repositories"]["a/b"] == {"access": {SESSION: "pull"}}
    file = file_of(allow(SESSION, Condition=NETWORK))
    assert file["repositories"]["a/b"] == {
        "statements": [allow({"AWS": SESSION}, PULL, Condition=NETWORK)]
    }


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ("2030-01-01T00:00:00Z", "2030-01-01"),
        ("2030-01-01T12:30:00Z", "2030-01-01T12:30:00Z"),
        ("2030-01-01T01:00:00+01:00", "2030-01-01"),
    ],
)
def test_an_end(end: str, until: str) -> None:
    file = file_of(allow(role("ci"), Condition={"DateLessThan": {"aws:CurrentTime": end}}))
    assert file["repositories"]["a/b"]["access"] == {"ci": {"tier": "pull", "until": until}}
    assert file["principals"] == {"ci": {"role": "ci", "account": "workloads"}}


@pytest.mark.parametrize(
    "ends",
    [
        ["2020-01-01T00:00:00Z"],
        ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"],
        ["2030-13-41T00:00:00Z"],
        ["2030"],
    ],
)
def test_an_end_that_until_cant_say_is_a_condition(ends: list[str]) -> None:
    condition = {"DateLessThan": {"aws:CurrentTime": ends[0] if len(ends) == 1 else ends}}
    file = file_of(allow(role("ci"), Condition=condition))
    assert file["repositories"]["a/b"]["access"] == {"ci-when": "pull"}
    assert file["principals"]["ci-when"]["when"] == condition


def test_an_expired_grant_is_named_at_the_top() -> None:
    past = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    found = imported({"a/b": [allow(role("ci"), Condition=past)]}, NAMES)
    assert "expired (has expired, and has no effect):" in found.text
    assert [risk.rule for risk in found.notes.risks] == ["expired"]


def test_several_terms_of_one_principal() -> None:
    file = file_of(
        allow(role("ci")),
        allow(
            role("ci"),
            ["ecr:DescribeImages"],
            Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
        ),
    )
    assert file["repositories"]["a/b"]["access"] == {
        "ci": ["pull", {"tier": "list", "until": "2030-01-01"}]
    }


RAW: dict[str, Json] = {
    "deny": {"Sid": "no deletes", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchDelete*"},
    "NotPrincipal": {
        "Effect": "Deny",
        "NotPrincipal": {
            "AWS": [role("ci"), "arn:aws:iam::444455556666:root"],
            "Service": "a.amazonaws.com",
        },
        "Action": "ecr:PutImage",
    },
    "NotAction": {
        "Effect": "Allow",
        "Principal": {"AWS": role("ci")},
        "NotAction": ["ecr:DeleteRepository", "ecr:PutImage"],
    },
    "everyone and others": {
        "Effect": "Deny",
        "Principal": {"AWS": ["*", role("ci")], "Service": "codebuild.amazonaws.com"},
        "Action": ["ecr:DeleteRepository", "ecr:Fly*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
}


@pytest.mark.parametrize("statement", RAW.values(), ids=RAW.keys())
def test_what_no_grant_says_is_a_raw_statement(statement: Json) -> None:
    file = file_of(statement)
    assert file["repositories"] == {"a/b": {"statements": [statement]}}


def test_a_raw_statement_of_an_old_document_keeps_its_meaning() -> None:
    """`${` is plain text under Version 2008-10-17, and a variable under ours."""
    text = (
        '{"Version": "2008-10-17", "Statement": {"Effect": "Deny", "Principal": "*",'
        ' "Action": "ecr:PutImage", "Condition": {"StringEquals": {"aws:PrincipalTag/a": "${b}"}}}}'
    )
    found = imported({"a/b": text})
    assert plan_of(found.text, registry({"a/b": text})).in_sync == 1
    assert "${$}{b}" in found.text


def test_actions_keep_their_spelling_whatever_the_order() -> None:
    one = allow(role("ci"), ["ecr:FlyToTheMoon", "ecr:Describe*"])
    other = allow(role("cd"), ["ecr:describe*", "ecr:flytothemoon"])
    texts = {imported({"a/b": order}).text for order in ([one, other], [other, one])}
    assert len(texts) == 1
    assert 'actions: ["ecr:Describe*", ecr:FlyToTheMoon]' in texts.pop()


def test_lambdas_own_statement_is_kept_where_the_rule_applies() -> None:
    own = allow(
        {"Service": "lambda.amazonaws.com"},
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Sid="LambdaECRImageRetrievalPolicy",
        Condition={"StringLike": {"aws:sourceArn": LAMBDAS}},
    )
    found = imported({"a/b": [own]}, NAMES)
    file = yaml.safe_load(found.text)
    assert (file["repositories"], found.notes.kept) == ({"a/b": {"access": {}}}, ("a/b",))
    rewriting = imported({"a/b": [{**own, "Action": "ecr:SetRepositoryPolicy"}]}, NAMES)
    assert (rewriting.notes.kept, rewriting.notes.risks) == (("a/b",), ())
    assert file["accounts"] == {"workloads": WORKLOADS}
    file = file_of({**own, "Action": "ecr:*"})
    assert file["repositories"] == {"a/b": {"access": {"lambda": "admin"}}}
    file = file_of({**own, "Sid": "Other"})
    assert file["repositories"] == {"a/b": {"access": {"lambda": "lambda"}}}
