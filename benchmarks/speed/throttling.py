"""What a `drift` takes where the service throttles, against the least that its calls can take."""

import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks.speed.charts import Bar, Group, Kind, bars
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import tell
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Figure, Limit, Result, Size, span, table, under_limits
from benchmarks.speed.workload import reconcile

RATES = (20.0, 50.0, 200.0)
"""Calls a second."""
SLOW = 50.0
"""At up to so many calls a second, all rounds run at the same time: they wait most of it."""
SHARES = (0.02, 0.1)
"""Of calls that are throttled at random, by others' doing."""


class Drift(NamedTuple):
    """Seconds, the share of calls that were throttled, and repositories that failed."""

    seconds: float
    share: float
    failed: int


def throttle(size: Size) -> Result:
    """Return the figures of throttled drifts."""
    burst = size.repositories / 10
    rows, groups = [], []
    limits: list[Figure] = []
    for rate in RATES:
        drifts = measure(Conditions(rate=rate, burst=burst), size, at_once=rate <= SLOW)
        taken, ideal = median(drifts), (size.repositories - burst) / rate
        name = f"{rate:g} calls a second"
        rows.append([name, *cells(drifts), span(ideal), f"{taken / ideal:.2f}"])
        limits.append((f"`drift` / ideal, {name}", taken / ideal, Limit(1.1)))
        limits += shared(name, drifts)
        note = f"({taken / ideal:.2f} x)"
        pair = (Bar("ideal", ideal, Kind.FLOOR), Bar("reconcile drift", taken, Kind.OWN, note))
        groups.append(Group(f"The service accepts {name}", pair))
    free = measure(Conditions(), size)
    unthrottled = median(free)
    rows.append(["no limit", *cells(free), "", ""])
    random = [Bar("no throttling", unthrottled, Kind.FLOOR)]
    for share in SHARES:
        drifts = measure(Conditions(throttled_share=share), size)
        taken = median(drifts)
        name = f"{share:.0%} of calls throttled at random"
        rows.append([name, *cells(drifts), span(unthrottled), f"{taken / unthrottled:.2f}"])
        limit = Limit(1.5) if share == SHARES[0] else None
        limits.append((f"`drift` / unthrottled, {name}", taken / unthrottled, limit))
        note = f"({taken / unthrottled:.2f} x)"
        random.append(Bar(f"{share:.0%} throttled", taken, Kind.OWN, note))
    groups.append(Group("Calls throttled at random", random))
    head = ("the service", "`drift`", "throttled calls", "failed repositories", "ideal", "/ ideal")
    drawn = bars(
        f"reconcile drift of {size.repositories:,} repositories where the service throttles",
        f"Whole process; a burst of {burst:g} calls, 20 ms a call; ideal: as fast as calls are "
        "accepted",
        groups,
    )
    return Result(f"{table(head, rows)}\n{under_limits(limits)}", {"throttling.svg": drawn})


def measure(conditions: Conditions, size: Size, *, at_once: bool = False) -> list[Drift]:
    """Run a drift in each round, each on a server of its own."""
    tell(f"throttling: {size.rounds} rounds, {conditions}")

    def one(_: int) -> Drift:
        with served(size.repositories, conditions) as server:
            return drift(server)

    with ThreadPoolExecutor(size.rounds if at_once else 1) as pool:
        return list(pool.map(one, range(size.rounds)))


def drift(server: Served) -> Drift:
    done, calls = server.run_counted(reconcile("drift", "-q", "--format", "json"))
    failed = json.loads(done.out)["summary"]["errors"]
    return Drift(done.seconds, calls.share, failed)


def median(drifts: Sequence[Drift]) -> float:
    return statistics.median(one.seconds for one in drifts)


def cells(drifts: Sequence[Drift]) -> list[str]:
    share = statistics.median(one.share for one in drifts)
    return [span(median(drifts)), f"{share:.1%}", str(sum(one.failed for one in drifts))]


def shared(name: str, drifts: Sequence[Drift]) -> list[Figure]:
    share = statistics.median(one.share for one in drifts)
    failed = sum(one.failed for one in drifts)
    return [
        (f"percent of calls that are throttled, {name}", 100 * share, Limit(5)),
        (f"failed repositories, {name}", failed, Limit(0)),
    ]
