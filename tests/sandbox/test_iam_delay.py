"""Principals that ECR comes to know after a while only."""

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


def test_a_new_role_is_not_found_so_many_times(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    for _ in range(2):
        with refused("InvalidParameterException", "'Principal not found'"):
            attempt(ecr, role)
    assert sandbox.policy_text("tools") is None
    attempt(ecr, role)
    attempt(ecr, role)


def test_each_is_waited_for(sandbox: Sandbox, ecr: BaseClient) -> None:
    first, second = (sandbox.create_role(ACCOUNT, name) for name in ("first", "second"))
    for named in ([first], [first, second], [first, second]):
        with refused("InvalidParameterException", "'Principal not found'"):
            attempt(ecr, *named)
    attempt(ecr, first, second)


def test_one_made_again_is_new(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    sandbox.spread_iam()
    attempt(ecr, role)
    sandbox.delete_role(role)
    sandbox.create_role(ACCOUNT, "release")
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, role)


def test_a_session_is_as_known_as_its_role(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.create_role(ACCOUNT, "release", "/deploy/")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/build"
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, session)
    sandbox.spread_iam()
    attempt(ecr, session)


def test_a_user_made_over_http_is_new_too(sandbox: Sandbox, ecr: BaseClient) -> None:
    with client(sandbox, "iam") as iam:
        user = iam.create_user(UserName="alice")["User"]["Arn"]
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, user)
    sandbox.spread_iam()
    attempt(ecr, user)


def test_who_was_there_from_the_start_is_known(ecr: BaseClient) -> None:
    attempt(ecr, "arn:aws:iam::111122223333:user/sandbox", "999900001111")


def test_spreading_makes_nobody_exist(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.spread_iam()
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, f"arn:aws:iam::{ACCOUNT}:role/nobody")


def test_a_call_refused_for_its_form_counts_for_nobody(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    for _ in range(3):
        with refused("InvalidParameterException", "Invalid repository policy provided"):
            attempt(ecr, role, "role/release")
    with refused("InvalidParameterException", "'Principal not found'"):
        attempt(ecr, role)


def test_without_known_principals_it_delays_nobody() -> None:
    with Sandbox(Behaviour(iam_delay=2)) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        attempt(ecr, sandbox.create_role(ACCOUNT, "release"))
