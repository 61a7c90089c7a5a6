"""The screen: what goes to stdout, what to stderr, with which colour."""

import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TextIO

from reconciler.cli.streams import OutputError, push, silence, wait_for_line
from reconciler.errors import ReconcileError
from reconciler.printable import printable
from reconciler.redaction import redacted
from reconciler.report.paint import Paint, ansi, plain

_PATIENCE = 1.0
"""Seconds of work before a progress bar shows."""

_ERASE_LINE = "\r\x1b[2K"

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Screen:
    """How this process treats its terminal: `quiet` without notes; a bar is on the last line."""

    quiet: bool = False
    bar: bool = False
    data_begun: bool = False


_screen = _Screen()


def keep_quiet(quiet: bool) -> None:
    """Choose whether notes and progress are left out from here on."""
    _screen.quiet = quiet


def paint_for(stream: TextIO) -> Paint:
    """Choose colour or none: only on a terminal, and not where NO_COLOR is set."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return ansi if colour else plain


def out(text: str) -> None:
    """Write data to stdout."""
    _screen.data_begun = True
    push(sys.stdout, text)


def has_data_begun() -> bool:
    """Tell whether anything was written to stdout, be it in part."""
    return _screen.data_begun


def tell(text: str) -> None:
    """Write a line to stderr; where it can't be written, the work goes on."""
    # The bar is drawn again below the line. Nothing is locked: a signal's handler tells, too.
    start = _ERASE_LINE if _screen.bar else ""
    try:
        push(sys.stderr, f"{start}{text}\n")
    except (BrokenPipeError, OutputError):
        silence(sys.stderr)


def note(text: str) -> None:
    """Tell what one may as well not know of the work."""
    if not _screen.quiet:
        tell(text)


def as_argument(part: Path | str) -> str:
    """Write a path, or a part of a command, as one would type it there."""
    if isinstance(part, Path) and str(part).startswith("-"):
        part = f"./{part}"
    return printable(shlex.quote(str(part)))


def show_error(error: ReconcileError) -> None:
    """Write an error and its hint to stderr."""
    paint = paint_for(sys.stderr)
    tell(f"{paint('error', 'error')}: {told(error.message)}")
    if error.hint:
        tell(f"{paint('hint', 'hint')}: {told(error.hint)}")


def show_bug(error: Exception) -> None:
    """Write to stderr that an error came up which nobody expects."""
    tell(f"error: {told(describe_bug(error))}")


def describe_bug(error: Exception) -> str:
    """Say that an error came up which nobody expects."""
    return f"{type(error).__name__}: {error} (a bug; --debug shows where)"


def show_traceback(error: BaseException) -> None:
    """Write to stderr where an error comes from; what it says may be anybody's text."""
    for part in traceback.format_exception(error):
        of_code = part.startswith("  File ")
        for line in part.splitlines() if of_code else [part.strip("\n")]:
            tell(told(line))


def told(text: str) -> str:
    """Give a text as it can be shown: no secret in it, and nothing that controls a terminal."""
    return printable(redacted(text))


def is_interactive() -> bool:
    """Tell whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_piped() -> bool:
    """Tell whether what is written to stdout is not seen by whoever is there."""
    return not sys.stdout.isatty()


def confirm(question: str) -> bool:
    """Ask on stderr; anything but yes, the end of input too, is no."""
    push(sys.stderr, f"{question} [y/N] ")
    wait_for_line(sys.stdin)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Give a function to tell how far the work is; shows a bar where it takes a while.

    Only on a terminal, on stderr, unless quiet, and gone when the work is done. Where the
    terminal is gone itself, the work goes on.
    """
    if _screen.quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - costs; most runs show no bar
    from rich.progress import Progress as Bar  # noqa: PLC0415

    bar = Bar(console=Console(stderr=True), transient=True)
    task = bar.add_task(label, total=None)

    def show() -> None:
        _screen.bar = True
        bar.start()

    later = Timer(_PATIENCE, _on_screen, (show,))
    later.daemon = True
    with suppress(RuntimeError):  # no thread is to be had: no bar
        later.start()
    try:
        yield lambda done, total: _on_screen(lambda: bar.update(task, completed=done, total=total))
    finally:
        later.cancel()
        if later.ident is not None:
            later.join()  # it may be starting the bar just now
        _screen.bar = False
        _on_screen(bar.stop)


def _on_screen(draw: Callable[[], object]) -> None:
    try:
        draw()
    except OSError:
        silence(sys.stderr)
