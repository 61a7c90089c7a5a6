"""The exit codes, one table for all commands."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from reconciler.cli.streams import OutputError, silence
from reconciler.cli.terminal import show_error
from reconciler.model.status import Status


class Exit(IntEnum):
    """The meaning of an exit code."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    DIFFERS = 4
    REFUSED = 5
    PARTLY_APPLIED = 6


_CODES = {
    Status.INVALID: Exit.INVALID,
    Status.REFUSED: Exit.REFUSED,
    Status.PARTLY_APPLIED: Exit.PARTLY_APPLIED,
    Status.FAILED: Exit.FAILED,
    Status.DIFFERS: Exit.DIFFERS,
}
"""In this order: the first that holds decides."""


def exit_of(statuses: Collection[Status], *, differs: bool = False) -> Exit:
    """Return the exit code of a result; `differs` is whether it shows a difference that counts."""
    found = {*statuses, *([Status.DIFFERS] if differs else ())}
    return next((code for status, code in _CODES.items() if status in found), Exit.DONE)


@contextmanager
def ending_with(code: Exit) -> Iterator[None]:
    """End a command that has written to AWS with its code, even where its report can't be shown."""
    try:
        yield
    except BrokenPipeError:
        silence(sys.stdout)
    except OutputError as error:
        silence(sys.stdout)
        show_error(error.message, error.hint)
        code = code or Exit.FAILED
    raise typer.Exit(code)
