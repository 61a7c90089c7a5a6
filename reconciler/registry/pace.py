"""The rate of calls: one for all threads, since the service limits the account (assumed).

ECR publishes no rate for the policy calls, and callers report low ones. So the pace starts
modestly, grows while nothing is throttled, and halves after a throttled call.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reconciler.registry.errors import Retry

T = TypeVar("T")

START_RATE = 20.0  # calls a second
LOWEST_RATE = 1.0  # calls a second
GROWTH = 1.0  # calls a second, gained with each call until the first throttled one
SLOW_GROWTH = 10.0  # calls a second, gained in each second after it, at the most
SLOW_GROWTH_SHARE = 1 / 40  # of the current rate, gained with each call after it, at the most
REST = 0.25  # seconds without a call after a throttled one, so that the service can recover
MAX_THROTTLES = 20  # attempts of one call that are throttled; the last error is raised
MAX_FAILURES = 3  # attempts of one call that fail otherwise; the last error is raised
MAX_UNSENT = 8  # the same without a connection, if an earlier call had one
FIRST_PAUSE = 0.1  # seconds; doubles with each failure of one call
LONGEST_PAUSE = 5.0  # seconds
LONG = 5.0  # seconds from the first throttled call to one that is reported
LONGEST_NAP = 0.1  # seconds between looks at the rate, which may have changed
_ROUNDING = 1e-6  # of a turn
_NO_RESPONSE = (Retry.TRANSIENT, Retry.UNSENT)


@dataclass(slots=True)
class Turns:
    """Turns in a row: the calls that use them follow each other, with no other call in between.

    `first` is the number of the next one, `left` how many there are.
    """

    first: int
    left: int


@dataclass(frozen=True, slots=True)
class _Permit:
    slowdowns: int  # how many there had been when it was given
    waited: bool


class Pace:
    """Paces and repeats calls; one for each registry and region, safe to share among threads.

    `throttled_for_long` is called once, by any thread and without a lock, when calls are still
    throttled `LONG` after the first. `clock` returns seconds, `sleep` takes seconds, `uniform`
    draws a number between its two arguments.
    """

    def __init__(
        self,
        *,
        throttled_for_long: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._throttled_for_long = throttled_for_long
        self._first_throttle: float | None = None
        self._is_long = False
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._lock = threading.Lock()
        self._rate = START_RATE
        # Each call draws a ticket; its turn is when as many turns have come up. A pause after a
        # throttled call sets `_counted_to` ahead of the clock.
        self._given = 0
        self._come_up = 0.0
        self._counted_to = clock()
        self._slowdowns = 0
        self._has_answered = False

    @property
    def rate(self) -> float:
        """The current rate, in calls a second."""
        return self._rate

    def reserve(self, calls: int) -> Turns:
        """Reserve turns in a row for so many calls of one thread."""
        with self._lock:
            return Turns(self._draw(calls), calls)

    def call(
        self,
        attempt: Callable[[], T],
        retry_after: Callable[[Exception], Retry],
        turns: Turns | None = None,
    ) -> T:
        """Make a call in its turn; again where `retry_after` says that this may help.

        At most `MAX_THROTTLES` throttled attempts and `MAX_FAILURES` other failures, each but the
        last followed by a pause of random length (full jitter). Uses the next of `turns`, if given.
        Raises what the last attempt raised.
        """
        turns = turns or self.reserve(1)
        throttles = failures = 0
        while True:
            try:
                return self.call_once(attempt, retry_after, turns)
            except Exception as error:
                retry = retry_after(error)
                throttles += retry is Retry.THROTTLED
                failures += retry in _NO_RESPONSE
                may_help = retry is Retry.THROTTLED or retry in _NO_RESPONSE
                is_unsent = retry is Retry.UNSENT and self._has_answered
                most_failures = MAX_UNSENT if is_unsent else MAX_FAILURES
                if not may_help or throttles >= MAX_THROTTLES or failures >= most_failures:
                    raise
            pause = FIRST_PAUSE * 2.0 ** (throttles + failures - 1)
            self._sleep(self._uniform(0.0, min(LONGEST_PAUSE, pause)))
            turns.first, turns.left = self.reserve(1 + turns.left).first, 1 + turns.left

    def call_once(
        self,
        attempt: Callable[[], T],
        retry_after: Callable[[Exception], Retry],
        turns: Turns | None = None,
    ) -> T:
        """Make one attempt of a call in its turn, the next of `turns`, if given."""
        permit = self._wait_for(turns or self.reserve(1))
        try:
            result = attempt()
        except Exception as error:
            retry = retry_after(error)
            self._has_answered |= retry not in _NO_RESPONSE
            if retry is Retry.THROTTLED:
                self._slow_down(permit)
            raise
        self._has_answered = True
        self._speed_up(permit)
        return result

    def _draw(self, tickets: int) -> int:
        """Draw tickets in a row and return the first; needs the lock."""
        self._move_on()
        self._come_up = min(self._come_up, float(self._given))  # idle time earns no burst
        first = self._given
        self._given += tickets
        return first

    def _wait_for(self, turns: Turns) -> _Permit:
        ticket = turns.first
        turns.first, turns.left = ticket + 1, turns.left - 1
        waited = False
        while (left := self._time_left(ticket)) > 0.0:
            self._sleep(min(left, LONGEST_NAP))
            waited = True
        return _Permit(self._slowdowns, waited)

    def _time_left(self, ticket: int) -> float:
        with self._lock:
            now = self._move_on()
            missing = ticket - self._come_up
            if missing < _ROUNDING:
                return 0.0
            return missing / self._rate + (self._counted_to - now)

    def _move_on(self) -> float:
        """Count the turns that have come up, and return the time; needs the lock."""
        now = self._clock()
        if now > self._counted_to:
            self._come_up += (now - self._counted_to) * self._rate
            self._counted_to = now
        return now

    def _slow_down(self, permit: _Permit) -> None:
        with self._lock:
            # Calls that were in flight together are throttled together: that counts once.
            if permit.slowdowns == self._slowdowns:
                self._counted_to = self._move_on() + REST
                self._rate = max(LOWEST_RATE, self._rate / 2.0)
                self._slowdowns += 1
            now = self._clock()
            if self._first_throttle is None:
                self._first_throttle = now
            becomes_long = not self._is_long and now >= self._first_throttle + LONG
            self._is_long = self._is_long or becomes_long
        if becomes_long:
            self._throttled_for_long()

    def _speed_up(self, permit: _Permit) -> None:
        with self._lock:
            # Without waiting calls the limit is elsewhere, and a higher rate says nothing.
            if permit.waited and permit.slowdowns == self._slowdowns:
                self._move_on()
                slow = min(SLOW_GROWTH / self._rate, SLOW_GROWTH_SHARE * self._rate)
                self._rate += slow if self._slowdowns else GROWTH
