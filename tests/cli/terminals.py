"""Processes whose output leads to a terminal, and what that shows."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_QUIET = {"NO_COLOR": "", "FORCE_COLOR": "", "COLUMNS": "", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
_MOST_READS = 300  # bars are drawn five times a second
_CONTROL = re.compile("\x1b\\[(?:\\?25[lh]|[0-9;]*m)")


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
        part = _read(self._side)
        self._written += part.decode()
        return bool(part)


def on_terminal(
    folder: Path, environment: Mapping[str, str], width: int, *arguments: str, **variables: str
) -> str:
    """Run `reconcile` on a terminal, all three streams, and give what it shows."""
    ours, its = _opened(width)
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env=_environment(folder, environment, variables),
        stdin=its,
        stdout=its,
        stderr=its,
    ):
        os.close(its)
        shown = b""
        while part := _read(ours):
            shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@contextmanager
def terminal(
    folder: Path, environment: Mapping[str, str], width: int, *command: str, **variables: str
) -> Iterator[Terminal]:
    """Start Python with stdout and stderr on a terminal."""
    ours, its = _opened(width)
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=_environment(folder, environment, variables),
        stdin=subprocess.PIPE,
        stdout=its,
        stderr=its,
    ) as process:
        os.close(its)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


def _opened(width: int) -> tuple[int, int]:
    """Open a terminal of 24 lines; gives our side and that of its processes."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    return ours, its


def _environment(
    folder: Path, environment: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    return {**environment, **_QUIET, "XDG_STATE_HOME": str(folder / ".state"), **variables}


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # nobody writes to it any more
        return b""
