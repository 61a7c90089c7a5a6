"""What identity policies ask for, case by case."""

from dataclasses import replace

import pytest

from reconciler.model.registry import RepositorySettings
from reconciler.registry.permissions import (
    IdentityPolicy,
    IdentityStatement,
    PermissionScope,
    reading_policy,
    writing_policy,
)

ACCOUNT = "111122223333"
ALL = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/*"
WORK = PermissionScope("aws", ACCOUNT, ("us-west-2",))
TWO_REGIONS = replace(WORK, regions=("us-west-2", "eu-west-1"))
USE_KEY = ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"]
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/{KEY}"
KEYS = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/*"


def key(name: str) -> RepositorySettings:
    return RepositorySettings(encryption="KMS", kms_key=name)


def creating(*settings: RepositorySettings, work: PermissionScope = WORK) -> IdentityPolicy:
    return writing_policy(replace(work, to_create=settings))


def statements_but(policy: IdentityPolicy, *sids: str) -> list[IdentityStatement]:
    return [statement for statement in policy["Statement"] if statement["Sid"] not in sids]


def key_statements(
    *settings: RepositorySettings, work: PermissionScope = WORK
) -> list[IdentityStatement]:
    policy = creating(*settings, work=work)
    return statements_but(policy, "ReadPolicies", "WritePolicies", "CreateRepositories")


def allow(sid: str, actions: list[str], *arns: str) -> IdentityStatement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(arns)}


def by_alias(number: int, alias: str, *arns: str) -> IdentityStatement:
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
    return {**allow(f"UseKeysByAlias{number}", USE_KEY, *arns), "Condition": condition}


READ_REGISTRY = allow("ReadRegistryPolicy", ["ecr:GetAccountSetting", "ecr:GetRegistryPolicy"], "*")
READ = allow("ReadPolicies", ["ecr:DescribeRepositories", "ecr:GetRepositoryPolicy"], ALL)
WRITE = allow("WritePolicies", ["ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy"], ALL)
CREATE = allow("CreateRepositories", ["ecr:CreateRepository"], ALL)
CREATE_TAGGED = allow("CreateRepositories", ["ecr:CreateRepository", "ecr:TagResource"], ALL)
PROBE = allow(
    "Probe",
    ["ecr:DeleteRepositoryPolicy", "ecr:ListImages", "ecr:SetRepositoryPolicy"],
    f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/scratch/probe",
)
WRITE_REGISTRY = allow(
    "WriteRegistryPolicy", ["ecr:DeleteRegistryPolicy", "ecr:PutRegistryPolicy"], "*"
)
READ_TEMPLATES = allow("ReadTemplates", ["ecr:DescribeRepositoryCreationTemplates"], "*")
WRITE_TEMPLATES: list[IdentityStatement] = [
    allow(
        "WriteTemplates",
        [
            "ecr:CreateRepositoryCreationTemplate",
            "ecr:DeleteRepositoryCreationTemplate",
            "ecr:UpdateRepositoryCreationTemplate",
        ],
        "*",
    ),
    {
        **allow(
            "CreateTemplateServiceRole",
            ["iam:CreateServiceLinkedRole"],
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecr.amazonaws.com/AWSServiceRoleForECRTemplate",
        ),
        "Condition": {"StringEquals": {"iam:AWSServiceName": "ecr.amazonaws.com"}},
    },
]
TEMPLATE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecr-templates"
PASS_ROLE: IdentityStatement = {
    **allow("PassTemplateRoles", ["iam:PassRole"], TEMPLATE_ROLE),
    "Condition": {"StringEquals": {"iam:PassedToService": "ecr.amazonaws.com"}},
}
MANAGING = replace(WORK, registry_policy="manage")
WITH_TEMPLATES = replace(WORK, templates=True)
EVERYTHING = replace(WORK, to_create=(key(KEY),), probe_repository="scratch/probe")
TAGGED = RepositorySettings(tags=(("team", "payments"),))


reading, *others = writing_policy(TWO_REGIONS)["Statement"]


@pytest.mark.parametrize(
    ("policy", "statements"),
    [
        (reading_policy(WORK), [READ]),
        (reading_policy(EVERYTHING), [READ]),
        (writing_policy(WORK), [READ, WRITE]),
        (reading_policy(replace(WORK, registry_policy="report")), [READ, READ_REGISTRY]),
        (
            writing_policy(replace(TWO_REGIONS, registry_policy="report")),
            [reading, READ_REGISTRY, *others],
        ),
        (reading_policy(MANAGING), [READ, READ_REGISTRY]),
        (writing_policy(MANAGING), [READ, READ_REGISTRY, WRITE, WRITE_REGISTRY]),
        (reading_policy(WITH_TEMPLATES), [READ, READ_TEMPLATES]),
        (writing_policy(WITH_TEMPLATES), [READ, READ_TEMPLATES, WRITE, *WRITE_TEMPLATES, CREATE]),
        (
            creating(TAGGED, work=WITH_TEMPLATES),
            [READ, READ_TEMPLATES, WRITE, *WRITE_TEMPLATES, CREATE_TAGGED],
        ),
        (creating(RepositorySettings()), [READ, WRITE, CREATE]),
        (creating(RepositorySettings(encryption="KMS")), [READ, WRITE, CREATE]),
        (creating(RepositorySettings(), TAGGED), [READ, WRITE, CREATE_TAGGED]),
        (writing_policy(replace(WORK, probe_repository="scratch/probe")), [READ, WRITE, PROBE]),
        (
            writing_policy(EVERYTHING),
            [READ, WRITE, CREATE, allow("UseKeys", USE_KEY, KEY_ARN), PROBE],
        ),
    ],
)
def test_a_policy_asks_for_what_there_is_to_do(
    policy: IdentityPolicy, statements: list[IdentityStatement]
) -> None:
    assert policy == {"Version": "2012-10-17", "Statement": statements}


@pytest.mark.parametrize(
    ("keys", "statements"),
    [
        ([KEY], [allow("UseKeys", USE_KEY, KEY_ARN)]),
        ([KEY_ARN, KEY], [allow("UseKeys", USE_KEY, KEY_ARN)]),
        (
            [KEY, "arn:aws:kms:us-west-2:999900001111:key/mrk-1"],
            [allow("UseKeys", USE_KEY, KEY_ARN, "arn:aws:kms:us-west-2:999900001111:key/mrk-1")],
        ),
        (["alias/images"], [by_alias(1, "alias/images", KEYS)]),
        (
            ["arn:aws:kms:us-west-2:999900001111:alias/images", "alias/images"],
            [by_alias(1, "alias/images", KEYS, "arn:aws:kms:us-west-2:999900001111:key/*")],
        ),
        (
            ["alias/team/two", "alias/one", KEY],
            [
                allow("UseKeys", USE_KEY, KEY_ARN),
                by_alias(1, "alias/one", KEYS),
                by_alias(2, "alias/team/two", KEYS),
            ],
        ),
        (["alias/aws/ecr"], []),
    ],
)
def test_a_customer_managed_key_is_asked_for_by_its_arn(
    keys: list[str], statements: list[IdentityStatement]
) -> None:
    assert key_statements(*map(key, keys)) == statements
    assert key_statements(*map(key, reversed(keys))) == statements


def test_a_key_without_an_arn_is_one_of_each_region() -> None:
    arns = [f"arn:aws:kms:{region}:{ACCOUNT}" for region in ("eu-west-1", "us-west-2")]
    assert key_statements(key("mrk-1"), key("alias/images"), work=TWO_REGIONS) == [
        allow("UseKeys", USE_KEY, *(f"{arn}:key/mrk-1" for arn in arns)),
        by_alias(1, "alias/images", *(f"{arn}:key/*" for arn in arns)),
    ]


def test_every_region_is_named_and_no_other() -> None:
    work = replace(TWO_REGIONS, to_create=(TAGGED,), probe_repository="scratch/probe")
    for statement in writing_policy(work)["Statement"]:
        name = "scratch/probe" if statement["Sid"] == "Probe" else "*"
        assert statement["Resource"] == [
            f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/{name}",
            f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/{name}",
        ]


def test_the_partition_is_the_registrys() -> None:
    work = PermissionScope("aws-cn", ACCOUNT, ("cn-north-1",), (key(KEY),), "scratch/probe")
    arns = [arn for s in writing_policy(work)["Statement"] for arn in s["Resource"]]
    assert len(arns) == 5
    assert all(arn.startswith("arn:aws-cn:") and ":cn-north-1:" in arn for arn in arns)


def test_the_roles_of_templates_are_of_the_partition_too() -> None:
    work = PermissionScope("aws-cn", ACCOUNT, ("cn-north-1",), templates=True)
    arns = [arn for s in writing_policy(work)["Statement"] for arn in s["Resource"] if arn != "*"]
    assert all(arn.startswith("arn:aws-cn:") for arn in arns)
    assert sum(arn.startswith(f"arn:aws-cn:iam::{ACCOUNT}:role/") for arn in arns) == 1


def test_only_the_roles_that_the_file_names_may_be_passed() -> None:
    work = replace(WITH_TEMPLATES, template_roles=(TEMPLATE_ROLE, TEMPLATE_ROLE))
    assert PASS_ROLE in writing_policy(work)["Statement"]
    passing = (s for s in writing_policy(WITH_TEMPLATES)["Statement"])
    assert all("iam:PassRole" not in s["Action"] for s in passing)
