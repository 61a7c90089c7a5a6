"""Ctrl-C, SIGTERM, SIGHUP: most commands end at once; writes under way are finished first."""

import atexit
import math
import signal
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType

from reconciler.cli.terminal import print_message

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

FORCE_AFTER = 10.0
"""Seconds after the first signal, after which another one ends the process at once."""

CLEAN_UP = 1.0
"""Seconds after a signal that ends a command, in which another one has no effect."""


class Interrupt(BaseException):
    """A signal ends the command, past every handler of ordinary errors. Its text is the message."""


def end_on_signals(clock: Callable[[], float] = monotonic) -> None:
    """Raise Interrupt in the main thread on each of them, unless the signal is ignored.

    Another one within `CLEAN_UP` has no effect: it would break into what restores the terminal.
    """
    last = -math.inf

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        if clock() - last < CLEAN_UP:
            return
        last = clock()
        raise Interrupt("interrupted")

    _handle(end)


def hold_signals(clock: Callable[[], float] = monotonic) -> Callable[[], bool]:
    """Hold signals back until the process ends; return a function that is True once one came.

    What was begun is finished and reported, however often Ctrl-C is pressed. A signal after
    `FORCE_AFTER` ends the process at once, whatever it waits for; the journal then has the writes.
    """
    # No lock may be taken here, as an Event does: a signal may break into the handler of another.
    first: float | None = None

    def remember(number: int, _frame: FrameType | None) -> None:
        nonlocal first
        if first is None:
            first = clock()
            with suppress(RuntimeError):  # a write that the signal broke into can't be begun again
                print_message(
                    "stopping: the writes under way are finished, no more are begun; "
                    f"a signal after {FORCE_AFTER:g} s ends the process at once"
                )
        elif clock() - first > FORCE_AFTER:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    _handle(remember)
    return lambda: first is not None


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    """Set the handler of each signal that is not ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
            # Python drops its handlers while it ends, and the exit code with them; not this one.
            atexit.register(signal.signal, number, signal.SIG_IGN)
