"""Code of a test that runs before or after an operation."""

import threading

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.protocol import Call
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
