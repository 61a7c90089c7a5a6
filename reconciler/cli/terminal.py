"""The screen: what goes to stdout, what to stderr, with which colour and how wide."""

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

from reconciler.cli.streams import OutputError, encoding_of, push, silence, wait_for_line
from reconciler.printable import printable
from reconciler.redaction import redacted
from reconciler.report.layout import Page, fitted
from reconciler.report.spans import Paint, ansi, plain

_USUAL_WIDTH = 80
_LEAST_WIDTH = 20
_PATIENCE = 1.0
"""Seconds of work before a progress bar shows."""

_ERASE_LINE = "\r\x1b[2K"

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Screen:
    """The state of this process's output: `quiet` is without notes, with `bar` one is shown."""

    quiet: bool = False
    bar: bool = False
    data_begun: bool = False


_screen = _Screen()


def keep_quiet(quiet: bool) -> None:
    """Choose whether notes and progress are left out from here on."""
    _screen.quiet = quiet


def paint_for(stream: TextIO) -> Paint:
    """Choose colour or none: on a terminal, and wherever FORCE_COLOR is set; NO_COLOR wins.

    Sources: no-color.org and force-color.org; a variable that is empty is not set.
    """
    if os.environ.get("NO_COLOR"):
        return plain
    return ansi if os.environ.get("FORCE_COLOR") or _can_be_drawn_on(stream) else plain


def page_of(stream: TextIO) -> Page:
    """Give the width and the encoding that text for people is fitted to."""
    return Page(_width_of(stream), encoding_of(stream))


def _width_of(stream: TextIO) -> int | None:
    """Give the columns of a terminal, or what COLUMNS says of it; None where it is none."""
    if not stream.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(int(told), _LEAST_WIDTH)
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        found = 0
    return max(found or _USUAL_WIDTH, _LEAST_WIDTH)


def out(text: str) -> None:
    """Write data to stdout, as it is."""
    _write(text)


def show(text: str) -> None:
    """Write text for people to stdout, fitted to it."""
    _write(fitted(text, page_of(sys.stdout)))


def _write(text: str) -> None:
    _screen.data_begun = True
    push(sys.stdout, text)


def has_data_begun() -> bool:
    """Tell whether anything was written to stdout, even in part."""
    return _screen.data_begun


def tell(text: str) -> None:
    """Write text for people to stderr, fitted; where it can't be written, the work goes on."""
    _tell_as_it_is(fitted(text, page_of(sys.stderr)))


def _tell_as_it_is(text: str) -> None:
    # The bar is drawn again below the line. Nothing is locked: a signal's handler tells, too.
    start = _ERASE_LINE if _screen.bar else ""
    try:
        push(sys.stderr, f"{start}{text}\n")
    except (BrokenPipeError, OutputError):
        silence(sys.stderr)


def note(text: str) -> None:
    """Write a note on the work to stderr, unless quiet."""
    if not _screen.quiet:
        tell(text)


def as_argument(part: Path | str) -> str:
    """Write a path, or a part of a command, as one would type it there."""
    if isinstance(part, Path) and str(part).startswith("-"):
        part = f"./{part}"
    return printable(shlex.quote(str(part)))


def show_error(message: str, hint: str | None = None) -> None:
    """Write an error and its hint to stderr."""
    paint = paint_for(sys.stderr)
    tell(f"{paint('error', 'error')}: {told(message)}")
    if hint:
        tell(f"{paint('hint', 'hint')}: {told(hint)}")


def show_traceback(error: BaseException) -> None:
    """Write an error's traceback to stderr, redacted and escaped."""
    for part in traceback.format_exception(error):
        of_code = part.startswith("  File ")
        for line in part.splitlines() if of_code else [part.strip("\n")]:
            _tell_as_it_is(told(line))


def told(text: str) -> str:
    """Redact secrets in a text, and escape what could control a terminal."""
    return printable(redacted(text))


def is_interactive() -> bool:
    """Tell whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_piped() -> bool:
    """Tell whether stdout is no terminal."""
    return not sys.stdout.isatty()


def confirm(question: str) -> bool:
    """Ask on stderr; anything but yes, the end of input too, is no."""
    push(sys.stderr, f"{fitted(question, page_of(sys.stderr))} [y/N] ")
    wait_for_line(sys.stdin)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Give a function to tell how far the work is; shows a bar where it takes a while.

    Only on a terminal that can erase it, on stderr, unless quiet, and gone when the work is done.
    Where the terminal is gone itself, the work goes on.
    """
    if _screen.quiet or not _can_be_drawn_on(sys.stderr):
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - costs; most runs show no bar
    from rich.progress import Progress as Bar  # noqa: PLC0415

    # Rich itself takes an empty FORCE_COLOR for no terminal, and leaves a blank line there.
    console = Console(stderr=True, force_terminal=True, force_interactive=True)
    bar = Bar(console=console, transient=True)
    task = bar.add_task(label, total=None)

    def begin() -> None:
        _screen.bar = True
        bar.start()

    later = Timer(_PATIENCE, _on_screen, (begin,))
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


def _can_be_drawn_on(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _on_screen(draw: Callable[[], object]) -> None:
    try:
        draw()
    except OSError:
        silence(sys.stderr)
