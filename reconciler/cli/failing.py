"""How every error ends: a message on stderr, JSON on stdout where asked for, an exit code."""

import sys
from typing import NamedTuple, Protocol, runtime_checkable

from reconciler.cli.exits import Exit
from reconciler.cli.signals import Interrupt
from reconciler.cli.streams import OutputError, silence
from reconciler.cli.terminal import (
    has_data_begun,
    out,
    show_error,
    show_traceback,
    tell,
)
from reconciler.errors import ReconcileError
from reconciler.redaction import redacted


class _Context(Protocol):
    @property
    def command_path(self) -> str: ...


@runtime_checkable
class _WrongUsage(Protocol):
    """What typer raises for a wrong command line; where its class lives depends on the version."""

    ctx: _Context | None
    exit_code: int

    def format_message(self) -> str: ...

    def show(self) -> None: ...


class _Failure(NamedTuple):
    message: str
    hint: str | None
    exit_code: int


def fail(error: Exception | Interrupt, *, debug: bool, as_json: bool) -> int:
    """Tell an error, and give the exit code; `debug` shows where it comes from."""
    if debug and not isinstance(error, (_WrongUsage, Interrupt)):
        show_traceback(error)
    failure = _show(error)
    if isinstance(error, OutputError):
        silence(sys.stdout)
    elif as_json and not has_data_begun():
        _write_json(failure, error)
    return failure.exit_code


def _show(error: Exception | Interrupt) -> _Failure:
    """Tell an error on stderr, and give what there is to tell."""
    match error:
        case ReconcileError():
            show_error(error.message, error.hint)
            return _Failure(error.message, error.hint, error.exit_code)
        case Interrupt():
            tell(str(error))
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
    """Write the JSON document of a failure in place of the result's."""
    from reconciler.cli.load import InvalidFileError  # noqa: PLC0415 - costs; most runs do not fail
    from reconciler.report.problems import render_failure_json  # noqa: PLC0415

    problems = error.problems if isinstance(error, InvalidFileError) else ()
    hint = None if failure.hint is None else redacted(failure.hint)
    try:
        out(render_failure_json(redacted(failure.message), hint, failure.exit_code, problems))
    except BrokenPipeError:
        silence(sys.stdout)
    except OutputError as full:
        silence(sys.stdout)
        show_error(full.message, full.hint)
