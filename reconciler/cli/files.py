"""The files that a command line names, read as a whole."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import typer

from reconciler.errors import InvalidError, ReconcileError, Remedy, UsageError

MAX_ACCESS_FILE = 16 * 2**20
"""The largest access file that is read, in bytes; 10,000 repositories take about one MiB."""

MAX_POLICY = 16 * 2**20
"""The largest policy document that is compared, in bytes."""

STDIN = Path("-")


def a_path(text: str | Path) -> Path:
    """Parse a path; an empty one, which would be the current directory, is refused."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


def name_of(path: Path) -> str:
    """Return what messages call a file: its path, or stdin for `-`."""
    return "stdin" if path == STDIN else str(path)


def require_one_stdin(*paths: Path | None) -> None:
    """Raise UsageError where more than one of these is stdin."""
    if paths.count(STDIN) > 1:
        raise UsageError("stdin can be read once: only one of the files may be -")


def require_no_stdout(option: str, path: Path | None, hint: str) -> None:
    """Raise UsageError where a file to write is `-`."""
    if path == STDIN:
        raise UsageError(f"{option} -: this takes the path of a file", hint=hint)


def read_access_file(path: Path, hint: str | None = None) -> bytes:
    """Read an access file; `hint` says where it may be. Raises as `read_file`."""
    remedy = Remedy.NAME_ACCESS_FILE if hint is None else None
    return read_file(path, MAX_ACCESS_FILE, hint=hint, remedy=remedy)


def read_file(
    path: Path,
    most: int,
    *,
    called: str = "file",
    hint: str | None = None,
    remedy: Remedy | None = None,
    check: Callable[[int], None] = lambda _handle: None,
) -> bytes:
    """Read a file of at most so many bytes; `-` is stdin.

    `called` is what it should be, `hint` and `remedy` help where it does not exist, `check` is
    called with the open file's handle. Raises UsageError where there is no such file, InvalidError
    for a larger one, ReconcileError for one that can't be read.
    """
    name = name_of(path)
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as file:
            check(file.fileno())
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no {called} {name}", hint=hint, remedy=remedy) from None
    except IsADirectoryError:
        raise UsageError(f"{name} is a directory, not a {called}") from None
    except OSError as error:
        raise ReconcileError(f"{name} can't be read: {error.strerror}") from None
    if len(content) > most:
        raise InvalidError(f"{name} is larger than a {called} can be ({most:,} bytes)")
    return content
