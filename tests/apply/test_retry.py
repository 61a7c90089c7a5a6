"""Repeating a call: by the reason of its failure, until a deadline."""

from threading import Thread

import pytest

from reconciler.apply.retry import Deadline, RetryPolicy
from reconciler.registry.failures.errors import (
    CallError,
    FailureKind,
    Retry,
    WriteOutcomeUnknownError,
)
from tests.apply.memory import Clock


def test_no_lock_is_held_while_the_first_wait_is_reported() -> None:
    clock = Clock()

    def report() -> None:
        other = Thread(target=deadline.wait, args=[0], daemon=True)
        other.start()
        other.join(timeout=5)
        assert not other.is_alive()

    deadline = Deadline(20, clock=clock, sleep=clock.sleep, on_first_wait=report)
    assert deadline.wait(0)


def test_each_reason_has_its_own_deadline() -> None:
    clock = Clock()
    failures = [CallError("x", kind=FailureKind.THROTTLED), WriteOutcomeUnknownError("y")] * 100

    def attempt() -> None:
        raise failures.pop(0)

    policy = RetryPolicy(
        {Retry.THROTTLED: clock.deadline(10), Retry.UNKNOWN_OUTCOME: clock.deadline(30)}
    )
    with pytest.raises(CallError, match="x"):
        policy.call(attempt)
    assert 10 <= clock.now < 20
    assert str(policy.unsettled) == "y"


def test_a_reason_without_a_deadline_is_not_retried() -> None:
    attempts: list[int] = []

    def attempt() -> None:
        attempts.append(1)
        raise CallError("no", kind=FailureKind.DENIED)

    with pytest.raises(CallError):
        RetryPolicy({Retry.THROTTLED: Clock().deadline(10)}).call(attempt)
    assert attempts == [1]


@pytest.mark.parametrize(("seconds", "last"), [(100, 3), (0, 1)])
def test_a_pending_result_is_repeated_until_the_deadline(seconds: float, last: int) -> None:
    results = iter(range(1, 100))
    policy = RetryPolicy({Retry.TRANSIENT: Clock().deadline(seconds)})
    assert policy.call(lambda: next(results), lambda result: result < 3) == last
