"""The terminal and the standard streams, which may be closed, full, cut off or not ready."""

import os
import select
import signal
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from reconciler.errors import ReconcileError
from reconciler.printable import printable, redacted
from reconciler.report.text import Page, Paint, ansi, fitted, plain

_COERCED = "C.UTF-8"
"""What Python sets LC_CTYPE to where the locale is C and LC_ALL is not set (PEP 538)."""

_USUAL_WIDTH = 80
_LEAST_WIDTH = 20


class OutputError(ReconcileError):
    """Output could not be written (exit 1)."""


def provide_streams() -> None:
    """Replace standard streams that are closed, which Python has as None, with the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - as long as the process
            setattr(sys, name, null)


def push(stream: TextIO, text: str) -> None:
    """Write a whole text; characters that the encoding lacks are escaped.

    Raises BrokenPipeError where the reader is gone, OutputError where it can't be written.
    """
    rest = memoryview(text.encode(stream.encoding or "utf-8", "backslashreplace"))
    try:
        # An unbuffered stream writes as much as it can, and returns how much that was.
        while rest:
            rest = rest[_write_some(stream, rest) :]
        while not _is_flushed(stream):
            select.select([], [stream], [])
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"the output can't be written: {error.strerror}") from None


def encoding_of(stream: TextIO) -> str:
    """Return the encoding of a terminal: ASCII in the locale C, where Python writes UTF-8.

    PYTHONIOENCODING and PYTHONUTF8 take precedence.
    """
    asked = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8")
    ctype = os.environ.get("LC_CTYPE", "").replace(_COERCED, "")
    locale = os.environ.get("LC_ALL") or ctype or os.environ.get("LANG")
    ascii_only = locale in ("C", "POSIX") and not asked
    return "ascii" if ascii_only else stream.encoding or "utf-8"


def wait_for_line(terminal: TextIO) -> None:
    """Wait until there is a line to read, or a signal comes.

    A read alone would keep waiting where a signal came just before it.
    """
    if sys.platform == "win32":
        return
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake)
    try:
        select.select([terminal.fileno(), awake], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(awake)
        os.close(wake)


def silence(stream: TextIO) -> None:
    """Redirect a broken stream to the null device, so that Python's last flush does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_some(stream: TextIO, data: memoryview) -> int:
    try:
        written = stream.buffer.write(data)
    except BlockingIOError as error:
        written = error.characters_written
    if not written:
        select.select([], [stream], [])
    return written or 0


def _is_flushed(stream: TextIO) -> bool:
    try:
        stream.flush()
    except BlockingIOError:
        return False
    return True


class _Screen:
    """The state of this process's output: `quiet` hides notes.

    Messages are held while progress bars are drawn; the thread that draws them takes them. No lock
    is needed, as signal handlers print, too.
    """

    def __init__(self) -> None:
        self.quiet = False
        self.data_begun = False
        self.holds = False
        self.messages: deque[str] = deque()


_screen = _Screen()


def keep_quiet(quiet: bool) -> None:
    """Set whether notes and progress are hidden from here on."""
    _screen.quiet = quiet


def is_quiet() -> bool:
    """Whether notes and progress are hidden."""
    return _screen.quiet


def paint_for(stream: TextIO) -> Paint:
    """Return colours on a terminal, or where FORCE_COLOR is set; NO_COLOR takes precedence.

    Sources: no-color.org and force-color.org; a variable that is empty is not set.
    """
    if os.environ.get("NO_COLOR"):
        return plain
    return ansi if os.environ.get("FORCE_COLOR") or can_be_drawn_on(stream) else plain


def page_of(stream: TextIO) -> Page:
    """Return the width and the encoding that text for people is fitted to."""
    return Page(_width_of(stream), encoding_of(stream))


def _width_of(stream: TextIO) -> int | None:
    """Return the columns of a terminal, or those of COLUMNS; None where it is not a terminal."""
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
    """Write data to stdout, unchanged."""
    _screen.data_begun = True
    push(sys.stdout, text)


def is_stdout(path: Path) -> bool:
    """Whether stdout is redirected to this file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except OSError:
        return False


def show(text: str) -> None:
    """Write text for people to stdout, fitted to it."""
    out(fitted(text, page_of(sys.stdout)))


def has_data_begun() -> bool:
    """Whether anything was written to stdout, even in part."""
    return _screen.data_begun


def print_message(text: str) -> None:
    """Write text for people to stderr as lines, fitted; a failure to write is ignored."""
    _print_raw(fitted(text.rstrip("\n"), page_of(sys.stderr)))


def _print_raw(text: str) -> None:
    _screen.messages.append(text)
    if not _screen.holds:
        _print_messages()


def hold_messages() -> None:
    """Hold messages back; `take_messages` has them."""
    _screen.holds = True


def release_messages() -> None:
    """Print the messages that are held back, and from here on each at once."""
    _screen.holds = False
    _print_messages()


def take_messages() -> Iterator[str]:
    """Take each message that is not printed yet, by one thread only, and yield it."""
    with suppress(IndexError):
        while True:
            yield _screen.messages.popleft()


def _print_messages() -> None:
    for text in take_messages():
        try:
            push(sys.stderr, f"{text}\n")
        except (BrokenPipeError, OutputError):
            silence(sys.stderr)


def note(text: str) -> None:
    """Write a note to stderr, unless quiet."""
    if not _screen.quiet:
        print_message(text)


def show_error(message: str, hint: str | None = None) -> None:
    """Write an error and its hint to stderr."""
    paint = paint_for(sys.stderr)
    print_message(f"{paint('error', 'error')}: {_safe(message)}")
    if hint:
        print_message(f"{paint('hint', 'hint')}: {_safe(hint)}")


def show_traceback(error: BaseException) -> None:
    """Write an error's traceback to stderr, redacted and escaped."""
    for part in traceback.format_exception(error):
        of_code = part.startswith("  File ")
        for line in part.splitlines() if of_code else [part.strip("\n")]:
            _print_raw(_safe(line))


def _safe(text: str) -> str:
    """Redact secrets in a text, and escape what could control a terminal."""
    return printable(redacted(text))


def is_interactive() -> bool:
    """Whether a user can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask on stderr; anything but yes is no, the end of input too."""
    push(sys.stderr, f"{fitted(question, page_of(sys.stderr))} [y/N] ")
    wait_for_line(sys.stdin)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def can_be_drawn_on(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can erase and colour."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"
