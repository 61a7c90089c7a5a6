"""Throttling, with a clock that the tests move."""

from dataclasses import dataclass

import pytest

from reconciler.sandbox.application import TokenBucket
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, keys_of, refused


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("burst", [0, 1])
def test_a_bucket_of_one(burst: int) -> None:
    clock = Clock()
    bucket = TokenBucket(2.0, burst, clock)
    assert [bucket.take(), bucket.take()] == [True, False]
    clock.now += 0.25
    assert not bucket.take()
    clock.now += 0.25
    assert [bucket.take(), bucket.take()] == [True, False]


def test_a_bucket_holds_its_burst_and_no_more() -> None:
    clock = Clock()
    bucket = TokenBucket(10.0, 3, clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_the_rate_in_the_long_run() -> None:
    clock = Clock()
    bucket = TokenBucket(4.0, 2, clock)
    taken = 0
    for _ in range(800):
        clock.now += 0.125
        taken += bucket.take()
    assert taken == 400 + 1  # what 100 seconds gave, and what was left of the burst


def test_each_account_has_a_bucket_for_all_calls() -> None:
    clock = Clock()
    behaviour = Behaviour(throttle_rate=1.0, throttle_burst=2)
    with (
        Sandbox(behaviour, clock=clock) as sandbox,
        client(sandbox) as ecr,
        client(sandbox, "sts") as sts,
    ):
        sandbox.create_repository("tools")
        sandbox.create_repository("theirs", account="444455556666")
        keys = keys_of(sandbox, "arn:aws:iam::444455556666:role/reconciler")
        ecr.describe_repositories()
        ecr.list_images(repositoryName="tools")
        for _ in range(2):
            with refused("ThrottlingException", "Rate exceeded"):
                ecr.delete_repository(repositoryName="tools")
        with client(sandbox, keys=keys) as other:
            other.describe_repositories(repositoryNames=["theirs"])
        sts.get_caller_identity()
        clock.now += 1.0
        ecr.describe_repositories(repositoryNames=["tools"])
        with refused("ThrottlingException"):
            ecr.describe_repositories()
