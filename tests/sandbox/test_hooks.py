"""Code of a test that runs before or after an operation."""

import threading
from collections.abc import Callable
from http import HTTPStatus

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectionClosedError

from reconciler.sandbox.application import ConnectionCutError
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.requests.protocol import Call, ServiceError
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text


def test_run_before_and_after_the_operation_in_the_serving_thread() -> None:
    seen: list[tuple[str, Call, str | None]] = []
    threads: set[threading.Thread] = set()
    with Sandbox() as sandbox, client(sandbox) as ecr, client(sandbox, "sts") as sts:
        sandbox.create_repository("tools")

        def note(when: str, call: Call) -> None:
            seen.append((when, call, sandbox.policy_text("tools")))
            threads.add(threading.current_thread())

        sandbox.before_call(lambda call: note("before", call))
        sandbox.after_call(lambda call: note("after", call))
        sts.get_caller_identity()
        policy = text(statement())
        ecr.set_repository_policy(repositoryName="tools", policyText=policy)
        with refused("RepositoryNotFoundException"):
            ecr.get_repository_policy(repositoryName="missing")
    first, second = Call("SetRepositoryPolicy", "tools"), Call("GetRepositoryPolicy", "missing")
    assert seen == [
        ("before", first, None),
        ("after", first, policy),
        ("before", second, policy),
        ("after", second, policy),
    ]
    assert threading.current_thread() not in threads


def test_several_run_in_the_order_of_registration() -> None:
    seen: list[int] = []
    with Sandbox() as sandbox, client(sandbox) as ecr:
        for number in range(3):
            sandbox.after_call(lambda _, number=number: seen.append(number))
        ecr.describe_repositories()
    assert seen == [0, 1, 2]


def test_may_write_between_a_read_and_its_response() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        sandbox.set_policy_text("tools", text(statement(Sid="first")))
        second = text(statement(Sid="second"))
        sandbox.after_call(lambda _: sandbox.set_policy_text("tools", second))
        assert '"first"' in ecr.get_repository_policy(repositoryName="tools")["policyText"]
        assert sandbox.policy_text("tools") == second


def test_are_not_called_for_a_call_that_fails_before_the_operation() -> None:
    seen: list[Call] = []
    with Sandbox(Behaviour(fail_every=1)) as sandbox, client(sandbox) as ecr:
        sandbox.before_call(seen.append)
        sandbox.after_call(seen.append)
        with refused("ServerException", status=500):
            ecr.describe_repositories()
    assert seen == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("operation", "whose"),
    [
        ("PutRegistryPolicy", None),
        ("DeleteRegistryPolicy", None),
        ("CreateRepositoryCreationTemplate", "new"),
        ("UpdateRepositoryCreationTemplate", "old"),
        ("DeleteRepositoryCreationTemplate", "old"),
    ],
)
def test_a_fault_of_one_operation_comes_before_or_after_its_work(
    when: str, operation: str, whose: str | None
) -> None:
    def writes(ecr: BaseClient) -> dict[str, Callable[[], object]]:
        policy = text(statement(Resource="*", Sid="New"))
        create, update = (
            ecr.create_repository_creation_template,
            ecr.update_repository_creation_template,
        )
        return {
            "PutRegistryPolicy": lambda: ecr.put_registry_policy(policyText=policy),
            "DeleteRegistryPolicy": ecr.delete_registry_policy,
            "CreateRepositoryCreationTemplate": lambda: create(
                prefix="new", appliedFor=["REPLICATION"]
            ),
            "UpdateRepositoryCreationTemplate": lambda: update(prefix="old", description="new"),
            "DeleteRepositoryCreationTemplate": lambda: ecr.delete_repository_creation_template(
                prefix="old"
            ),
        }

    def state(sandbox: Sandbox) -> list[object]:
        templates = map(sandbox.creation_template, ("old", "new"))
        return [sandbox.registry_policy_text(), *templates]

    def cut(call: Call) -> None:
        if call == Call(operation, whose):
            raise ConnectionCutError

    def fail(call: Call) -> None:
        if call == Call(operation, whose):
            raise ServiceError("ServerException", "failed", HTTPStatus.INTERNAL_SERVER_ERROR)

    for fault in (cut, fail):
        with Sandbox() as sandbox, client(sandbox) as ecr:
            sandbox.set_registry_policy_text(text(statement(Resource="*")))
            sandbox.set_creation_template("old", {"appliedFor": ["REPLICATION"]})
            before = state(sandbox)
            (sandbox.before_call if when == "before" else sandbox.after_call)(fault)
            with pytest.raises((ConnectionClosedError, ClientError)):
                writes(ecr)[operation]()
            assert (state(sandbox) == before) == (when == "before")
            ecr.describe_repository_creation_templates()
