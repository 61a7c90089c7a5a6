"""Repeating a call: for which failures, how long, and with which pauses."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from reconciler.registry.failures.errors import CallError, Retry, WriteOutcomeUnknownError

T = TypeVar("T")

_WRITE_SECONDS = {Retry.THROTTLED: 120.0, Retry.UNSENT: 15.0, Retry.UNKNOWN_OUTCOME: 15.0}
"""How long a write is repeated, by the reason, from its first failure for that reason."""

_FIRST_PAUSE = 0.25  # seconds; doubles with each wait for one reason
_LONGEST_PAUSE = 4.0  # seconds
_NAP = 0.1  # seconds between checks of `stopped`


class Deadline:
    """Seconds to wait in all, counted from the first wait; safe to share among threads.

    `on_first_wait` is called at that first wait, without a lock; `stopped` returns whether waiting
    is to end; `uniform` draws a number between its two arguments.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        stopped: Callable[[], bool] = lambda: False,
        on_first_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._stopped = stopped
        self._on_first_wait = on_first_wait
        self._ends: float | None = None
        self._lock = threading.Lock()

    def wait(self, waits: int) -> bool:
        """Wait before the next attempt; False where no time is left or the run is to stop.

        At most 0.25 s, doubled for each of the `waits` before, up to 4 s. The length is random, so
        that calls that failed together are not repeated together.
        """
        ends = self._start()
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**waits)
        now = self._clock()
        until = min(ends, now + self._uniform(longest / 4, longest))
        if until <= now or self._stopped():
            return False
        while (left := until - self._clock()) > 0 and not self._stopped():
            self._sleep(min(left, _NAP))
        return not self._stopped()

    def _start(self) -> float:
        """Return the time of the deadline, set at the first wait."""
        with self._lock:
            is_first = self._ends is None
            if self._ends is None:
                self._ends = self._clock() + self.seconds
            ends = self._ends
        if is_first and self.seconds:
            self._on_first_wait()
        return ends


class RetryPolicy:
    """Repeats one call, by a deadline for each reason to retry; other failures end it.

    `unsettled` is the last attempt that may have been done; None where there was none.
    """

    def __init__(self, deadlines: Mapping[Retry, Deadline]) -> None:
        self.unsettled: WriteOutcomeUnknownError | None = None
        self._deadlines = deadlines
        self._waits: Counter[Deadline] = Counter()

    def call(self, attempt: Callable[[], T], is_pending: Callable[[T], bool] | None = None) -> T:
        """Make a call, and again after each failure or pending result while a deadline allows.

        A pending result counts as a transient failure. Returns the last result; raises what the
        last attempt raised.
        """
        while True:
            try:
                result = attempt()
            except (CallError, WriteOutcomeUnknownError) as failure:
                if isinstance(failure, WriteOutcomeUnknownError):
                    self.unsettled = failure
                if not self._wait(failure.retry):
                    raise
            else:
                if not (is_pending and is_pending(result) and self._wait(Retry.TRANSIENT)):
                    return result

    def _wait(self, retry: Retry) -> bool:
        deadline = self._deadlines.get(retry)
        if deadline is None:
            return False
        self._waits[deadline] += 1
        return deadline.wait(self._waits[deadline] - 1)


def write_policy(
    new_deadline: Callable[[float], Deadline], more: Mapping[Retry, Deadline] | None = None
) -> RetryPolicy:
    """Return the policy of a write; `more` are deadlines for reasons that only some writes have."""
    usual = {retry: new_deadline(seconds) for retry, seconds in _WRITE_SECONDS.items()}
    return RetryPolicy({**usual, **(more or {})})
