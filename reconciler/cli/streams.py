"""Standard streams that may be closed, full, cut off or not ready."""

import os
import select
import signal
import sys
from pathlib import Path
from typing import TextIO

from reconciler.errors import ReconcileError

_COERCED = "C.UTF-8"
"""What Python sets LC_CTYPE to where the locale is C and LC_ALL is not set (PEP 538)."""


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
