"""What a terminal shows: its width, colour or none, and what its encoding can show."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, clean_environment, sandbox_environment
from tests.cli.terminals import on_terminal

ESCAPE = "\x1b["
NAMES = [f"payments/service-{number:02}" for number in range(20)]


@pytest.fixture
def many(folder: Path, ecr: Sandbox) -> Sandbox:
    """The seed with twenty equal repositories, and one whose live policy is a stranger's."""
    entries = "".join(
        f"  {name}:\n    access: {{ci: push-pull, runtime: pull}}\n" for name in NAMES
    )
    (folder / "ecr_access.yaml").write_text(SEED + entries)
    for name in NAMES:
        ecr.create_repository(name)
    stranger = {"AWS": "arn:aws:iam::999900001111:role/a-role-with-a-long-name-in-another-account"}
    deny = {"Effect": "Allow", "Principal": stranger, "Action": ["ecr:PutImage", "ecr:List*"]}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    ecr.set_policy_text("payments/api", json.dumps(policy))
    return ecr


@pytest.mark.parametrize(
    ("width", "command"),
    [(60, "apply --yes"), (80, "plan --show-policy"), (60, "drift --no-group")],
)
def test_every_line_fits(folder: Path, many: Sandbox, width: int, command: str) -> None:
    shown = on_terminal(folder, sandbox_environment(many), width, *command.split(), NO_COLOR="1")
    lines = [line for line in shown.split("\n") if "reconcile" not in line]
    too_wide = [line for line in lines if len(line) > width and len(line.split()) > 1]
    assert [line for line in too_wide if ESCAPE not in line] == []
    assert "payments/service-19" in shown


def test_problems_fit(folder: Path) -> None:
    when = 'when: {StringEquals: {"aws:PrincipalTga/team": "x y z"}}'
    wrong = SEED.replace("runtime: pull", "runtime: pulll").replace("role2-1,", f"role2-1, {when},")
    (folder / "ecr_access.yaml").write_text(wrong)
    for command in ("validate", "compile"):
        shown = on_terminal(folder, clean_environment(), 50, command)
        assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\n"))) <= 50
        assert "'pulll'" in shown


def test_what_is_piped_is_not_wrapped(reconcile: Reconcile) -> None:
    plan = reconcile("plan", COLUMNS="20").out
    assert "  ! new-account: workloads (444455556666) had no access to this repository\n" in plan


def test_data_is_not_wrapped(folder: Path) -> None:
    shown = on_terminal(folder, clean_environment(), 30, "schema")
    assert json.loads(shown)["$schema"]


def test_a_command_to_copy_is_not_broken(folder: Path, ecr: Sandbox) -> None:
    shown = on_terminal(folder, sandbox_environment(ecr), 40, "plan", "--out", "my plan.json")
    assert "\n  reconcile apply 'my plan.json'\n" in shown


@pytest.mark.parametrize(
    ("variables", "arguments", "coloured"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (), False),
        ({"TERM": "dumb"}, (), False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, (), True),
        ({}, ("--no-color",), False),
        ({"FORCE_COLOR": "1"}, ("--no-color",), False),
    ],
)
def test_colour_on_a_terminal(
    folder: Path, variables: dict[str, str], arguments: tuple[str, ...], *, coloured: bool
) -> None:
    command = ("validate", "-f", "x.yaml", *arguments)
    shown = on_terminal(folder, clean_environment(), 80, *command, **variables)
    assert (ESCAPE in shown) is coloured, shown
    assert "x.yaml" in shown


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, True),  # any value counts, says force-color.org
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_in_a_pipe(
    reconcile: Reconcile, variables: dict[str, str], *, coloured: bool
) -> None:
    for done in (reconcile("plan", **variables), reconcile("plan", "--no-color", **variables)):
        assert (ESCAPE in done.out) is coloured
        coloured = False
    assert ESCAPE not in reconcile("plan", "--format", "json", **variables).out


@pytest.mark.parametrize(
    ("variables", "arrow"),
    [
        ({"LC_ALL": "C.UTF-8"}, "→"),
        ({"LC_ALL": "C"}, "->"),
        ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "POSIX"}, "->"),
        ({"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, "→"),
        ({"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii"}, "->"),
        ({"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"}, "->"),
    ],
)
def test_arrows_where_the_encoding_has_none(
    folder: Path, ecr: Sandbox, variables: dict[str, str], arrow: str
) -> None:
    live = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:role/role2-2"},
        "Action": "ecr:PutImage",
    }
    ecr.set_policy_text("payments/api", json.dumps({"Version": "2012-10-17", "Statement": [live]}))
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan"],
        cwd=folder,
        env={**sandbox_environment(ecr), **variables},
        capture_output=True,
        check=True,
    )
    shown = done.stdout.decode(variables.get("PYTHONIOENCODING", "utf-8"))
    assert f"ecr:PutImage {arrow} pull" in shown


def test_a_terminal_that_cannot_erase_gets_no_progress_bar(folder: Path) -> None:
    """It would be left with a blank line."""
    with Sandbox(Behaviour(latency=2.0)) as ecr:
        ecr.create_repository("payments/api")
        environment = sandbox_environment(ecr)
        assert "reading" in on_terminal(folder, environment, 80, "plan")
        assert on_terminal(folder, environment, 80, "plan", TERM="dumb").startswith("payments/api ")
