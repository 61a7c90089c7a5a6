"""What an error becomes: a message on stderr, JSON on stdout where asked for, an exit code."""

import sys
from typing import NamedTuple, Protocol, runtime_checkable

from reconciler.cli.exits import Exit
from reconciler.cli.signals import Interrupt
from reconciler.cli.streams import OutputError, silence
from reconciler.cli.terminal import (
    has_data_begun,
    out,
    print_message,
    show_error,
    show_traceback,
)
from reconciler.errors import ReconcileError
from reconciler.printable import redacted


class _Context(Protocol):
    @property
    def command_path(self) -> str: ...


@runtime_checkable
class _WrongUsage(Protocol):
    """What typer raises for a wrong command line, in whatever module its class is."""

    ctx: _Context | None
    exit_code: int

    def format_message(self) -> str: ...

    def show(self) -> None: ...


class _Failure(NamedTuple):
    message: str
    hint: str | None
    exit_code: int


def fail(error: Exception | Interrupt, *, debug: bool, as_json: bool) -> int:
    """Show an error and return the exit code; `debug` shows the traceback."""
    if debug and not isinstance(error, (_WrongUsage, Interrupt)):
        show_traceback(error)
    failure = _show(error)
    if isinstance(error, OutputError):
        silence(sys.stdout)
    elif as_json and not has_data_begun():
        _write_json(failure, error)
    return failure.exit_code


def _show(error: Exception | Interrupt) -> _Failure:
    """Show an error on stderr, and return what was shown."""
    match error:
        case ReconcileError():
            from reconciler.cli.option_hints import hint_of, message_of  # noqa: PLC0415 - costs

            message, hint = message_of(error), hint_of(error)
            show_error(message, hint)
            return _Failure(message, hint, error.exit_code)
        case Interrupt():
            print_message(str(error))
            return _Failure(str(error), None, Exit.FAILED)
        case _WrongUsage():
            error.show()
            hint = f"'{error.ctx.command_path} --help' lists the options" if error.ctx else None
            return _Failure(error.format_message(), hint, error.exit_code)
        case _:
            message = f"{type(error).__name__}: {error} (a bug; --debug shows where)"
            show_error(message)
            return _Failure(message, None, Exit.FAILED)


def _write_json(failure: _Failure, error: Exception | Interrupt) -> None:
    """Write the JSON document of a failure instead of the result's."""
    from reconciler.cli.option_hints import problems_with_options  # noqa: PLC0415 - costs
    from reconciler.report.problems import render_failure_json  # noqa: PLC0415
    from reconciler.workflow import InvalidFileError  # noqa: PLC0415

    found = error.problems if isinstance(error, InvalidFileError) else ()
    problems = problems_with_options(found)
    hint = None if failure.hint is None else redacted(failure.hint)
    try:
        out(render_failure_json(redacted(failure.message), hint, failure.exit_code, problems))
    except BrokenPipeError:
        silence(sys.stdout)
    except OutputError as full:
        silence(sys.stdout)
        show_error(full.message, full.hint)
