"""New repositories that calls do not find yet."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

POLICY = text(statement())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(visible_after=3)) as running:
        running.create_repository("old")
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


def listed(ecr: BaseClient) -> list[str]:
    return [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]


def test_is_hidden_from_the_policy_operations(sandbox: Sandbox, ecr: BaseClient) -> None:
    made = ecr.create_repository(repositoryName="new")["repository"]
    assert made["repositoryName"] == "new"
    missing = "The repository with name 'new' does not exist in the registry with id '111122223333'"
    with refused("RepositoryNotFoundException", missing):
        ecr.set_repository_policy(repositoryName="new", policyText=POLICY)
    with refused("RepositoryNotFoundException", missing):
        ecr.get_repository_policy(repositoryName="new")
    assert listed(ecr) == ["old"]
    with refused("RepositoryNotFoundException", missing):
        ecr.delete_repository_policy(repositoryName="new")
    assert listed(ecr) == ["new", "old"]
    assert sandbox.policy_text("new") is None
    ecr.set_repository_policy(repositoryName="new", policyText=POLICY)
    assert sandbox.policy_text("new") == POLICY


def test_describing_it_by_name_counts(ecr: BaseClient) -> None:
    ecr.create_repository(repositoryName="new")
    for _ in range(3):
        with refused("RepositoryNotFoundException"):
            ecr.describe_repositories(repositoryNames=["old", "new"])
    ecr.describe_repositories(repositoryNames=["old", "new"])
    ecr.get_paginator("describe_repositories").paginate().build_full_result()


def test_a_hidden_repository_exists(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository(repositoryName="new")
    with refused("RepositoryAlreadyExistsException"):
        ecr.create_repository(repositoryName="new")
    sandbox.set_policy_text("new", POLICY)
    assert sandbox.policy_text("new") == POLICY


def test_one_created_again_is_new(ecr: BaseClient) -> None:
    for _ in range(2):
        ecr.create_repository(repositoryName="new")
        for _ in range(3):
            with refused("RepositoryNotFoundException"):
                ecr.set_repository_policy(repositoryName="new", policyText=POLICY)
        ecr.set_repository_policy(repositoryName="new", policyText=POLICY)
        ecr.delete_repository(repositoryName="new")


def test_one_created_without_a_call_is_not_new(ecr: BaseClient) -> None:
    assert listed(ecr) == ["old"]
    ecr.set_repository_policy(repositoryName="old", policyText=POLICY)
