"""How a command ends: one table of exit codes, and what an error becomes.

An error is a message on stderr and an exit code. On stdout and in the files that --write names, it
stands in place of the result, in formats for machines and for comments.
"""

import sys
from collections.abc import Callable, Collection
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import typer

from reconciler.cli.options import name_of
from reconciler.cli.outputs import TEXT, Awaited, take_awaited, write_output
from reconciler.cli.signals import Interrupt
from reconciler.cli.terminal import (
    OutputError,
    has_data_begun,
    out,
    print_message,
    show_error,
    show_traceback,
    silence,
)
from reconciler.errors import ReconcileError, Status
from reconciler.printable import redacted

if TYPE_CHECKING:
    from reconciler.report.failure import FailedRun

JSON = "json"


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


def write_report(write: Callable[[], object], code: Exit) -> Exit:
    """Write a report of what is done, and return the exit code, which shows that it was done.

    Output that nobody reads changes nothing; output that can't be written is an error.
    """
    try:
        write()
    except BrokenPipeError:
        silence(sys.stdout)
    except OutputError as error:
        silence(sys.stdout)
        show_error(error.message, error.hint)
        return code or Exit.FAILED
    return code


@runtime_checkable
class _WrongUsage(Protocol):
    """What typer raises for a wrong command line, in whatever module its class is."""

    ctx: typer.Context | None
    exit_code: int

    def format_message(self) -> str: ...

    def show(self) -> None: ...


def fail(error: Exception | Interrupt, *, debug: bool, as_json: bool) -> int:
    """Show an error and return the exit code; `debug` shows the traceback."""
    if debug and not isinstance(error, (_WrongUsage, Interrupt)):
        show_traceback(error)
    message, hint, code = _show(error)
    awaited = take_awaited()
    format_ = JSON if as_json else awaited.format if awaited else TEXT
    if isinstance(error, OutputError):
        silence(sys.stdout)
        format_ = TEXT
    if awaited or format_ != TEXT:
        _replace_result(_failed_run(error, message, hint, code, awaited), awaited, format_)
    return code


def _replace_result(failed: "FailedRun", awaited: Awaited | None, format_: str) -> None:
    """Write a failure to the outputs, so that none has an older result, and to stdout.

    Of formats that can't have it, an output is empty. As text, stderr has it already.
    """
    for output in awaited.outputs if awaited else ():
        unwritten = write_output(output, [failed.in_format(output.format)])
        if unwritten:
            show_error(unwritten)
    if format_ != TEXT and not has_data_begun():
        write_report(lambda: out(failed.in_format(format_)), Exit.FAILED)


def _show(error: Exception | Interrupt) -> tuple[str, str | None, int]:
    """Show an error on stderr, and return its message, its hint and its exit code."""
    match error:
        case ReconcileError():
            from reconciler.cli.option_hints import hint_of, message_of  # noqa: PLC0415 - costs

            message, hint = message_of(error), hint_of(error)
            show_error(message, hint)
            return message, hint, error.exit_code
        case Interrupt():
            print_message(str(error))
            return str(error), None, Exit.FAILED
        case _WrongUsage():
            error.show()
            hint = f"'{error.ctx.command_path} --help' lists the options" if error.ctx else None
            return error.format_message(), hint, error.exit_code
        case _:
            message = f"{type(error).__name__}: {error} (a bug; --debug shows where)"
            show_error(message)
            return message, None, Exit.FAILED


def _failed_run(
    error: Exception | Interrupt, message: str, hint: str | None, code: int, awaited: Awaited | None
) -> "FailedRun":
    from reconciler.cli.option_hints import problems_with_options  # noqa: PLC0415 - costs
    from reconciler.report.failure import FailedRun  # noqa: PLC0415
    from reconciler.workflow import InvalidFileError  # noqa: PLC0415

    failed = FailedRun(
        awaited.command if awaited else "",
        name_of(awaited.file) if awaited else "",
        redacted(message),
        hint and redacted(hint),
        code,
    )
    if not isinstance(error, InvalidFileError):
        return failed
    problems = problems_with_options(error.problems)
    return failed._replace(problems=problems, lines=error.checked.lines)
