"""Ctrl-C, SIGTERM, SIGHUP: most commands just end; writes under way are finished first."""

import atexit
import signal
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import FrameType

from reconciler.cli.terminal import tell

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

IMPATIENT_AFTER = 10.0
"""Seconds after the first signal from which on another one ends the process as it is."""


class Interrupt(BaseException):
    """Somebody wants the command to end; no handler of ordinary errors may stop that.

    Its text says what is to be told.
    """


def end_on_signals() -> None:
    """Raise Interrupt in the main thread on each of them, unless the signal is ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def hold_signals(clock: Callable[[], float] = monotonic) -> Callable[[], bool]:
    """From here to the end of the process hold signals back; give what tells whether one came.

    What was begun is finished, and what was done is told, however often somebody presses Ctrl-C;
    but who does so still after a while wants it to end, whatever it waits for: then the journal
    has to tell.
    """
    # No lock may be taken here, as an Event does: a signal may break into the handler of another.
    first: float | None = None

    def remember(number: int, _frame: FrameType | None) -> None:
        nonlocal first
        if first is None:
            first = clock()
            with suppress(RuntimeError):  # a write that the signal broke into can't be begun again
                tell(
                    "stopping: the writes under way are finished, no more are begun; "
                    f"again after {IMPATIENT_AFTER:g} s ends this as it is"
                )
        elif clock() - first > IMPATIENT_AFTER:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, remember)
            # Python drops its handlers while it ends, and the exit code with them; not this one.
            atexit.register(signal.signal, number, signal.SIG_IGN)
    return lambda: first is not None


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Interrupt("interrupted")
