"""docs/answers.md is true: its commands print what it shows."""

import re
import shlex
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, clean_environment, runner, sandbox_environment
from tests.policy.making import PULL, allow, doc

GUIDE = (Path(__file__).parents[1] / "docs" / "answers.md").read_text(encoding="utf-8")
FILE = GUIDE.split("```yaml\n")[1].split("```")[0]
CI, RELEASE = "arn:aws:iam::444455556666:role/ci", "arn:aws:iam::777788889999:role/release"
BLOCKS = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def reconcile(tmp_path: Path) -> Reconcile:
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    return runner(tmp_path, clean_environment())


@pytest.mark.parametrize("block", BLOCKS)
def test_the_commands_print_what_is_shown(reconcile: Reconcile, block: str) -> None:
    told, code = "", 0
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        told += f"$ {command}\n"
        if command == "echo $?":
            told += f"{code}\n"
        else:
            done = reconcile(*shlex.split(command)[1:])
            told, code = told + done.out, done.code
    assert told == block


def test_it_shows_each_command() -> None:
    shown = "".join(BLOCKS)
    for command in ("access who-can", "access can", "access of", "access matrix", "explain"):
        assert f"$ reconcile {command} " in shown or f"$ reconcile {command}\n" in shown


def test_the_live_answer_is_the_one_that_is_shown(tmp_path: Path) -> None:
    (block,) = re.findall(r"```text\n\$ reconcile (.*)\n((?:.*\n)*?)```", GUIDE)
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    resource = "arn:aws:ecr:us-west-2:111122223333:repository/payments/*"
    beside = {**allow(RELEASE, PULL, Sid="Payments"), "Resource": resource}
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        ecr.set_policy_text("payments/api", doc(allow(CI, PULL)))
        ecr.set_registry_policy_text(doc(beside))
        done = runner(tmp_path, sandbox_environment(ecr))(*shlex.split(block[0]))
    assert (done.code, done.out) == (0, block[1])
