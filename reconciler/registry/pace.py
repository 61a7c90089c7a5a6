"""How fast to call: one pace for all threads, since the service limits the account (assumed).

ECR publishes no rate for the policy calls, and callers report low ones. So the pace starts
modestly, creeps up while nothing is throttled, and halves when something is.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")

START_RATE = 20.0  # calls a second
LOWEST_RATE = 1.0
GROWTH = 1.0  # calls a second, gained with each call until the first throttle
CREEP = 10.0  # calls a second, gained in each second after it, at the most
CREEP_SHARE = 1 / 40  # of the present pace, gained with each call after it, at the most
REST = 0.25  # seconds without any call after a throttle, so that the service has some to give
MOST_THROTTLES = 20  # of one call; the last is raised
MOST_FAILURES = 3  # of one call that are no throttles; the last is raised
MOST_UNSENT = 8  # the same where no connection comes about, though there has been one before
FIRST_PAUSE = 0.1  # seconds; doubles with each failure of one call
LONGEST_PAUSE = 5.0  # seconds
LONG = 5.0  # seconds from the first throttle to another one, after which it is told
LONGEST_NAP = 0.1  # seconds between looks at the pace, which may have changed
_ROUNDING = 1e-6  # of a turn


class Verdict(Enum):
    """What a failed attempt means for the next one."""

    THROTTLED = "throttled"  # slow down, try again
    PASSING = "passing"  # try again
    UNSENT = "unsent"  # try again, and for longer where there have been answers before
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class _Permit:
    slowdowns: int  # how many there had been when it was given
    waited: bool


class Pace:
    """Paces and repeats calls; one for each registry and region, safe to share among threads.

    `throttled_for_long` is called once, by any thread, where throttles go on for `LONG`. `clock`
    gives seconds, `sleep` takes seconds, `uniform` draws a number between its two arguments.
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
        # throttle sets `_counted_to` ahead of the clock.
        self._given = 0
        self._come_up = 0.0
        self._counted_to = clock()
        self._slowdowns = 0
        self._has_answered = False
        self._reserved = threading.local()

    @property
    def rate(self) -> float:
        """The present pace, in calls a second."""
        return self._rate

    def call(
        self,
        attempt: Callable[[], T],
        verdict: Callable[[Exception], Verdict],
        *,
        most_throttles: int = MOST_THROTTLES,
    ) -> T:
        """Make a call when its turn has come, again where `verdict` says that this may help.

        At most `most_throttles` throttles and `MOST_FAILURES` other failures, each but the last
        followed by a pause of random length (full jitter). Raises what the last attempt raised.
        """
        throttles = failures = 0
        while True:
            permit = self._wait_for_turn()
            try:
                result = attempt()
            except Exception as error:
                given = verdict(error)
                self._has_answered |= given in (Verdict.THROTTLED, Verdict.FINAL)
                match given:
                    case Verdict.THROTTLED:
                        self._slow_down(permit)
                        throttles += 1
                    case Verdict.PASSING | Verdict.UNSENT:
                        failures += 1
                    case Verdict.FINAL:
                        raise
                if throttles >= most_throttles or failures >= self._most_failures(given):
                    raise
            else:
                self._has_answered = True
                self._speed_up(permit)
                return result
            pause = FIRST_PAUSE * 2.0 ** (throttles + failures - 1)
            self._sleep(self._uniform(0.0, min(LONGEST_PAUSE, pause)))
            self._reserve_again()

    @contextmanager
    def together(self, calls: int) -> Iterator[None]:
        """Let so many next calls of this thread have their turns one right after the other."""
        with self._lock:
            first = self._draw(calls)
        self._reserved.tickets = list(range(first, first + calls))
        try:
            yield
        finally:
            self._reserved.tickets = []

    def _reserve_again(self) -> None:
        """Draw new turns for a call that is made again and for those that are to follow it."""
        following = len(self._tickets())
        if following:
            with self._lock:
                first = self._draw(1 + following)
            self._reserved.tickets = list(range(first, first + 1 + following))

    def _tickets(self) -> list[int]:
        """The turns that are reserved for the next calls of this thread."""
        tickets: list[int] = getattr(self._reserved, "tickets", [])
        return tickets

    def _most_failures(self, verdict: Verdict) -> int:
        return MOST_UNSENT if verdict is Verdict.UNSENT and self._has_answered else MOST_FAILURES

    def _draw(self, tickets: int) -> int:
        """Draw tickets in a row; needs the lock; gives the first."""
        self._move_on()
        self._come_up = min(self._come_up, float(self._given))  # idle time earns no burst
        first = self._given
        self._given += tickets
        return first

    def _wait_for_turn(self) -> _Permit:
        if reserved := self._tickets():
            ticket = reserved.pop(0)
        else:
            with self._lock:
                ticket = self._draw(1)
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
        """Count the turns that have come up since the last look; needs the lock; gives the time."""
        now = self._clock()
        if now > self._counted_to:
            self._come_up += (now - self._counted_to) * self._rate
            self._counted_to = now
        return now

    def _slow_down(self, permit: _Permit) -> None:
        with self._lock:
            # Calls that were under way together are throttled together: that counts once.
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
            # Where nobody waits, something else is the limit, and a higher rate would mean nothing.
            if permit.waited and permit.slowdowns == self._slowdowns:
                self._move_on()
                creep = min(CREEP / self._rate, CREEP_SHARE * self._rate)
                self._rate += creep if self._slowdowns else GROWTH
