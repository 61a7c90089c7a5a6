"""Files that a command is given, read whole."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import typer

from reconciler.errors import InvalidError, ReconcileError, UsageError

MAX_ACCESS_FILE = 16 * 2**20
"""The largest access file that is read, in bytes; 10,000 repositories take about one MiB."""

STDIN = Path("-")


def a_path(text: str | Path) -> Path:
    """Take a path from the command line; an empty one, which is the current folder, is refused."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


def name_of(path: Path) -> str:
    """Say what a file that is read is called: its path, or stdin for `-`."""
    return "stdin" if path == STDIN else str(path)


def require_one_stdin(*paths: Path | None) -> None:
    """Raise UsageError where more than one of these is stdin."""
    if paths.count(STDIN) > 1:
        raise UsageError("stdin can be read once: only one of the files may be -")


def require_no_stdout(option: str, path: Path | None, hint: str) -> None:
    """Raise UsageError for a `-`: what is written there is a file."""
    if path == STDIN:
        raise UsageError(f"{option} -: this takes the path of a file", hint=hint)


def read_file(
    path: Path,
    most: int,
    *,
    called: str = "file",
    hint: str | None = None,
    check: Callable[[int], None] = lambda _handle: None,
) -> bytes:
    """Read a file's bytes, of which there may be so many; `-` is stdin.

    `called` says what it should be; `hint` helps where there is none; `check` is given the open
    file's handle. Raises UsageError where there is no such file, InvalidError for a larger one,
    ReconcileError for one that can't be read.
    """
    name = name_of(path)
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
            check(file.fileno())
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no {called} {name}", hint=hint) from None
    except IsADirectoryError:
        raise UsageError(f"{name} is a folder, not a {called}") from None
    except OSError as error:
        raise ReconcileError(f"{name} can't be read: {error.strerror}") from None
    if len(content) > most:
        raise InvalidError(f"{name} is larger than a {called} can be ({most:,} bytes)")
    return content
