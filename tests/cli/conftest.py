"""A real `reconcile`, run as a process in a folder of its own, against the embedded ECR."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli import process
from tests.cli import two_accounts as both

ROLE_1 = "arn:aws:iam::444455556666:role/role2-1"
ROLE_2 = "arn:aws:iam::444455556666:role/role2-2"

SEED = """\
version: 1
registry:
  account: "111122223333"
  regions: [us-west-2]
accounts:
  workloads: "444455556666"
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: role2-2, account: workloads}
repositories:
  payments/api:
    access:
      ci: push-pull
      runtime: pull
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


Reconcile = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the commands run; holds the seed's access file."""
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    return tmp_path


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that would lead to an AWS account."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ECR_", "COV_"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"}


def sandbox_environment(ecr: Sandbox) -> dict[str, str]:
    """An environment that leads to the embedded ECR, and nowhere else."""
    return {**clean_environment(), **ecr.environment()}


@pytest.fixture
def offline(folder: Path) -> Reconcile:
    """Run `reconcile` with no way to AWS."""
    return runner(folder, clean_environment())


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    """An embedded ECR with the seed's repository, empty of policies."""
    with Sandbox() as sandbox:
        sandbox.create_repository("payments/api")
        yield sandbox


@pytest.fixture
def behaviour() -> Behaviour:
    """How the service of `two_accounts` behaves."""
    return Behaviour()


@pytest.fixture
def two_accounts(behaviour: Behaviour) -> Iterator[Sandbox]:
    """An embedded ECR with two accounts without repositories, and the role in one of them."""
    with both.serving(behaviour) as sandbox:
        yield sandbox


@pytest.fixture
def reconcile(folder: Path, ecr: Sandbox) -> Reconcile:
    """Run `reconcile` against the embedded ECR."""
    return runner(folder, sandbox_environment(ecr))


def runner(folder: Path, environment: dict[str, str]) -> Reconcile:
    """Make a function that runs `reconcile` in a folder and an environment."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> Done:
        state = {"XDG_STATE_HOME": str(folder / ".state")}
        ended = process.run(arguments, folder, environment | state | variables, stdin.encode())
        done = Done(ended.code, ended.out.decode(), ended.err.decode())
        assert "Traceback" not in done.err or "--debug" in arguments, done.err
        return done

    return run
