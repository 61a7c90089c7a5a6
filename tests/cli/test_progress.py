"""Progress bars: what a terminal shows of them, while the work goes on and afterwards."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, clean_environment, sandbox_environment
from tests.cli.terminals import Terminal, terminal

NAMES = [f"payments/service-{number:02}" for number in range(30)]
SLOW = Behaviour(latency=1.0)

TWO_TASKS = """
from contextlib import ExitStack
from reconciler.cli.results import TerminalListener
from reconciler.cli.terminal import confirm, note
listener = TerminalListener()
with ExitStack() as tasks:
    west = tasks.enter_context(listener.progress("reading in us-west-2"))
    with listener.progress("reading in eu-west-1", lambda: True) as east:
        west(30, 120), east(1, 5)
        input()
        note("a note →")
        west(60, 120)
        input()
    input()
confirm("Go on?")
"""


@contextmanager
def reconciling(
    folder: Path,
    behaviour: Behaviour,
    *arguments: str,
    width: int = 80,
    regions: str = "us-west-2",
    **variables: str,
) -> Iterator[Terminal]:
    """Start `reconcile` on a terminal, with thirty repositories to set."""
    entries = "".join(f"  {name}:\n    access: {{ci: push-pull}}\n" for name in NAMES)
    (folder / "ecr_access.yaml").write_text(SEED.replace("us-west-2", regions) + entries)
    with Sandbox(behaviour) as ecr:
        for name in ("payments/api", *NAMES):
            ecr.create_repository(name)
        environment, command = sandbox_environment(ecr), ("-m", "reconciler", *arguments)
        with terminal(folder, environment, width, *command, NO_COLOR="1", **variables) as its:
            yield its


def test_tasks_at_the_same_time_have_a_line_each(tmp_path: Path) -> None:
    """A note is above them, a task that ends takes its line away, and a prompt has its own."""
    with terminal(tmp_path, clean_environment(), 80, "-c", TWO_TASKS, NO_COLOR="1") as its:
        west, east = its.wait_for("1/5", "held back by AWS", rows=2)
        assert west.startswith("reading in us-west-2 ")
        assert " 30/120 " in west
        assert "held back" not in west
        assert east.startswith("reading in eu-west-1 ")
        its.type("\n")
        note, west, east = its.wait_for("a note", " 60/120 ", "eu-west-1", rows=3)
        assert note == "a note →"
        assert east.startswith("reading in eu-west-1 ")
        its.type("\n")
        assert its.wait_for("us-west-2", rows=2)[0] == note
        its.type("\n")
        assert its.wait_for("Go on?", rows=2) == [note, "Go on? [y/N]"]


def test_a_region_that_fails_has_no_bar_any_more(tmp_path: Path) -> None:
    behaviour = Behaviour(latency=2, dead_region="eu-west-1")
    with reconciling(tmp_path, behaviour, "plan", regions="eu-west-1, us-west-2") as its:
        its.wait_for("us-west-2", "/31", rows=1)
        its.to_the_end()
    assert its.process.returncode == 1


def test_drift_shows_the_rate_and_what_is_held_back(tmp_path: Path) -> None:
    with reconciling(tmp_path, Behaviour(throttle_rate=4, throttle_burst=20), "drift") as its:
        (bar,) = its.wait_for("/31", "/s", "held back by AWS", rows=1)
        assert re.fullmatch(
            r"reading policies in us-west-2 \S+ +\d+/31 +\d+\.\d/s [0-9:-]+ held back by AWS", bar
        )
        assert not [line for line in its.to_the_end() if "reading" in line]
        assert "\x1b[3" not in its.written  # no colour
    assert its.process.returncode == 4


def test_apply_has_one_bar(tmp_path: Path) -> None:
    with reconciling(tmp_path, SLOW, "apply", "--yes") as its:
        lines = its.wait_for("applying ")
        assert [line.startswith("applying ") for line in lines[-2:]] == [False, True]
        assert not [line for line in its.to_the_end() if "applying" in line or "reading" in line]


@pytest.mark.parametrize(
    ("width", "label"),
    [(80, "reading policies in us-west-2"), (60, "in us-west-2"), (50, "us-west-2")],
)
def test_a_bar_fits_and_ends_with_where(tmp_path: Path, width: int, label: str) -> None:
    with reconciling(tmp_path, SLOW, "plan", width=width) as its:
        (bar,) = its.wait_for("/31", rows=1)
    assert bar.startswith(f"{label} ")
    assert len(bar) <= width


@pytest.mark.parametrize("times", [1, 100_000])
def test_a_ctrl_c_leaves_no_bar(tmp_path: Path, times: int) -> None:
    with reconciling(tmp_path, SLOW, "plan", LC_ALL="C") as its:
        (bar,) = its.wait_for("/31", rows=1)
        assert bar.isascii()
        for _ in range(times):  # more come while it cleans up
            its.process.send_signal(signal.SIGINT)
        assert its.to_the_end() == ["interrupted"]
    assert its.process.returncode == 1


def test_quiet_hides_the_bar(tmp_path: Path) -> None:
    with reconciling(tmp_path, SLOW, "plan", "--quiet") as its:
        its.to_the_end()
        assert "reading" not in its.written


def test_a_pipe_gets_the_result_alone(tmp_path: Path) -> None:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    with Sandbox(SLOW) as ecr:
        ecr.create_repository("payments/api")
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan", "--format", "json"],
            cwd=tmp_path,
            env={**sandbox_environment(ecr), "FORCE_COLOR": "1"},
            capture_output=True,
            check=True,
        )
    assert done.stderr == b""
    assert done.stdout.startswith(b"{")
