"""The exit codes, one table for all commands."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from reconciler.cli.streams import OutputError, silence
from reconciler.cli.terminal import show_error


class Exit(IntEnum):
    """The meaning of an exit code."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    DIFFERS = 4
    REFUSED = 5
    PARTLY_APPLIED = 6


_FIRST = (Exit.USAGE, Exit.INVALID, Exit.REFUSED, Exit.PARTLY_APPLIED, Exit.FAILED, Exit.DIFFERS)


def worst(codes: Iterable[Exit]) -> Exit:
    """Return the code that wins where several hold; DONE where none does."""
    found = set(codes)
    return next((code for code in _FIRST if code in found), Exit.DONE)


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
