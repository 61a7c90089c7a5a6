"""What a `drift` takes where the service throttles, against the least that its calls can take."""

import json
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from benchmarks.speed.charts import Bar, Group, Kind, bars, compared
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import interleaved, tell
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Limit, Result, Size, span, table
from benchmarks.speed.workload import reconcile

RATES = (20.0, 50.0, 200.0)
"""Calls a second."""
SLOW = 50.0
"""At up to so many calls a second, all rounds run at the same time: they wait most of it."""
SHARES = {0.02: Limit(1.5), 0.1: None}
"""Of calls that are throttled at random, by others' doing, with the limit of the ratio."""
IDEAL, SHARE, ANY_SHARE, FAILED = Limit(1.1), Limit(5), Limit(100), Limit(0)


class Drift(NamedTuple):
    """What a drift took: seconds, and those from its first call to its last answer.

    Also the share of its calls that were throttled, and the repositories that failed.
    """

    seconds: float
    calling: float
    share: float
    failed: int


def throttle(size: Size) -> Result:
    """Return the figures of throttled drifts."""
    burst = size.repositories / 10
    rows, groups = [], []
    for rate in RATES:
        drifts = throttled_at_rate(rate, burst, size)
        ideal = (size.repositories - burst) / rate
        name = f"{rate:g} calls a second"
        ratio = median(drifts) / ideal
        calling = statistics.median(one.calling for one in drifts) / ideal
        known = span(ideal), IDEAL.mark(ratio), str(IDEAL), f"{calling:.2f}"
        rows.append([name, *cells(drifts, SHARE), *known])
        bar = Bar("reconcile drift", median(drifts), Kind.OWN, compared(ratio))
        groups.append(Group(f"Accepts {name}", (Bar("ideal", ideal, Kind.FLOOR), bar)))
    free, *random = throttled_at_random(size)
    ideal = median(free)
    rows.append(["accepts all calls", *cells(free, ANY_SHARE), "", "", "", ""])
    drawn = [Bar("no throttling", ideal, Kind.FLOOR)]
    for (share, limit), drifts in zip(SHARES.items(), random, strict=True):
        ratio, name = median(drifts) / ideal, f"{share:.0%} throttled"
        judged = limit.mark(ratio) if limit else f"{ratio:.2f}"
        known = span(ideal), judged, str(limit or ""), ""
        rows.append([f"{name} at random", *cells(drifts, ANY_SHARE), *known])
        drawn.append(Bar(name, median(drifts), Kind.OWN, compared(ratio)))
    groups.append(Group("Throttles at random", drawn))
    head = ("the service", "`drift`", f"throttled calls ({SHARE} %)", f"failed ({FAILED})",
            "ideal", "/ ideal", "limit", "calls alone, / ideal")  # fmt: skip
    chart = bars(
        f"reconcile drift of {size.repositories:,} repositories where the service throttles",
        f"Whole process; a burst of {burst:g} calls, 20 ms a call; ideal: as fast as calls are "
        "accepted",
        groups,
    )
    return Result(table(head, rows), {"throttling.svg": chart})


def throttled_at_rate(rate: float, burst: float, size: Size) -> list[Drift]:
    """Run a drift in each round, each on a server of its own."""
    tell(f"throttling: {size.rounds} rounds at {rate:g} calls a second")
    conditions = Conditions(rate=rate, burst=burst)

    def one(_: int) -> Drift:
        with served(size.repositories, conditions) as server:
            return drift(server)

    with ThreadPoolExecutor(size.rounds if rate <= SLOW else 1) as pool:
        return list(pool.map(one, range(size.rounds)))


def throttled_at_random(size: Size) -> list[list[Drift]]:
    """Return drifts without throttling, and for each share."""
    with ExitStack() as stack:
        cases: dict[str, Callable[[], Drift]] = {}
        for share in (0.0, *SHARES):
            conditions = Conditions(throttled_share=share)
            server = stack.enter_context(served(size.repositories, conditions))
            cases[f"{share:.0%} at random"] = partial(drift, server)
        return list(interleaved("throttling", cases, size.rounds).values())


def drift(server: Served) -> Drift:
    done, calls = server.run_counted(reconcile("drift", "-q", "--format", "json"))
    failed = json.loads(done.out)["summary"]["errors"]
    return Drift(done.seconds, calls.seconds, calls.share, failed)


def median(drifts: Sequence[Drift]) -> float:
    return statistics.median(one.seconds for one in drifts)


def cells(drifts: Sequence[Drift], limit: Limit) -> list[str]:
    """Return the seconds, the share of throttled calls under a limit in percent, and failures."""
    share = 100 * statistics.median(one.share for one in drifts)
    failed = sum(one.failed for one in drifts)
    return [
        span(median(drifts)),
        limit.mark(share, f"{share:.1f} %"),
        FAILED.mark(failed, f"{failed}"),
    ]
