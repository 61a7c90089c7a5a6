"""Faults of each n-th call (closed connections, failures, late responses), and their order."""

import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

SET = ("SetRepositoryPolicy", "tools")


def write(ecr: BaseClient, sid: str) -> None:
    ecr.set_repository_policy(repositoryName="tools", policyText=text(statement(Sid=sid)))


def cut() -> AbstractContextManager[Any]:
    return pytest.raises(ConnectionClosedError)


def failed() -> AbstractContextManager[Any]:
    return refused("ServerException", status=500)


def expired() -> AbstractContextManager[Any]:
    return refused("ExpiredTokenException")


def throttled() -> AbstractContextManager[Any]:
    return refused("ThrottlingException")


@pytest.mark.parametrize(
    ("switch", "fault", "done"),
    [
        ("cut_before_every", cut, False),
        ("cut_after_every", cut, True),
        ("fail_every", failed, False),
        ("fail_after_every", failed, True),
    ],
)
def test_each_third_call(
    switch: str, fault: Callable[[], AbstractContextManager[Any]], done: bool
) -> None:
    with Sandbox(Behaviour(**{switch: 3})) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        for number in range(1, 8):
            before = sandbox.policy_text("tools")
            with fault() if number % 3 == 0 else nullcontext():
                write(ecr, f"Call{number}")
            stored = text(statement(Sid=f"Call{number}"))
            assert sandbox.policy_text("tools") == (stored if done or number % 3 else before)
        assert sandbox.calls() == (SET,) * 7


@pytest.mark.parametrize("behaviour", [Behaviour(cut_before_every=1), Behaviour(cut_after_every=1)])
def test_a_cut_connection_sends_nothing_and_logs_nothing(
    behaviour: Behaviour, capfd: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(behaviour) as sandbox:
        host = sandbox.endpoint_url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
        connection.request("POST", "/", "{}", {"X-Amz-Target": target})
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()
    assert capfd.readouterr() == ("", "")


def test_a_late_response_follows_a_completed_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[str | None] = []
    real_sleep = time.sleep
    with (
        Sandbox(Behaviour(slow_every=2, slow_seconds=0.125)) as sandbox,
        client(sandbox) as ecr,
    ):
        sandbox.create_repository("tools")

        def sleep(seconds: float) -> None:
            if seconds == 0.125:
                late.append(sandbox.policy_text("tools"))
            else:
                real_sleep(seconds)

        monkeypatch.setattr(time, "sleep", sleep)
        for sid in ("first", "second", "third", "fourth"):
            write(ecr, sid)
    assert late == [text(statement(Sid="second")), text(statement(Sid="fourth"))]


def test_a_refused_call_fails_after_the_operation_too() -> None:
    with Sandbox(Behaviour(fail_after_every=2)) as sandbox, client(sandbox) as ecr:
        with refused("RepositoryNotFoundException"):
            write(ecr, "nowhere")
        with failed():
            write(ecr, "nowhere")


def test_other_services_have_no_faults_and_do_not_count() -> None:
    behaviour = Behaviour(cut_before_every=2, fail_every=2)
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr, client(sandbox, "sts") as sts:
        ecr.describe_repositories()
        for _ in range(3):
            sts.get_caller_identity()
        with cut():
            ecr.describe_repositories()


EVERYTHING = {
    "expire_after": 1,
    "throttle_rate": 1.0,
    "cut_before_every": 2,
    "fail_every": 2,
    "slow_every": 2,
    "fail_after_every": 2,
    "cut_after_every": 2,
}


@pytest.mark.parametrize(
    ("without", "fault"),
    [
        ((), expired),
        (("expire_after",), throttled),
        (("expire_after", "throttle_rate"), cut),
        (("expire_after", "throttle_rate", "cut_before_every"), failed),
    ],
)
def test_the_order_before_the_operation(
    without: tuple[str, ...], fault: Callable[[], AbstractContextManager[Any]]
) -> None:
    # No call reaches the late response, which would take a day.
    switches: dict[str, Any] = {
        name: value for name, value in EVERYTHING.items() if name not in without
    }
    behaviour = Behaviour(**switches, slow_seconds=86_400)
    with Sandbox(behaviour, clock=lambda: 0.0) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        write(ecr, "first")
        with fault():
            write(ecr, "second")
        assert sandbox.policy_text("tools") == text(statement(Sid="first"))


def test_the_order_after_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real_sleep = time.sleep
    behaviour = Behaviour(slow_every=1, slow_seconds=0.125, fail_after_every=2, cut_after_every=1)
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        monkeypatch.setattr(
            time, "sleep", lambda s: slept.append(s) if s == 0.125 else real_sleep(s)
        )
        with cut():
            write(ecr, "first")
        with failed():
            write(ecr, "second")
        assert sandbox.policy_text("tools") == text(statement(Sid="second"))
    assert slept == [0.125, 0.125]


def test_counts_calls_of_several_threads_together() -> None:
    def call(ecr: BaseClient) -> bool:
        try:
            ecr.describe_repositories()
        except ConnectionClosedError:
            return False
        return True

    with Sandbox(Behaviour(cut_before_every=4)) as sandbox, client(sandbox) as ecr:
        with ThreadPoolExecutor(4) as pool:
            answered = list(pool.map(call, [ecr] * 40))
        assert len(sandbox.calls()) == 40
    assert answered.count(False) == 10
