"""How much the tests try of what they draw at random: the numbers have one factor."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("RECONCILE_TEST_TIMES", "1"))
"""How many times as much as `make test` tries; `make thorough` sets it."""


def examples(number: int) -> settings:
    """Try so many examples, times `TIMES`; each run draws others."""
    return settings(max_examples=number * TIMES)
