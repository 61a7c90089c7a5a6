"""Ctrl-C and SIGTERM: most commands just end; writes that are under way are finished first."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def finishing_first() -> Iterator[Callable[[], bool]]:
    """Hold signals back, and give a function that tells whether one has come."""
    asked = Event()

    def remember(_number: int, _frame: FrameType | None) -> None:
        first = not asked.is_set()
        asked.set()
        if first:
            with suppress(RuntimeError):  # a write that the signal broke into can't be begun again
                note("stopping: the writes under way are finished, no more are begun")

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, remember)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Interrupt
