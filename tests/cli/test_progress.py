"""Progress bars: what a terminal shows of them, while the work goes on and afterwards."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, sandbox_environment

NAMES = [f"payments/service-{number:02}" for number in range(30)]
PLAIN = {"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "", "COLUMNS": "", "LC_ALL": "C.UTF-8"}
SLOW = Behaviour(latency=1.0)
_MOST_READS = 300  # bars are drawn five times a second
_CONTROL = re.compile("\x1b\\[(?:\\?25[lh]|[0-9;]*m)")

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


class Terminal:
    """A process that writes to a terminal of its own; what is typed comes through a pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]", side: int) -> None:
        self.process = process
        self._side = side
        self._written = ""

    def type(self, text: str) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(text.encode())
        stdin.flush()

    def wait_for(self, *texts: str, rows: int | None = None) -> list[str]:
        """Wait until the screen shows all the texts, in `rows` lines, and return the lines."""
        for _ in range(_MOST_READS):
            lines, shown = self.lines, "\n".join(self.lines)
            if rows in (None, len(lines)) and all(text in shown for text in texts):
                return lines
            self.read_on()
        raise AssertionError(self._written)

    def read_on(self) -> None:
        assert select.select([self._side], [], [], 60)[0], self._written
        assert self._read(), self._written

    def to_the_end(self) -> list[str]:
        """Wait for the end of the process, and return the lines of the screen."""
        while self._read():
            pass
        self.process.wait()
        return self.lines

    @property
    def written(self) -> str:
        return self._written

    @property
    def lines(self) -> list[str]:
        """What the screen shows: only what these programs write is understood."""
        lines, row = [""], 0
        for part in re.split("(\r|\n|\x1b\\[1A|\x1b\\[2K)", _CONTROL.sub("", self._written)):
            if part == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif part == "\x1b[1A":
                row -= 1
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part != "\r":
                assert not lines[row] or not part, f"{part!r} is written over {lines[row]!r}"
                lines[row] += part
        return "\n".join(map(str.rstrip, lines)).rstrip("\n").split("\n")

    def _read(self) -> bool:
        try:
            part = os.read(self._side, 65_536)
        except OSError:  # nobody writes to it any more
            return False
        self._written += part.decode()
        return bool(part)


@contextmanager
def terminal(
    folder: Path, *command: str, environment: Mapping[str, str], width: int = 80
) -> Iterator[Terminal]:
    """Start Python with stdout and stderr on a terminal."""
    side, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **PLAIN, "XDG_STATE_HOME": str(folder / ".state"), **environment},
        stdin=subprocess.PIPE,
        stdout=its,
        stderr=its,
    ) as process:
        os.close(its)
        try:
            yield Terminal(process, side)
        finally:
            process.kill()
            os.close(side)


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
        environment = {**sandbox_environment(ecr), **PLAIN, **variables}
        command = ("-m", "reconciler", *arguments)
        with terminal(folder, *command, environment=environment, width=width) as its:
            yield its


def test_tasks_at_the_same_time_have_a_line_each(tmp_path: Path) -> None:
    """A note is above them, a task that ends takes its line away, and a prompt has its own."""
    with terminal(tmp_path, "-c", TWO_TASKS, environment={}) as its:
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
    behaviour = Behaviour(latency=0.5, dead_region="eu-west-1")
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
