"""The rate of calls: one for all threads, since the service limits the account (assumed).

ECR publishes no rate for the policy calls, and callers report low ones. So the pace begins as TCP
does: with a window of calls in flight that grows with each answer, until most of the latest answers
are throttled ones. From then on it is a rate: what got through, held for a while, and raised until
the limit is met again. A throttled call among many that pass says nothing of a limit: that other
callers use it up, say. Only that call is repeated, and the pace stays as it is.
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.registry.failures.errors import Retry
from reconciler.registry.tasks import T, pause

START_WINDOW = 10  # calls in flight, as TCP's initial window (RFC 6928)
RISKED_WINDOW = 20  # calls in flight at the most, until five times as many have passed
START_RATE = 20.0  # calls a second: from the first throttled calls on, at the least
LOWEST_RATE = 1.0  # calls a second
RECENT_AT_START = 12  # answers, by which a limit is told from throttles that others cause
AT_START = 8  # of them, throttled: the limit is met for the first time
RECENT = 8  # answers, from then on
WHILE_HELD = 7  # of them, throttled, at a rate at which calls should pass
WHILE_GROWING = 4  # the same at a rate that grows
FIRST_SHARE = 1 / 8  # of what got through before the limit was met first: a burst, most of it
HELD_SHARE = 0.99  # of what got through between two times that the limit was met
LARGEST_CUT = 1 / 8  # of the rate
HOLD = 4.0  # calls without growth, for each call that the estimate is made of
LONGEST_HOLD = 1000.0  # calls
GROWTH = 0.02  # of the estimate, gained with each call after them
FIRST_GROWTH = 0.04  # the same while there is no estimate but the first one
REST = 0.25  # seconds without a call after the limit is met, so that the service can recover
LONGEST_REST = 1.0  # seconds without a call; longer ones say nothing of what gets through
MAX_THROTTLES = 20  # attempts of one call, throttled while no other passes; the error is raised
MAX_FAILURES = 3  # attempts of one call that fail otherwise; the last error is raised
MAX_UNSENT = 8  # the same without a connection, if an earlier call had one
LONGEST_SILENCE = 45.0  # seconds of its attempts without a response; no other attempt follows
SILENCE = 10.0  # seconds of one of them, before the next one, that are told
FIRST_PAUSE = 0.1  # seconds; doubles with each failure of one call
MOST_DOUBLINGS = 10  # a call that is throttled for very long would overflow a number
LONGEST_PAUSE = 5.0  # seconds
LONG = 5.0  # seconds from the first time that the limit is met to the call that is told
LONGEST_NAP = 0.1  # seconds between looks at the rate, which may have changed
_START_NAP = 0.005  # seconds between looks at the window
_ROUNDING = 1e-6  # of a turn
_SHORTEST = 1e-3  # seconds of an epoch
_NO_RESPONSE = (Retry.TRANSIENT, Retry.UNSENT)


@dataclass(slots=True)
class Turns:
    """Turns in a row: the calls that use them follow each other, with no other call in between.

    `first` is the number of the next one, `left` how many there are, and `began` the time of the
    pace's clock when the latest one came.
    """

    first: int
    left: int
    began: float = 0.0


class _Permit(NamedTuple):
    epoch: int  # how often the limit had been met when it was given
    waited: bool


class Pace:
    """Paces and repeats calls; one for each registry and region, safe to share among threads.

    `throttled_for_long` is called once, by any thread and without a lock, when calls still wait for
    their turns, or are throttled, `LONG` after the limit is met first. `no_response` is called in
    the same way before a call is repeated that had no response for `SILENCE`, with its seconds.
    `clock` returns seconds, `sleep` waits for seconds, `uniform` draws a number between its two
    arguments.
    """

    def __init__(
        self,
        *,
        throttled_for_long: Callable[[], None] = lambda: None,
        no_response: Callable[[float], None] = lambda _seconds: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = pause,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._throttled_for_long = throttled_for_long
        self._no_response = no_response
        self._first_met: float | None = None
        self._is_told = False
        self._clock = clock
        self._pause = sleep
        self._uniform = uniform
        self._lock = threading.Lock()
        # Each call draws a ticket; its turn is when as many turns have come up. In the beginning
        # answers bring them up; later the clock does. A rest sets `_counted_to` ahead of it.
        self._given = 0
        self._come_up = START_WINDOW - 1.0
        self._window = float(START_WINDOW)  # 0 from the first time that the limit is met
        self._waiting = 0  # calls
        self._rate = START_RATE
        self._counted_to = clock()
        # An epoch ends when the limit is met.
        self._epoch = 0
        self._begun = math.inf  # moved on by long times without a call
        self._open = 0  # calls that wait or are under way
        self._idle_since = math.inf
        self._passed = 0  # calls of this epoch
        self._recent: deque[bool] = deque(maxlen=RECENT_AT_START)  # whether they were throttled
        self._hold = 0.0
        self._growth = 0.0
        self._ever_passed = 0
        self._has_answered = False

    @property
    def rate(self) -> float:
        """The rate that calls are held to, in calls a second; infinite until the limit is met."""
        return math.inf if self._window else self._rate

    def reserve(self, calls: int) -> Turns:
        """Reserve turns in a row for so many calls of one thread."""
        with self._lock:
            return Turns(self._draw(calls), calls)

    async def paced(
        self,
        attempt: Callable[[], Awaitable[T]],
        retry_after: Callable[[Exception], Retry],
        turns: Turns | None = None,
    ) -> T:
        """Make a call in its turn; again where `retry_after` says that this may help.

        At most `MAX_THROTTLES` throttled attempts in a row between which no other call passes, and
        `MAX_FAILURES` other failures, each but the last followed by a pause of random length (full
        jitter); none after `LONGEST_SILENCE`. Uses the next of `turns`, if given. Raises what the
        last attempt raised.
        """
        turns = turns or self.reserve(1)
        throttles = in_vain = failures = 0
        silence = 0.0
        while True:
            passed = self._ever_passed
            try:
                return await self.paced_once(attempt, retry_after, turns)
            except Exception as error:
                retry = retry_after(error)
                lasted = self._clock() - turns.began if retry in _NO_RESPONSE else 0.0
                silence += lasted
                throttles += retry is Retry.THROTTLED
                in_vain = in_vain + 1 if passed == self._ever_passed else 0
                failures += retry in _NO_RESPONSE
                may_help = retry is Retry.THROTTLED or retry in _NO_RESPONSE
                is_unsent = retry is Retry.UNSENT and self._has_answered
                most_failures = MAX_UNSENT if is_unsent else MAX_FAILURES
                is_over = failures >= most_failures or silence >= LONGEST_SILENCE
                if not may_help or in_vain >= MAX_THROTTLES or is_over:
                    raise
            if lasted >= SILENCE:
                self._no_response(lasted)
            longest = FIRST_PAUSE * 2.0 ** min(throttles + failures - 1, MOST_DOUBLINGS)
            await self._pause(self._uniform(0.0, min(LONGEST_PAUSE, longest)))
            turns.first, turns.left = self.reserve(1 + turns.left).first, 1 + turns.left

    async def paced_once(
        self,
        attempt: Callable[[], Awaitable[T]],
        retry_after: Callable[[Exception], Retry],
        turns: Turns | None = None,
    ) -> T:
        """Make one attempt of a call in its turn, the next of `turns`, if given."""
        turns = turns or self.reserve(1)
        with self._lock:
            self._open += 1
        try:
            permit = await self._wait_for(turns)
            try:
                result = await attempt()
            except Exception as error:
                self._note_failure(retry_after(error), permit)
                raise
            self._note_pass(permit)
            return result
        finally:
            with self._lock:
                self._open -= 1
                self._idle_since = math.inf if self._open else self._clock()

    def _draw(self, tickets: int) -> int:
        """Draw tickets in a row and return the first; needs the lock."""
        now = self._move_on()
        if now - self._idle_since > LONGEST_REST:
            self._begun += now - self._idle_since
        self._idle_since = math.inf
        self._begun = min(self._begun, now)
        self._come_up = min(self._come_up, self._given + self._window)  # idle time earns no burst
        first = self._given
        self._given += tickets
        return first

    async def _wait_for(self, turns: Turns) -> _Permit:
        """Wait for the next of the turns, and use it."""
        ticket = turns.first
        turns.first, turns.left = ticket + 1, turns.left - 1
        left = self._time_left(ticket)
        waited = left > 0.0
        if waited:
            await self._wait_so_long(ticket, left)
        turns.began = self._clock()
        return _Permit(self._epoch, waited)

    async def _wait_so_long(self, ticket: int, left: float) -> None:
        with self._lock:
            self._waiting += 1
        try:
            while left > 0.0:
                await self._pause(min(left, LONGEST_NAP))
                left = self._time_left(ticket)
        finally:
            with self._lock:
                self._waiting -= 1
        self._tell_if_long()

    def _time_left(self, ticket: int) -> float:
        with self._lock:
            now = self._move_on()
            missing = ticket - self._come_up
            if missing < _ROUNDING:
                return 0.0
            left = missing / self._rate + (self._counted_to - now)
            return min(left, _START_NAP) if self._window else left

    def _move_on(self) -> float:
        """Count the turns that have come up, and return the time; needs the lock."""
        now = self._clock()
        if now > self._counted_to:
            self._come_up += (now - self._counted_to) * self._rate
            self._counted_to = now
        return now

    def _note_throttle(self, permit: _Permit) -> None:
        with self._lock:
            if permit.epoch == self._epoch:  # calls that were in flight together count once
                self._window = max(self._window - 1.0, 1.0) if self._window else 0.0
                self._recent.append(True)
                if sum(self._recent) >= self._enough():
                    self._meet_limit()
        self._tell_if_long()

    def _tell_if_long(self) -> None:
        with self._lock:
            met = self._first_met
            is_due = met is not None and not self._is_told and self._clock() >= met + LONG
            self._is_told |= is_due
        if is_due:
            self._throttled_for_long()

    def _enough(self) -> int:
        """Return how many throttled calls among the recent ones mean that the limit is met."""
        if self._window:
            return AT_START
        return WHILE_HELD if self._passed < self._hold else WHILE_GROWING

    def _meet_limit(self) -> None:
        """Hold calls to a rate at which they should pass; needs the lock.

        The service had no call to give at the beginning of the epoch and has none now. So what
        passed is what it gives, but for the first epoch: there, a burst passed as well.
        """
        now = self._move_on()
        through = max(self._passed, 1) / max(now - self._begun, _SHORTEST)
        if self._window:
            self._first_met = now
            self._rate = max(START_RATE, through * FIRST_SHARE)
            self._growth = FIRST_GROWTH * self._rate
            self._window = 0.0
        else:
            cut = max(through * HELD_SHARE, self._rate * LARGEST_CUT, LOWEST_RATE)
            self._rate = min(self._rate, cut)
            self._hold = min(HOLD * self._passed, LONGEST_HOLD)
            self._growth = GROWTH * self._rate
        self._come_up = min(self._come_up, float(self._given - self._waiting))
        self._counted_to = now + REST
        self._epoch += 1
        self._begun = now
        self._passed = 0
        self._recent = deque(maxlen=RECENT)

    def _note_failure(self, retry: Retry, permit: _Permit) -> None:
        if retry in _NO_RESPONSE:
            self._note_no_response()
            return
        self._has_answered = True
        if retry is Retry.THROTTLED:
            self._note_throttle(permit)
        else:
            self._note_pass(permit)

    def _note_no_response(self) -> None:
        with self._lock:
            if self._window:
                self._come_up += 1.0

    def _note_pass(self, permit: _Permit) -> None:
        self._has_answered = True
        with self._lock:
            self._ever_passed += 1
            if permit.epoch != self._epoch:
                return
            self._passed += 1
            self._recent.append(False)
            if self._window:
                grows = self._window < max(RISKED_WINDOW, self._passed / 5)
                self._window += grows
                self._come_up += 1 + grows
            # Without waiting calls the limit is elsewhere, and a higher rate says nothing.
            elif permit.waited and self._passed >= self._hold:
                self._move_on()
                self._rate += self._growth
