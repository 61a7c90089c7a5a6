"""Throttling: a bucket of calls for each account, refilled at an even rate."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeAlias

from reconciler.sandbox.calls import ServiceError

Clock: TypeAlias = Callable[[], float]  # seconds from any beginning, never going back


class TokenBucket:
    """Holds at most `burst` calls, and begins with them; gains `rate` a second, more than 0.

    A burst of less than one call counts as one. Not safe for several threads.
    """

    def __init__(self, rate: float, burst: int, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._size = max(1, burst)
        self._clock = clock
        self._held = float(self._size)
        self._filled_at = clock()

    def take(self) -> bool:
        """Take a call out; whether there was one."""
        now = self._clock()
        self._held = min(self._size, self._held + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._held < 1:
            return False
        self._held -= 1
        return True


class Throttle:
    """A bucket for each account; a `rate` of 0 throttles nobody. Safe for several threads."""

    def __init__(self, rate: float, burst: int, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = Lock()

    def check(self, account: str) -> None:
        """Count a call of this account; raise ServiceError where it is one too many."""
        if self._rate and not self._taken(account):
            raise ServiceError("ThrottlingException", "Rate exceeded")

    def _taken(self, account: str) -> bool:
        with self._lock:
            if account not in self._buckets:
                self._buckets[account] = TokenBucket(self._rate, self._burst, self._clock)
            return self._buckets[account].take()
