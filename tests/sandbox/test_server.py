"""The server: accounts, the call log, start and stop."""

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.errors import ReconcileError, UsageError
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

UNKNOWN = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.mark.parametrize("account", ["111122223333", "123456789012", "444455556666"])
def test_the_caller_belongs_to_the_account(account: str) -> None:
    with Sandbox(account=account) as sandbox, client(sandbox, "sts") as sts:
        identity = sts.get_caller_identity()
        assert identity["Account"] == account
        assert identity["Arn"] == f"arn:aws:iam::{account}:user/sandbox"
        with client(sandbox, "sts", keys=UNKNOWN) as unknown:
            assert unknown.get_caller_identity()["Account"] == account


def test_assuming_a_role_changes_the_account() -> None:
    with Sandbox() as sandbox, client(sandbox, "sts") as sts:
        sandbox.create_repository("tools")
        sandbox.create_repository("theirs", account="444455556666")
        credentials = sts.assume_role(
            RoleArn="arn:aws:iam::444455556666:role/reconciler", RoleSessionName="test"
        )["Credentials"]
        keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
        with client(sandbox, "sts", keys=keys) as there:
            assert there.get_caller_identity()["Account"] == "444455556666"
        with client(sandbox, keys=keys) as ecr:
            (found,) = ecr.describe_repositories()["repositories"]
            assert found["registryId"] == "444455556666"
            assert found["repositoryName"] == "theirs"
            with refused("AccessDeniedException", "assumed-role/reconciler/test is not authorized"):
                ecr.get_repository_policy(repositoryName="tools", registryId="111122223333")


def test_each_sandbox_starts_empty() -> None:
    for _ in range(2):
        with Sandbox() as sandbox, client(sandbox) as ecr:
            assert ecr.describe_repositories()["repositories"] == []
            assert sandbox.calls() == (("DescribeRepositories", None),)
            ecr.create_repository(repositoryName="tools")
            sandbox.create_role("444455556666", "role2-1")


def test_logs_the_calls_of_all_services_refused_ones_too() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr, client(sandbox, "sts") as sts:
        sandbox.create_repository("tools")
        assert sandbox.calls() == ()
        sts.get_caller_identity()
        ecr.set_repository_policy(repositoryName="tools", policyText=text(statement()))
        with refused("InvalidParameterException"):
            ecr.set_repository_policy(repositoryName="tools", policyText="{")
        ecr.list_images(repositoryName="tools")
        assert sandbox.calls() == (
            ("GetCallerIdentity", None),
            ("SetRepositoryPolicy", "tools"),
            ("SetRepositoryPolicy", "tools"),
            ("ListImages", "tools"),
        )


def test_serves_concurrently_each_call_with_its_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both calls must be inside their latency at once, or the barrier breaks.
    barrier = threading.Barrier(2)
    slept: list[float] = []
    real_sleep = time.sleep

    def sleep(seconds: float) -> None:
        if seconds == 0.125:
            slept.append(seconds)
            barrier.wait(timeout=30)
        else:
            real_sleep(seconds)

    with Sandbox(Behaviour(latency=0.125)) as sandbox, client(sandbox) as ecr:
        monkeypatch.setattr(time, "sleep", sleep)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: ecr.describe_repositories(), range(2)))
    assert [answer["repositories"] for answer in answers] == [[], []]
    assert slept == [0.125, 0.125]


def test_other_services_have_no_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real_sleep = time.sleep
    with Sandbox(Behaviour(latency=0.125)) as sandbox, client(sandbox, "sts") as sts:
        monkeypatch.setattr(time, "sleep", slept.append)
        sts.get_caller_identity()
        monkeypatch.setattr(time, "sleep", real_sleep)
    assert 0.125 not in slept


def test_binds_to_loopback_alone_and_frees_its_port() -> None:
    sandbox = Sandbox()
    with pytest.raises(ReconcileError, match="not running"):
        sandbox.environment()
    with sandbox:
        url = sandbox.endpoint_url
        assert url.startswith("http://127.0.0.1:")
        assert sandbox.environment()["AWS_ENDPOINT_URL"] == url
    port = int(url.rpartition(":")[2])
    with Sandbox(port=port) as again:
        assert again.endpoint_url == url
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    sandbox.stop()


def test_a_taken_port_and_a_second_sandbox_are_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ReconcileError, match="cannot listen on"),
    ):
        Sandbox(port=taken.getsockname()[1]).start()
    with Sandbox() as running:
        running.create_repository("tools")
        with pytest.raises(ReconcileError, match="already running"):
            Sandbox().start()
        assert running.policy_text("tools") is None


def test_moto_account_id_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999900001111")
    with pytest.raises(UsageError, match="MOTO_ACCOUNT_ID"):
        Sandbox().start()


def test_errors_name_what_does_not_exist() -> None:
    with Sandbox() as sandbox:
        with pytest.raises(ReconcileError, match="no repository 'none'"):
            sandbox.set_policy_text("none", "")
        with pytest.raises(ReconcileError, match="no role"):
            sandbox.delete_role("arn:aws:iam::444455556666:role/none")


def test_is_quiet() -> None:
    script = """
import boto3
from reconciler.sandbox.server import Sandbox
with Sandbox() as sandbox:
    ecr = boto3.client("ecr", endpoint_url=sandbox.endpoint_url, region_name="us-west-2",
                       aws_access_key_id="testing", aws_secret_access_key="testing")
    ecr.describe_repositories()
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("missing", ["moto", "flask"])
def test_names_the_extra_where_it_is_missing(missing: str) -> None:
    script = f"""
import sys, warnings
warnings.simplefilter("ignore")
sys.modules[{missing!r}] = None
import reconciler.sandbox, reconciler.sandbox.behaviour
from reconciler.errors import ReconcileError
try:
    import reconciler.sandbox.server
except ReconcileError as error:
    print(error.one_line)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("the sandbox needs more packages (pip install ")


def test_behaviour_alone_imports_no_moto() -> None:
    script = "import sys, reconciler.sandbox.behaviour; print('moto' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
