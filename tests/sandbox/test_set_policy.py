"""The policies that SetRepositoryPolicy accepts and refuses."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

INVALID = "failed to satisfy constraint: 'Invalid repository policy provided'"
ROLE = "arn:aws:iam::444455556666:role/role2-1"

ACCEPTED = {
    "no version": json.dumps({"Statement": [statement()]}),
    "version 2008": text(statement(), Version="2008-10-17"),
    "id": text(statement(), Id="central"),
    "statement as an object": json.dumps({"Statement": statement()}),
    "sids repeated, with spaces": text(statement(Sid="a b"), statement(Sid="a b")),
    "deny": text(statement(Effect="Deny")),
    "account id": text(statement(Principal={"AWS": "444455556666"})),
    "root": text(statement(Principal={"AWS": "arn:aws:iam::444455556666:root"})),
    "role": text(statement(Principal={"AWS": ROLE})),
    "role with a path": text(statement(Principal={"AWS": ROLE.replace("role2", "a/b/role2")})),
    "user": text(statement(Principal={"AWS": "arn:aws:iam::444455556666:user/alice"})),
    "session": text(
        statement(Principal={"AWS": "arn:aws:sts::444455556666:assumed-role/role2-1/build"})
    ),
    "anyone in AWS": text(statement(Principal={"AWS": "*"})),
    "service": text(statement(Principal={"Service": "lambda.amazonaws.com"})),
    "both kinds": text(statement(Principal={"AWS": [ROLE], "Service": ["a.amazonaws.com"]})),
    "not principal": text(statement(Effect="Deny", Principal=None, NotPrincipal={"AWS": ROLE})),
    "not action": text(statement(Action=None, NotAction=["ecr:Put*"])),
    "every action": text(statement(Action="*")),
    "unknown action": text(statement(Action=["ecr:MakeCoffee"])),
    "number": text(statement(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 5}})),
    "boolean": text(statement(Condition={"Bool": {"aws:SecureTransport": True}})),
    "set operator": text(
        statement(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a/*"]}})
    ),
    "if exists": text(statement(Condition={"StringNotEqualsIfExists": {"aws:SourceVpc": "v"}})),
    "null operator": text(statement(Condition={"Null": {"aws:SourceVpc": "true"}})),
    "empty condition": text(statement(Condition={})),
}

REFUSED = {
    "empty": "",
    "not JSON": "{",
    "not a number of JSON": text(statement(Condition={"Bool": {"a": float("nan")}})),
    "nested without end": "[" * 10_000,
    "a list": "[]",
    "a key twice": '{"Version": "2012-10-17", ' + text(statement())[1:],
    "unknown element": text(statement(), Statements=[]),
    "version": text(statement(), Version="2012-10-18"),
    "id": text(statement(), Id=5),
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "empty statement": text(),
    "statement as text": text("allow"),
    "no effect": text(statement(Effect=None)),
    "effect": text(statement(Effect="allow")),
    "sid": text(statement(Sid=5)),
    "resource": text(statement(Resource="*")),
    "not resource": text(statement(NotResource="*")),
    "misspelt element": text(statement(Conditions={})),
    "no action": text(statement(Action=None)),
    "action and not action": text(statement(NotAction="ecr:PutImage")),
    "empty action": text(statement(Action=[])),
    "action without a service": text(statement(Action="PutImage")),
    "action as a number": text(statement(Action=["ecr:PutImage", 5])),
    "no principal": text(statement(Principal=None)),
    "principal and not principal": text(statement(NotPrincipal={"AWS": ROLE})),
    "principal as text": text(statement(Principal=ROLE)),
    "empty principal": text(statement(Principal={})),
    "empty principals": text(statement(Principal={"AWS": []})),
    "federated": text(statement(Principal={"Federated": "accounts.google.com"})),
    "canonical user": text(statement(Principal={"CanonicalUser": "0" * 64})),
    "group": text(statement(Principal={"AWS": "arn:aws:iam::444455556666:group/admins"})),
    "wildcard in an ARN": text(statement(Principal={"AWS": "arn:aws:iam::444455556666:role/*"})),
    "wildcard in a path": text(statement(Principal={"AWS": ROLE.replace("role2", "*/role2")})),
    "wildcard account": text(statement(Principal={"AWS": "arn:aws:iam::*:root"})),
    "wildcard session": text(
        statement(Principal={"AWS": "arn:aws:sts::444455556666:assumed-role/role2-1/*"})
    ),
    "short account": text(statement(Principal={"AWS": "44445555666"})),
    "another partition": text(statement(Principal={"AWS": ROLE.replace("aws", "aws-cn")})),
    "one bad of two": text(statement(Principal={"AWS": [ROLE, "role2-1"]})),
    "second statement": text(statement(), statement(Effect="Maybe")),
    "service without a domain": text(statement(Principal={"Service": "lambda"})),
    "condition as a list": text(statement(Condition=[])),
    "condition without a key": text(statement(Condition={"StringEquals": "a"})),
    "unknown operator": text(statement(Condition={"StringSimilar": {"a": "b"}})),
    "null value": text(statement(Condition={"StringEquals": {"a": ["b", None]}})),
}


@pytest.mark.parametrize("policy", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_what_the_service_accepts(sandbox: Sandbox, ecr: BaseClient, policy: str) -> None:
    sandbox.set_policy_text("payments/api", "before")
    answer = ecr.set_repository_policy(repositoryName="payments/api", policyText=policy)
    assert answer["repositoryName"] == "payments/api"
    assert answer["registryId"] == "111122223333"
    assert sandbox.policy_text("payments/api") == policy


@pytest.mark.parametrize("policy", REFUSED.values(), ids=REFUSED)
def test_refuses_what_the_service_refuses(sandbox: Sandbox, ecr: BaseClient, policy: str) -> None:
    sandbox.set_policy_text("payments/api", "before")
    with refused("InvalidParameterException", f"Invalid parameter at 'PolicyText' {INVALID}"):
        ecr.set_repository_policy(repositoryName="payments/api", policyText=policy)
    assert sandbox.policy_text("payments/api") == "before"


@pytest.mark.parametrize("surplus", [0, 1])
def test_the_length_ends_at_10240_characters(ecr: BaseClient, surplus: int) -> None:
    # Characters and not bytes: each of these takes three in UTF-8.
    bare = text(statement(Sid=""))
    policy = bare.replace('"Sid": ""', f'"Sid": "{"€" * (10_240 - len(bare) + surplus)}"')
    assert len(policy) == 10_240 + surplus

    def send() -> Any:
        return ecr.set_repository_policy(repositoryName="payments/api", policyText=policy)

    if surplus:
        with refused("InvalidParameterException", "Invalid parameter at 'PolicyText' failed"):
            send()
    else:
        assert send()["repositoryName"] == "payments/api"


def test_a_missing_repository_is_reported_before_an_invalid_policy(ecr: BaseClient) -> None:
    with refused("RepositoryNotFoundException", "'payments/none' does not exist in the registry"):
        ecr.set_repository_policy(repositoryName="payments/none", policyText="{")


def test_a_principal_is_of_the_partition_of_its_region(sandbox: Sandbox) -> None:
    policy = text(statement(Principal={"AWS": "arn:aws-cn:iam::444455556666:role/a"}))
    sandbox.create_repository("tools", region="cn-north-1")
    with client(sandbox, region="cn-north-1") as ecr:
        ecr.set_repository_policy(repositoryName="tools", policyText=policy)
        with refused("InvalidParameterException", INVALID):
            ecr.set_repository_policy(
                repositoryName="tools", policyText=policy.replace("aws-cn", "aws")
            )


def test_delete_removes_the_policy(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.set_policy_text("payments/api", text(statement()))
    ecr.delete_repository_policy(repositoryName="payments/api")
    assert sandbox.policy_text("payments/api") is None
    with refused("RepositoryPolicyNotFoundException"):
        ecr.get_repository_policy(repositoryName="payments/api")
