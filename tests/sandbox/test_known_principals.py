"""Roles and users that must exist."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import refused, statement, text

KNOWN = "arn:aws:iam::444455556666:role/deploy/release"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(known_principals_only=True)) as running:
        running.create_repository("payments/api")
        assert running.create_role("444455556666", "release", "/deploy/") == KNOWN
        yield running


def policy(*principals: str) -> str:
    return text(statement(Principal={"AWS": list(principals)}))


@pytest.mark.parametrize(
    "principal",
    [
        KNOWN,
        "arn:aws:iam::111122223333:user/sandbox",
        "arn:aws:sts::444455556666:assumed-role/release/build",
        "999900001111",
        "arn:aws:iam::999900001111:root",
        "*",
    ],
)
def test_accepts_principals_that_exist(ecr: BaseClient, principal: str) -> None:
    ecr.set_repository_policy(repositoryName="payments/api", policyText=policy(principal))


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::444455556666:role/release",
        "arn:aws:iam::999900001111:role/deploy/release",
        "arn:aws:iam::111122223333:user/nobody",
        "arn:aws:iam::444455556666:user/deploy/release",
        "arn:aws:sts::444455556666:assumed-role/deploy/build",
    ],
)
def test_refuses_the_whole_policy_for_one_unknown_principal(
    sandbox: Sandbox, ecr: BaseClient, principal: str
) -> None:
    sandbox.set_policy_text("payments/api", "before")
    with refused(
        "InvalidParameterException",
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
    ):
        ecr.set_repository_policy(
            repositoryName="payments/api", policyText=policy(KNOWN, principal)
        )
    assert sandbox.policy_text("payments/api") == "before"


def test_a_deleted_role_is_not_found(sandbox: Sandbox, ecr: BaseClient) -> None:
    arn = sandbox.create_role("444455556666", "passing")
    ecr.set_repository_policy(repositoryName="payments/api", policyText=policy(arn))
    sandbox.delete_role(arn)
    with refused("InvalidParameterException", "'Principal not found'"):
        ecr.set_repository_policy(repositoryName="payments/api", policyText=policy(arn))
