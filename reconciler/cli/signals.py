"""Ctrl-C and SIGTERM: most commands just end; writes that are under way are finished first."""

import atexit
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from types import FrameType

from reconciler.cli.terminal import note

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt(BaseException):
    """Somebody wants the command to end; no handler of ordinary errors may stop that."""


def end_on_signals() -> None:
    """Raise Interrupt in the main thread on Ctrl-C and SIGTERM, unless the signal is ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def hold_signals() -> Callable[[], bool]:
    """From here to the end of the process hold signals back; give what tells whether one came.

    What was begun is finished, and what was done is told, however often somebody presses Ctrl-C.
    """
    asked = Event()

    def remember(_number: int, _frame: FrameType | None) -> None:
        first = not asked.is_set()
        asked.set()
        if first:
            with suppress(RuntimeError):  # a write that the signal broke into can't be begun again
                note("stopping: the writes under way are finished, no more are begun")

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, remember)
            # Python drops its handlers while it ends, and the exit code with them; not this one.
            atexit.register(signal.signal, number, signal.SIG_IGN)
    return asked.is_set


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Interrupt
