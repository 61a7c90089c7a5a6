"""Ctrl-C, SIGTERM, SIGHUP: most commands end at once; writes under way are finished first."""

import atexit
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


class Interrupt(BaseException):
    """A signal ends the command, past every handler of ordinary errors. Its text is the message."""


def end_on_signals() -> None:
    """Raise Interrupt in the main thread on each of them, unless the signal is ignored."""
    for number in _not_ignored():
        signal.signal(number, _end)


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

    for number in _not_ignored():
        signal.signal(number, remember)
        # Python drops its handlers while it ends, and the exit code with them; not this one.
        atexit.register(signal.signal, number, signal.SIG_IGN)
    return lambda: first is not None


def _not_ignored() -> list[signal.Signals]:
    return [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Interrupt("interrupted")
