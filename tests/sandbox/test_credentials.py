"""Credentials that expire after a number of calls."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused

EXPIRED = "The security token included in the request is expired"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(expire_after=2)) as running:
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


@pytest.fixture
def sts(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox, "sts") as made:
        yield made


def test_expire_after_a_number_of_ecr_calls_until_renewed(
    sandbox: Sandbox, ecr: BaseClient, sts: BaseClient
) -> None:
    for _ in range(2):
        sts.get_caller_identity()
        ecr.describe_repositories()
    for _ in range(2):
        with refused("ExpiredTokenException", EXPIRED):
            ecr.create_repository(repositoryName="tools")
        with refused("ExpiredToken", EXPIRED, status=403):
            sts.get_caller_identity()
    sandbox.renew_credentials()
    assert ecr.describe_repositories()["repositories"] == []
    for _ in range(3):
        ecr.describe_repositories()
        sts.get_caller_identity()


def test_refused_calls_count(ecr: BaseClient) -> None:
    for _ in range(2):
        with refused("RepositoryNotFoundException"):
            ecr.get_repository_policy(repositoryName="tools")
    with refused("ExpiredTokenException"):
        ecr.describe_repositories()


def test_unsigned_calls_still_succeed(sandbox: Sandbox, ecr: BaseClient) -> None:
    for _ in range(2):
        ecr.describe_repositories()
    with client(sandbox, "sts") as sts:
        answer = sts.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::444455556666:role/ci",
            RoleSessionName="test",
            WebIdentityToken="token",
        )
    assert answer["Credentials"]["AccessKeyId"]


def test_credentials_renewed_before_they_expire_do_not_expire(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    sandbox.renew_credentials()
    for _ in range(4):
        ecr.describe_repositories()
