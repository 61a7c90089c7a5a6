"""New roles and users that ECR does not know yet."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

ACCOUNT = "444455556666"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(known_principals_only=True, iam_delay=2)) as running:
        running.create_repository("tools")
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


def attempt(ecr: BaseClient, *principals: str) -> None:
    policy = text(statement(Principal={"AWS": list(principals)}))
    ecr.set_repository_policy(repositoryName="tools", policyText=policy)


def test_a_new_role_is_not_found_at_first(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    for _ in range(2):
        with refused("InvalidParameterException", "'Principal not found'"):
            attempt(ecr, role)
    assert sandbox.policy_text("tools") is None
    attempt(ecr, role)
    attempt(ecr, role)


def test_the_registry_and_templates_know_a_role_as_repositories_do(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    own = statement(Principal={"AWS": role})
    with refused("InvalidParameterException", "'Principal not found'"):
        ecr.put_registry_policy(policyText=text(own | {"Resource": "*"}))
    template = {"prefix": "tools", "appliedFor": ["REPLICATION"], "repositoryPolicy": text(own)}
    with refused("InvalidParameterException", "'Principal not found'"):
        ecr.create_repository_creation_template(**template)
    ecr.put_registry_policy(policyText=text(own | {"Resource": "*"}))
    ecr.create_repository_creation_template(**template)
    attempt(ecr, role)


def test_each_new_role_has_its_own_delay(sandbox: Sandbox, ecr: BaseClient) -> None:
    first, second = (sandbox.create_role(ACCOUNT, name) for name in ("first", "second"))
    for named in ([first], [first, second], [first, second]):
        with refused("InvalidParameterException", "'Principal not found'"):
            attempt(ecr, *named)
    attempt(ecr, first, second)


def test_one_created_again_is_new(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    sandbox.propagate_iam()
    attempt(ecr, role)
    sandbox.delete_role(role)
    sandbox.create_role(ACCOUNT, "release")
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, role)


def test_a_session_is_known_when_its_role_is(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.create_role(ACCOUNT, "release", "/deploy/")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/build"
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, session)
    sandbox.propagate_iam()
    attempt(ecr, session)


def test_a_user_created_by_a_call_is_new_too(sandbox: Sandbox, ecr: BaseClient) -> None:
    with client(sandbox, "iam") as iam:
        user = iam.create_user(UserName="alice")["User"]["Arn"]
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, user)
    sandbox.propagate_iam()
    attempt(ecr, user)


def test_the_initial_user_is_known(ecr: BaseClient) -> None:
    attempt(ecr, "arn:aws:iam::111122223333:user/sandbox", "999900001111")


def test_propagation_does_not_make_a_role_exist(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.propagate_iam()
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, f"arn:aws:iam::{ACCOUNT}:role/nobody")


def test_a_call_with_an_invalid_policy_does_not_count(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    for _ in range(3):
        with refused("InvalidParameterException", "Invalid repository policy provided"):
            attempt(ecr, role, "role/release")
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, role)


def test_there_is_no_delay_without_known_principals_only() -> None:
    with Sandbox(Behaviour(iam_delay=2)) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        attempt(ecr, sandbox.create_role(ACCOUNT, "release"))
