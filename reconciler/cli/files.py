"""The files that a command line names, read as a whole."""

import sys
from pathlib import Path
from typing import BinaryIO

import typer

from reconciler.errors import Remedy, UsageError
from reconciler.workflow import files

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


def stdin_of(path: Path) -> BinaryIO | None:
    """Return stdin for `-`, None for a file that is still to be opened."""
    return sys.stdin.buffer if path == STDIN else None


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
) -> bytes:
    """Read a file of at most `most` bytes; `-` is stdin. Raises as `files.read_file`."""
    return files.read_file(
        Path(name_of(path)), most, opened=stdin_of(path), called=called, hint=hint, remedy=remedy
    )
