import math
import random
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.apply.retry import Deadline, write_policy
from reconciler.registry.failures.errors import CallError, FailureKind, Retry
from reconciler.registry.pace import (
    AT_START,
    LONG,
    MAX_FAILURES,
    MAX_THROTTLES,
    MAX_UNSENT,
    RISKED_WINDOW,
    SILENCE,
    START_RATE,
    START_WINDOW,
    Pace,
    Turns,
)
from reconciler.registry.tasks import T, run_alone

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


def paced(
    pace: Pace,
    attempt: Callable[[], T],
    retry: Callable[[Exception], Retry],
    turns: Turns | None = None,
) -> T:
    return run_alone(pace.paced(as_coroutine(attempt), retry, turns))


def paced_once(
    pace: Pace, attempt: Callable[[], T], retry: Callable[[Exception], Retry], turns: Turns
) -> T:
    return run_alone(pace.paced_once(as_coroutine(attempt), retry, turns))


def as_coroutine(attempt: Callable[[], T]) -> Callable[[], Awaitable[T]]:
    async def make() -> T:
        return attempt()

    return make


class TokenBucket:
    """A service that takes `rate` calls a second, and `burst` at once, but for a random share."""

    def __init__(
        self,
        time: VirtualTime,
        rate: float,
        burst: float,
        chance: random.Random,
        share: float = 0.0,
    ) -> None:
        self.time, self.rate, self.burst = time, rate, burst
        self.chance, self.share = chance, share
        self.tokens, self.last, self.throttled = burst, 0.0, 0

    def call(self, latency: float) -> None:
        now = self.time.now
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        refused = self.tokens < 1 or self.chance.random() < self.share
        self.tokens -= 0 if refused else 1
        self.throttled += refused
        self.time.sleep(latency * self.chance.uniform(0.9, 1.1))
        if refused:
            raise ThrottleError


def time_taken(
    calls: int,
    threads: int,
    *,
    rate: float,
    burst: float,
    latency: float,
    seed: int,
    share: float = 0.0,
) -> tuple[float, list[int], int]:
    time = VirtualTime()
    chance = random.Random(seed)
    pace = Pace(clock=time.clock, sleep=time.pause, uniform=chance.uniform)
    bucket = TokenBucket(time, rate, burst, chance, share)
    todo = list(range(calls))
    lost: list[int] = []
    done: list[int] = []

    def worker() -> None:
        while todo:
            call = todo.pop()
            try:
                paced(pace, lambda: bucket.call(latency), retry_after)
            except ThrottleError:
                lost.append(call)
            else:
                done.append(call)

    time.run(*[worker] * threads)
    assert sorted(done + lost) == list(range(calls))
    return time.now, lost, bucket.throttled


_NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # it takes minutes


@pytest.mark.parametrize("rate", [20.0, 50.0, 200.0])
@settings(max_examples=4, derandomize=True, phases=_NO_SHRINKING)
@given(seed=st.integers(0, 10_000), threads=st.sampled_from([16, 32, 64]))
def test_no_call_is_lost_and_little_time(rate: float, seed: int, threads: int) -> None:
    calls, burst = 1000, 100.0
    taken, lost, throttled = time_taken(
        calls, threads, rate=rate, burst=burst, latency=0.02, seed=seed
    )
    assert lost == []
    assert throttled < 0.05 * (calls + throttled)
    assert taken <= 1.1 * (calls - burst) / rate


@settings(max_examples=8, derandomize=True, phases=_NO_SHRINKING)
@given(
    rate=st.floats(10.0, 400.0),
    burst=st.floats(5.0, 200.0),
    latency=st.floats(0.01, 0.15),
    seed=st.integers(0, 10_000),
    threads=st.sampled_from([16, 32, 64]),
)
def test_whatever_the_limit_it_is_found(
    rate: float, burst: float, latency: float, seed: int, threads: int
) -> None:
    calls = 600
    taken, lost, throttled = time_taken(
        calls, threads, rate=rate, burst=burst, latency=latency, seed=seed
    )
    round_trips = calls / threads + 5.0  # it takes some until all threads are busy
    assert lost == []
    assert throttled < 0.25 * calls
    assert taken <= 2.0 * max((calls - burst) / rate, round_trips * latency)


@pytest.mark.parametrize(("share", "limit"), [(0.02, 1.5), (0.1, 2.5)])
@settings(max_examples=8, derandomize=True, phases=_NO_SHRINKING)
@given(seed=st.integers(0, 10_000), threads=st.sampled_from([16, 32, 64]))
def test_throttles_that_others_cause_hardly_slow_down(
    share: float, limit: float, seed: int, threads: int
) -> None:
    taken, lost, _ = time_taken(
        1000, threads, rate=1e9, burst=1e9, latency=0.02, seed=seed, share=share
    )
    quick, _, _ = time_taken(1000, threads, rate=1e9, burst=1e9, latency=0.02, seed=seed)
    assert lost == []
    assert taken <= limit * quick


@pytest.mark.parametrize("idle", [2.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_pause_between_calls_says_nothing_of_the_limit(idle: float, seed: int) -> None:
    """As between the reads of an apply and its writes, while a plan is made and shown."""
    time, chance = VirtualTime(), random.Random(seed)
    pace = Pace(clock=time.clock, sleep=time.pause, uniform=chance.uniform)
    bucket = TokenBucket(time, 20.0, 10.0, chance)
    reads, writes = [0] * 200, [0] * 600
    ended: list[float] = []

    def worker() -> None:
        for calls in (reads, writes):
            while calls:
                calls.pop()
                paced(pace, lambda: bucket.call(0.02), retry_after)
            ended.append(time.now)
            while len(ended) < 16:  # all have read
                time.sleep(0.01)
            time.sleep(idle)

    time.run(*[worker] * 16)
    idle_time = 2 * idle + 1.0  # the second one comes after the last call
    assert time.now - idle_time <= 1.1 * (800 - 10) / 20


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
        self.told: list[float] = []
        self.pace = Pace(
            no_response=self.told.append,
            clock=lambda: self.now,
            sleep=self.sleep,
            uniform=self.uniform,
        )

    def silent(self, seconds: float, *errors: type[Exception] | None) -> Callable[[], str]:
        """Return a call whose attempts end so after so many seconds."""
        attempt, _ = raising(*errors)

        def wait() -> str:
            self.now += seconds
            return attempt()

        return wait

    def meet_limit(self) -> None:
        paced(self.pace, raising(*[ThrottleError] * AT_START, None)[0], retry_after)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def uniform(self, low: float, high: float) -> float:
        assert low == 0.0
        self.drawn_up_to.append(high)
        return high


def raising(*errors: type[Exception] | None) -> tuple[Callable[[], str], list[int]]:
    script, attempts = list(errors), list[int]()

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
    assert paced(Alone().pace, attempt, retry_after) == "done"
    assert len(made) == attempts


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(FinalError, 1), (ThrottleError, MAX_THROTTLES), (TransientError, MAX_FAILURES)],
)
def test_it_gives_up_with_the_last_error(error: type[Exception], attempts: int) -> None:
    attempt, made = raising(error)
    with pytest.raises(error):
        paced(Alone().pace, attempt, retry_after)
    assert len(made) == attempts


@pytest.mark.parametrize(("answered", "attempts"), [(False, MAX_FAILURES), (True, MAX_UNSENT)])
def test_no_connection_is_waited_out_longer_where_there_has_been_one(
    answered: bool, attempts: int
) -> None:
    alone = Alone()
    if answered:
        paced(alone.pace, lambda: None, retry_after)
    attempt, made = raising(UnsentError)
    with pytest.raises(UnsentError):
        paced(alone.pace, attempt, retry_after)
    assert len(made) == attempts


@pytest.mark.parametrize(("seconds", "attempts"), [(5.0, 3), (20.0, 3), (30.0, 2), (50.0, 1)])
def test_a_call_without_a_response_is_given_up_within_a_minute(
    seconds: float, attempts: int
) -> None:
    alone = Alone()
    with pytest.raises(TransientError):
        paced(alone.pace, alone.silent(seconds, TransientError), retry_after)
    assert alone.now - sum(alone.slept) == pytest.approx(seconds * attempts)
    told = attempts - 1 if seconds >= SILENCE else 0
    assert alone.told == pytest.approx([seconds] * told)


def test_a_wait_for_a_turn_is_no_silence() -> None:
    """A call that was throttled for minutes has as many attempts as any other."""
    alone = Alone()
    errors = [ThrottleError] * (MAX_THROTTLES - 3) + [TransientError, TransientError, None]
    assert paced(alone.pace, alone.silent(11.0, *errors), retry_after) == "done"
    assert alone.told == pytest.approx([11.0, 11.0])


def test_calls_together_have_their_turns_one_right_after_the_other() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.pause)
    calls: list[tuple[str, float]] = []

    def worker(name: str) -> None:
        for _ in range(5):
            turns = pace.reserve(2)
            for _ in range(2):
                paced(pace, lambda: calls.append((name, time.now)), retry_after, turns=turns)
            paced(pace, lambda: calls.append(("alone", time.now)), retry_after)

    time.run(*[partial(worker, name) for name in "abcd"])
    for name in "abcd":
        turns = [at for own, at in calls if own == name]
        for look, write in zip(turns[::2], turns[1::2], strict=True):
            between = [own for own, at in calls if look < at < write]
            assert between == []
    assert sum(name == "alone" for name, _ in calls) == 20


def test_a_turn_that_is_not_used_is_not_kept() -> None:
    alone = Alone()
    alone.meet_limit()
    turns = alone.pace.reserve(3)
    paced(alone.pace, lambda: None, retry_after, turns=turns)
    before = alone.now
    paced(alone.pace, lambda: None, retry_after)
    assert alone.now > before


@pytest.mark.parametrize("seed", range(5))
def test_a_bucket_that_holds_one_call_is_no_end_either(seed: int) -> None:
    """Four who look and write in turns, as an apply does, must not keep step with each other."""
    time = VirtualTime()
    uniform = random.Random(seed).uniform
    pace = Pace(clock=time.clock, sleep=time.pause, uniform=uniform)
    bucket = TokenBucket(time, 5.0, 1.0, random.Random(seed))
    todo, written = list(range(30)), list[int]()

    def new_deadline(seconds: float) -> Deadline:
        return Deadline(seconds, clock=time.clock, sleep=time.sleep, uniform=uniform)

    def write(number: int) -> None:
        def attempt() -> None:
            turns = pace.reserve(2)
            try:
                paced(pace, lambda: bucket.call(0.02), retry_after, turns=turns)
                paced_once(pace, lambda: bucket.call(0.02), retry_after, turns)
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
    paced(alone.pace, attempt, retry_after)
    assert alone.drawn_up_to == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_call_is_not_given_up_while_others_pass() -> None:
    alone = Alone()
    left = [3 * MAX_THROTTLES]

    def attempt() -> str:
        if left[0]:
            left[0] -= 1
            paced(alone.pace, lambda: None, retry_after)
            raise ThrottleError
        return "done"

    assert paced(alone.pace, attempt, retry_after) == "done"


def test_the_window_grows_with_each_answer_but_risks_little() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.pause)
    passed, under_way = [0], [0]
    starts: list[tuple[int, int]] = []

    def attempt() -> None:
        under_way[0] += 1
        starts.append((passed[0], under_way[0]))
        time.sleep(0.01)
        under_way[0] -= 1
        passed[0] += 1

    def worker() -> None:
        for _ in range(20):
            paced(pace, attempt, retry_after)

    time.run(*[worker] * 64)
    by_clock = 3  # the clock brings some up as well
    for before, at_once in starts:
        assert at_once <= START_WINDOW + before + by_clock
        assert at_once <= max(RISKED_WINDOW, before / 5) + by_clock
    assert max(at_once for before, at_once in starts if before == 0) == START_WINDOW
    assert max(at_once for before, at_once in starts if before < 64) >= RISKED_WINDOW
    assert max(at_once for _, at_once in starts) == 64


@pytest.mark.parametrize("every", [4, 10, 50])
def test_a_throttled_call_among_many_that_pass_is_no_limit(every: int) -> None:
    alone = Alone()
    attempt, _ = raising(*[None if n % every else ThrottleError for n in range(1, 400)], None)
    for _ in range(400 - 400 // every):
        paced(alone.pace, attempt, retry_after)
    assert alone.pace.rate == math.inf


def test_half_of_the_calls_throttled_is_the_limit() -> None:
    alone = Alone()
    for _ in range(AT_START - 1):
        with pytest.raises(FinalError):
            paced(alone.pace, raising(ThrottleError, FinalError)[0], retry_after)
    assert alone.pace.rate == math.inf
    with pytest.raises(FinalError):
        paced(alone.pace, raising(ThrottleError, ThrottleError, FinalError)[0], retry_after)
    assert alone.pace.rate >= START_RATE


def test_the_rate_is_what_got_through() -> None:
    """Between two times that the limit is met, the service takes what it gives and no more."""
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.pause)
    bucket = TokenBucket(time, 30.0, 10.0, random.Random(1))

    def worker() -> None:
        for _ in range(20):
            paced(pace, lambda: bucket.call(0.02), retry_after)

    time.run(*[worker] * 16)
    assert 25.0 <= pace.rate <= 45.0


def test_calls_under_way_together_slow_down_once() -> None:
    time = VirtualTime()
    pace = Pace(clock=time.clock, sleep=time.pause, uniform=lambda _low, high: high)
    refused: list[int] = []

    def worker(latency: float) -> None:
        def attempt() -> None:
            time.sleep(latency)
            if time.now < 2.0:
                refused.append(1)
                raise ThrottleError

        paced(pace, attempt, retry_after)

    rates: list[float] = []

    def watcher() -> None:
        time.sleep(1.5)
        rates.append(pace.rate)

    quick, slow = partial(worker, 1.0), partial(worker, 1.4)
    time.run(*[quick] * AT_START, *[slow] * (START_WINDOW - AT_START), watcher)
    assert len(refused) == START_WINDOW
    assert rates == [START_RATE]


def test_other_failures_do_not_slow_down() -> None:
    alone = Alone()
    for _ in range(AT_START):
        paced(alone.pace, raising(TransientError, None)[0], retry_after)
    assert alone.pace.rate == math.inf


def test_the_pace_creeps_up_only_while_it_is_the_limit() -> None:
    alone = Alone()
    alone.meet_limit()
    met = alone.pace.rate
    for _ in range(100):
        paced(alone.pace, lambda: None, retry_after)
    crept = alone.pace.rate
    assert crept > met
    for _ in range(100):
        alone.now += 1.0
        paced(alone.pace, lambda: None, retry_after)
    assert alone.pace.rate == crept


@pytest.mark.parametrize(("throttles", "told"), [(1, 0), (4, 0), (12, 1), (19, 1)])
def test_throttles_that_go_on_are_told_once(throttles: int, told: int) -> None:
    now, notes, left = [0.0], [0], [throttles]

    def note() -> None:
        assert now[0] >= LONG
        notes[0] += 1

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    def call() -> None:
        if left[0]:
            left[0] -= 1
            raise ThrottleError

    pace = Pace(
        throttled_for_long=note, clock=lambda: now[0], sleep=sleep, uniform=lambda _low, high: high
    )
    paced(pace, call, retry_after)
    assert notes[0] == told
