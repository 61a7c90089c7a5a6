import pytest

from reconciler.policy.language.conditions import display_holder, parse_condition
from reconciler.policy.language.principals import (
    EVERYONE,
    MISSING,
    IamArn,
    Principal,
    account_of,
    account_principal,
    canonical_name,
    deleted_kind,
    parse_arn,
    partition_of_region,
    plain_name,
    service_principal,
)

ACCOUNT = "444455556666"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", ("aws", "root", "")),
        (f"arn:aws:iam::{ACCOUNT}:role/a", ("aws", "role", "a")),
        (f"arn:aws:iam::{ACCOUNT}:role/path/to/a", ("aws", "role", "path/to/a")),
        (f'arn:aws:iam::{ACCOUNT}:role/p:"~!/a', ("aws", "role", 'p:"~!/a')),
        (f"arn:aws-cn:iam::{ACCOUNT}:user/alice", ("aws-cn", "user", "alice")),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:group/g", ("aws-us-gov", "group", "g")),
        (f"arn:aws-iso:sts::{ACCOUNT}:assumed-role/a/s@x", ("aws-iso", "assumed-role", "a/s@x")),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/f", ("aws", "federated-user", "f")),
    ],
)  # fmt: skip
def test_arns(text: str, parts: tuple[str, str, str]) -> None:
    partition, resource_type, path = parts
    assert parse_arn(text) == IamArn(partition, ACCOUNT, resource_type, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}",
        f"arn:aws:iam::{ACCOUNT}:root/x",
        f"arn:aws:iam::{ACCOUNT}:role",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:role/a b",
        f"arn:aws:iam::{ACCOUNT}:role/a\n",
        f"arn:aws:iam::{ACCOUNT}:policy/p",
        f"arn:aws:iam:us-west-2:{ACCOUNT}:role/a",
        f"arn:aws:iam::{ACCOUNT}:assumed-role/a/s",
        f"arn:aws:sts::{ACCOUNT}:assumed-role//s",
        f"arn:aws:sts::{ACCOUNT}:role/a",
        f"arn:aws:s3::{ACCOUNT}:role/a",
        f"ARN:aws:iam::{ACCOUNT}:role/a",
        "arn:aws:iam::44445555666:role/a",
        "arn:aws:iam::4444555566667:role/a",
        "arn:aws:iam::٤٤٤٤٥٥٥٥٦٦٦٦:root",
    ],
)
def test_no_arns(text: str) -> None:
    assert parse_arn(text) is None


@pytest.mark.parametrize(
    ("kind", "name", "partition", "canonical"),
    [
        ("AWS", ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:root"),
        ("AWS", ACCOUNT, "aws-cn", f"arn:aws-cn:iam::{ACCOUNT}:root"),
        ("AWS", "44445555666", "aws", "44445555666"),
        ("AWS", f"{ACCOUNT}\n", "aws", f"{ACCOUNT}\n"),
        ("AWS", "*", "aws", "*"),
        ("Service", ACCOUNT, "aws", ACCOUNT),
    ],
)
def test_one_spelling(kind: str, name: str, partition: str, canonical: str) -> None:
    assert canonical_name(kind, name, partition) == canonical


@pytest.mark.parametrize(
    ("principal", "account"),
    [
        (account_principal(ACCOUNT, "aws"), ACCOUNT),
        (Principal("AWS", (f"arn:aws:iam::{ACCOUNT}:role/a",)), ACCOUNT),
        (Principal("AWS", ("AROAEXAMPLEEXAMPLEID",)), None),
        (Principal("Federated", (f"arn:aws:iam::{ACCOUNT}:role/a",)), None),
        (service_principal("lambda.amazonaws.com"), None),
        (EVERYONE, None),
        (MISSING, None),
    ],
)
def test_whose_account(principal: Principal, account: str | None) -> None:
    assert account_of(principal) == account


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        (Principal("AWS", ("AROAEXAMPLEEXAMPLEID",)), "role"),
        (Principal("AWS", ("AIDAEXAMPLEEXAMPLEID",)), "user"),
        (Principal("AWS", ("AGPAEXAMPLEEXAMPLEID",)), "group"),
        (Principal("AWS", ("AIPAEXAMPLEEXAMPLEID",)), "instance profile"),
        (Principal("AWS", ("ANPAEXAMPLEEXAMPLEID",)), "managed policy"),
        (Principal("AWS", ("AROA",)), None),
        (Principal("AWS", ("AROAexampleexample",)), None),
        (Principal("AWS", ("XROAEXAMPLEEXAMPLEID",)), None),
        (Principal("CanonicalUser", ("AROAEXAMPLEEXAMPLEID",)), None),
        (EVERYONE, None),
        (MISSING, None),
    ],
)
def test_which_principal_is_deleted(principal: Principal, kind: str | None) -> None:
    assert deleted_kind(principal) == kind


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        (EVERYONE, "everyone"),
        (MISSING, "(no principal)"),
        (Principal("AWS", ("arn:aws:iam::444455556666:root",)), "444455556666"),
        (
            Principal("AWS", ("arn:aws:iam::444455556666:role/a",)),
            "arn:aws:iam::444455556666:role/a",
        ),
        (Principal("Service", ("lambda.amazonaws.com",)), "lambda.amazonaws.com"),
        (Principal("CanonicalUser", ("X",)), "CanonicalUser X"),
        (Principal("NotPrincipal", ("AWS:a", "Service:b")), "everyone except a, b"),
    ],
)
def test_how_people_read_it(principal: Principal, name: str) -> None:
    assert plain_name(principal) == name


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-west-2", "aws"),
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
        ("", "aws"),
    ],
)
def test_the_partition_of_a_region(region: str, partition: str) -> None:
    assert partition_of_region(region) == partition


def test_everyone_under_a_condition_is_not_everyone() -> None:
    bound = parse_condition({"StringEquals": {"aws:SourceAccount": ["5", "4", "3", "2"]}})
    told = 'everyone with StringEquals aws:SourceAccount "2" or "3" or "4" or 1 more'
    assert display_holder(EVERYONE, bound) == told
    assert display_holder(EVERYONE, ()) == "everyone"
    assert display_holder(account_principal(ACCOUNT, "aws"), bound) == ACCOUNT
