import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.retry import Deadline, write_policy
from reconciler.registry.errors import CallError, FailureKind, Retry
from reconciler.registry.pace import (
    LONG,
    LOWEST_RATE,
    MAX_FAILURES,
    MAX_THROTTLES,
    MAX_UNSENT,
    START_RATE,
    Pace,
)

from .virtual_time import VirtualTime


class ThrottleError(Exception): ...


class TransientError(Exception): ...


class UnsentError(Exception): ...


class FinalError(Exception): ...


def retry_after(error: Exception) -> Retry:
    known = {
        ThrottleError: Retry.THROTTLED,
        TransientError: Retry.TRANSIENT,
        UnsentError: Retry.UNSENT,
        FinalError: Retry.NEVER,
    }
    return known[type(error)]


class TokenBucket:
    """A service that takes `rate` calls a second, and `burst` at once."""

    def __init__(self, time: VirtualTime, rate: float, burst: float) -> None:
        self.time, self.rate, self.burst = time, rate, burst
        self.tokens, self.last, self.throttled = burst, 0.0, 0

    def call(self, latency: float) -> None:
        now = self.time.now
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        refused = self.tokens < 1
        self.tokens -= 0 if refused else 1
        self.throttled += refused
        self.time.sleep(latency)
        if refused:
            raise ThrottleError


def time_taken(
    calls: int, threads: int, *, rate: float, burst: float, latency: float, seed: int
) -> tuple[float, list[int], int]:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.sleep, uniform=random.Random(seed).uniform)
    bucket = TokenBucket(time, rate, burst)
    todo = list(range(calls))
    lost: list[int] = []
    done: list[int] = []

    def worker() -> None:
        while todo:
            call = todo.pop()
            try:
                pace.call(lambda: bucket.call(latency), retry_after)
            except ThrottleError:
                lost.append(call)
            else:
                done.append(call)

    time.run(*[worker] * threads)
    assert sorted(done + lost) == list(range(calls))
    return time.now, lost, bucket.throttled


@pytest.mark.parametrize("rate", [20.0, 50.0])
@settings(max_examples=8, derandomize=True)
@given(
    seed=st.integers(0, 10_000), latency=st.floats(0.01, 0.15), threads=st.sampled_from([16, 32])
)
def test_no_call_is_lost_and_little_time(
    rate: float, seed: int, latency: float, threads: int
) -> None:
    calls, burst = 500, 100.0
    ideal = max((calls - burst) / rate, calls * latency / threads)
    taken, lost, _ = time_taken(calls, threads, rate=rate, burst=burst, latency=latency, seed=seed)
    assert lost == []
    assert taken <= 1.2 * ideal


@pytest.mark.parametrize("burst", [5.0, 20.0])
def test_a_small_burst_loses_nothing_either(burst: float) -> None:
    _, lost, throttled = time_taken(500, 16, rate=10.0, burst=burst, latency=0.05, seed=1)
    assert lost == []
    assert throttled < 500


class Alone:
    """A pace in one thread, on a clock that moves by its sleeping only."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.drawn_up_to: list[float] = []
        self.pace = Pace(clock=lambda: self.now, sleep=self.sleep, uniform=self.uniform)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def uniform(self, low: float, high: float) -> float:
        assert low == 0.0
        self.drawn_up_to.append(high)
        return high


def raising(*errors: type[Exception] | None) -> tuple[Callable[[], str], list[int]]:
    script, attempts = list(errors), []

    def attempt() -> str:
        attempts.append(len(attempts))
        error = script[min(len(attempts), len(script)) - 1]
        if error is not None:
            raise error
        return "done"

    return attempt, attempts


@pytest.mark.parametrize(
    ("errors", "attempts"),
    [
        ([None], 1),
        ([ThrottleError, None], 2),
        ([ThrottleError] * (MAX_THROTTLES - 1) + [None], MAX_THROTTLES),
        ([TransientError] * (MAX_FAILURES - 1) + [None], MAX_FAILURES),
        ([TransientError, ThrottleError, ThrottleError, ThrottleError, None], 5),
    ],
)
def test_it_repeats_what_may_pass(errors: list[type[Exception] | None], attempts: int) -> None:
    attempt, made = raising(*errors)
    assert Alone().pace.call(attempt, retry_after) == "done"
    assert len(made) == attempts


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(FinalError, 1), (ThrottleError, MAX_THROTTLES), (TransientError, MAX_FAILURES)],
)
def test_it_gives_up_with_the_last_error(error: type[Exception], attempts: int) -> None:
    attempt, made = raising(error)
    with pytest.raises(error):
        Alone().pace.call(attempt, retry_after)
    assert len(made) == attempts


@pytest.mark.parametrize(("answered", "attempts"), [(False, MAX_FAILURES), (True, MAX_UNSENT)])
def test_no_connection_is_waited_out_longer_where_there_has_been_one(
    answered: bool, attempts: int
) -> None:
    alone = Alone()
    if answered:
        alone.pace.call(lambda: None, retry_after)
    attempt, made = raising(UnsentError)
    with pytest.raises(UnsentError):
        alone.pace.call(attempt, retry_after)
    assert len(made) == attempts


def test_calls_together_have_their_turns_one_right_after_the_other() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.sleep)
    calls: list[tuple[str, float]] = []

    def worker(name: str) -> None:
        for _ in range(5):
            turns = pace.reserve(2)
            for _ in range(2):
                pace.call(lambda: calls.append((name, time.now)), retry_after, turns=turns)
            pace.call(lambda: calls.append(("alone", time.now)), retry_after)

    time.run(*[partial(worker, name) for name in "abcd"])
    for name in "abcd":
        turns = [at for own, at in calls if own == name]
        for look, write in zip(turns[::2], turns[1::2], strict=True):
            between = [own for own, at in calls if look < at < write]
            assert between == []
    assert sum(name == "alone" for name, _ in calls) == 20


def test_a_turn_that_is_not_used_is_not_kept() -> None:
    alone = Alone()
    turns = alone.pace.reserve(3)
    alone.pace.call(lambda: None, retry_after, turns=turns)
    before = alone.now
    alone.pace.call(lambda: None, retry_after)
    assert alone.now > before


@pytest.mark.parametrize("seed", range(5))
def test_a_bucket_that_holds_one_call_is_no_end_either(seed: int) -> None:
    """Four who look and write in turns, as an apply does, must not keep step with each other."""
    time = VirtualTime()
    uniform = random.Random(seed).uniform
    pace = Pace(clock=time.clock, sleep=time.sleep, uniform=uniform)
    bucket = TokenBucket(time, rate=5.0, burst=1.0)
    todo, written = list(range(30)), list[int]()

    def new_deadline(seconds: float) -> Deadline:
        return Deadline(seconds, clock=time.clock, sleep=time.sleep, uniform=uniform)

    def write(number: int) -> None:
        def attempt() -> None:
            turns = pace.reserve(2)
            try:
                pace.call(lambda: bucket.call(0.02), retry_after, turns=turns)
                pace.call_once(lambda: bucket.call(0.02), retry_after, turns)
            except ThrottleError:
                raise CallError("slow down", kind=FailureKind.THROTTLED) from None
            written.append(number)

        write_policy(new_deadline).call(attempt)

    def worker() -> None:
        while todo:
            write(todo.pop())

    time.run(*[worker] * 4)
    assert sorted(written) == list(range(30))


def test_pauses_are_drawn_from_a_doubling_bounded_range() -> None:
    alone = Alone()
    attempt, _ = raising(*[ThrottleError] * 8, None)
    alone.pace.call(attempt, retry_after)
    assert alone.drawn_up_to == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_throttle_halves_the_pace_down_to_a_floor() -> None:
    alone = Alone()
    for divisor in (2, 4, 8):
        with pytest.raises(FinalError):
            alone.pace.call(raising(ThrottleError, FinalError)[0], retry_after)
        assert alone.pace.rate == START_RATE / divisor
    with pytest.raises(ThrottleError):
        alone.pace.call(raising(ThrottleError)[0], retry_after)
    assert alone.pace.rate == LOWEST_RATE


def test_calls_under_way_together_slow_down_once() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.sleep, uniform=lambda _low, high: high)
    refused: list[int] = []

    def worker() -> None:
        def attempt() -> None:
            time.sleep(1.0)
            if time.now < 2.0:
                refused.append(1)
                raise ThrottleError

        pace.call(attempt, retry_after)

    rates: list[float] = []

    def watcher() -> None:
        time.sleep(1.5)
        rates.append(pace.rate)

    time.run(*[worker] * 8, watcher)
    assert len(refused) == 8
    assert rates == [START_RATE / 2]


def test_other_failures_do_not_slow_down() -> None:
    alone = Alone()
    alone.pace.call(raising(TransientError, None)[0], retry_after)
    assert alone.pace.rate >= START_RATE


def test_the_pace_creeps_up_only_while_it_is_the_limit() -> None:
    alone = Alone()
    for _ in range(100):
        alone.pace.call(lambda: None, retry_after)
    crept = alone.pace.rate
    assert crept > START_RATE
    for _ in range(100):
        alone.now += 1.0
        alone.pace.call(lambda: None, retry_after)
    assert alone.pace.rate == crept


@pytest.mark.parametrize(("throttles", "told"), [(1, 0), (4, 0), (12, 1), (19, 1)])
def test_throttles_that_go_on_are_told_once(throttles: int, told: int) -> None:
    now, notes, left = [0.0], [0], [throttles]

    def note() -> None:
        assert now[0] >= LONG
        notes[0] += 1

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def call() -> None:
        if left[0]:
            left[0] -= 1
            raise ThrottleError

    pace = Pace(
        throttled_for_long=note, clock=lambda: now[0], sleep=sleep, uniform=lambda _low, high: high
    )
    pace.call(call, retry_after)
    assert notes[0] == told
