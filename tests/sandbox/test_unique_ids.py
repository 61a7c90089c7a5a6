"""Deleted roles and users, shown in a policy by their unique ids."""

import json
import re
from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

ACCOUNT = "444455556666"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
ROLE_ID = re.compile(r"AROA[A-Z2-7]{17}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        running.create_repository("tools")
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


@pytest.fixture
def iam(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox, "iam") as made:
        yield made


def policy(*principals: str, **changes: object) -> str:
    return text(statement(Principal={"AWS": list(principals)}, **changes))


def write(ecr: BaseClient, policy_text: str) -> None:
    ecr.set_repository_policy(repositoryName="tools", policyText=policy_text)


def principals(ecr: BaseClient) -> set[str]:
    """The principals that a read of the only statement names."""
    (only,) = json.loads(ecr.get_repository_policy(repositoryName="tools")["policyText"])[
        "Statement"
    ]
    named = only["Principal"]["AWS"]
    return {named} if isinstance(named, str) else set(named)


def test_a_deleted_role_is_shown_by_its_id_from_the_next_read_on(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    role = sandbox.create_role(ACCOUNT, "release", "/deploy/")
    write(ecr, policy(role, OTHER))
    assert principals(ecr) == {role, OTHER}
    sandbox.delete_role(role)
    (gone,) = principals(ecr) - {OTHER}
    assert ROLE_ID.fullmatch(gone)
    assert json.loads(sandbox.policy_text("tools") or "") == json.loads(policy(gone, OTHER))


def test_a_role_created_again_is_another_principal(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    write(ecr, policy(role))
    sandbox.delete_role(role)
    first = principals(ecr)
    assert sandbox.create_role(ACCOUNT, "release") == role
    assert principals(ecr) == first != {role}
    write(ecr, policy(role))
    assert principals(ecr) == {role}
    sandbox.delete_role(role)
    assert principals(ecr).isdisjoint({role, *first})


def test_the_id_is_the_one_that_iam_returned(ecr: BaseClient, iam: BaseClient) -> None:
    role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument="{}")["Role"]
    iam.create_user(UserName="alice")
    user = "arn:aws:iam::111122223333:user/alice"
    write(ecr, policy(role["Arn"], user))
    iam.delete_role(RoleName="ci")
    iam.delete_user(UserName="alice")
    (gone_user,) = principals(ecr) - {role["RoleId"]}
    assert gone_user.startswith("AIDA")
    assert gone_user == gone_user.upper()


def test_a_renamed_user_is_the_same_principal(ecr: BaseClient, iam: BaseClient) -> None:
    iam.create_user(UserName="alice")
    write(ecr, policy("arn:aws:iam::111122223333:user/alice"))
    iam.update_user(UserName="alice", NewUserName="alicia")
    assert principals(ecr) == {"arn:aws:iam::111122223333:user/alicia"}


def test_a_role_created_after_the_policy_is_kept_by_name(sandbox: Sandbox, ecr: BaseClient) -> None:
    write(ecr, policy(OTHER))
    sandbox.delete_role(sandbox.create_role(ACCOUNT, "other"))
    assert principals(ecr) == {OTHER}


def test_the_text_is_unchanged_if_no_principal_of_it_was_deleted(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    stored = policy(sandbox.create_role(ACCOUNT, "release")).replace(": ", " :  ")
    another = sandbox.create_role(ACCOUNT, "another")
    write(ecr, stored)
    sandbox.delete_role(another)
    assert sandbox.policy_text("tools") == stored


def test_conditions_keep_the_name(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    condition = {"ArnLike": {"aws:PrincipalArn": role}}
    write(ecr, policy(role, Condition=condition))
    sandbox.delete_role(role)
    (stored,) = json.loads(sandbox.policy_text("tools") or "")["Statement"]
    assert stored["Condition"] == condition
    assert stored["Principal"] != {"AWS": [role]}


def test_a_manual_edit_stores_ids_and_keeps_earlier_ones(sandbox: Sandbox, ecr: BaseClient) -> None:
    first, second = (sandbox.create_role(ACCOUNT, name) for name in ("first", "second"))
    sandbox.set_policy_text("tools", policy(first))
    sandbox.delete_role(first)
    (gone,) = principals(ecr)
    sandbox.set_policy_text("tools", policy(gone, second))
    assert principals(ecr) == {gone, second}
    sandbox.delete_role(second)
    assert len(principals(ecr) - {gone, second}) == 1


def test_a_write_with_an_id_is_refused(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    write(ecr, policy(role))
    sandbox.delete_role(role)
    with refused("InvalidParameterException", "Invalid repository policy provided"):
        write(ecr, sandbox.policy_text("tools") or "")


def test_a_deleted_policy_is_returned_with_ids(sandbox: Sandbox, ecr: BaseClient) -> None:
    role = sandbox.create_role(ACCOUNT, "release")
    write(ecr, policy(role))
    sandbox.delete_role(role)
    last = ecr.delete_repository_policy(repositoryName="tools")["policyText"]
    assert role not in last
    assert sandbox.policy_text("tools") is None


def test_without_the_switch_names_are_kept() -> None:
    with Sandbox(Behaviour(unique_ids=False)) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        role = sandbox.create_role(ACCOUNT, "release")
        write(ecr, policy(role))
        sandbox.delete_role(role)
        assert principals(ecr) == {role}
