"""One run of an apply: its journal, how long it waits, and whether it goes on."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.apply.model import Journal
from reconciler.registry.fault import FOR_ALL, CallError

VISIBLE_WITHIN = 20.0
"""Seconds after which a repository that was just made must be visible."""

_FIRST_PAUSE = 0.25  # seconds; doubles with each wait for one thing
_LONGEST_PAUSE = 4.0
_NAP = 0.1  # seconds between looks at whether the run is to stop


class Patience:
    """Some seconds to wait, counted from the first wait on; safe to share among threads.

    `begins` is called at that first wait, `stopped` tells that waiting is to end.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        stopped: Callable[[], bool] = lambda: False,
        begins: Callable[[], None] = lambda: None,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._stopped = stopped
        self._begins = begins
        self._ends: float | None = None
        self._lock = threading.Lock()

    def wait(self, waits: int) -> bool:
        """Wait 0.25 s, twice as long for each of the `waits` before, 4 s at the most.

        False where the time is up, or the run is to stop.
        """
        with self._lock:
            if self._ends is None:
                self._ends = self._clock() + self.seconds
                if self.seconds:
                    self._begins()
            ends = self._ends
        now = self._clock()
        until = min(ends, now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**waits))
        if until <= now or self._stopped():
            return False
        while (left := until - self._clock()) > 0 and not self._stopped():
            self._sleep(min(left, _NAP))
        return not self._stopped()


@dataclass(slots=True)
class Run:
    """What all changes of one run share.

    `patience` is for new roles, of all changes together; `new_patience` makes another one, of so
    many seconds. `stopped` tells whether somebody wants the run to end.
    """

    journal: Journal
    patience: Patience
    stopped: Callable[[], bool]
    new_patience: Callable[[float], Patience]
    _dead_end: str | None = field(default=None, init=False)

    def reason_to_stop(self) -> str | None:
        """Say why no more writes are begun; None to go on."""
        return "interrupted" if self.stopped() else self._dead_end

    def note_failure(self, error: Exception) -> None:
        """Remember a failure after which nothing else can work."""
        if isinstance(error, CallError) and error.fault in FOR_ALL:
            self._dead_end = f"not begun: {error.message}"
