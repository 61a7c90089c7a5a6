"""How time and memory grow with the repositories, and with the registries that they are in."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from benchmarks.speed import charts, programs
from benchmarks.speed.charts import Kind, Line, lines
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import Run, cpu, interleaved, megabytes, seconds
from benchmarks.speed.served import served
from benchmarks.speed.tables import Limit, Result, Size, span, table
from benchmarks.speed.workload import DRIFT, reconcile

OWN, FLOOR = "reconcile drift", "the floor"
TIMES = 10
REGISTRIES = (1, 5, 20)
GROWTH, SPREAD, MEMORY = Limit(11), Limit(1.3), Limit(250)
MEMORY_ROUNDS = 1
"""The resident maximum hardly differs between runs."""


def grow(size: Size) -> Result:
    """Return the figures of `drift` on a tenth of the repositories, on all, and on ten times."""
    sizes = (size.repositories // TIMES, size.repositories, size.repositories * TIMES)
    cases: dict[tuple[str, int], Callable[[], Run]] = {}
    with ExitStack() as stack:
        for repositories in sizes:
            server = stack.enter_context(served(repositories, Conditions(tls=True)))
            cases[OWN, repositories] = partial(server.run, reconcile(*DRIFT))
            cases[FLOOR, repositories] = partial(server.run, programs.floor())
        runs = interleaved("growth", cases, size.rounds)
    own = {repositories: seconds(runs[OWN, repositories]) for repositories in sizes}
    floor = {repositories: seconds(runs[FLOOR, repositories]) for repositories in sizes}
    rows = []
    for repositories in sizes:
        drifts = runs[OWN, repositories]
        fewer = own.get(repositories // TIMES)
        rows.append(
            [
                f"{repositories:,}",
                span(own[repositories]),
                span(floor[repositories]),
                f"{own[repositories] / floor[repositories]:.2f}",
                GROWTH.mark(own[repositories] / fewer) if fewer else "",
                f"{1000 * cpu(drifts) / repositories:.2f} ms",
                f"{megabytes(drifts):.0f} MB",
            ]
        )
    head = ("repositories", "`drift`", "the floor", "/ floor", f"/ the row above ({GROWTH})",
            "CPU for each", "memory")  # fmt: skip
    series = (
        Line(OWN, list(own.items()), Kind.OWN),
        Line(charts.FLOOR, list(floor.items()), Kind.FLOOR),
    )
    drawn = lines(
        "Time to check the policies, by number of repositories",
        "Whole process, with TLS, 20 ms a call; both axes are logarithmic",
        series,
    )
    return Result(table(head, rows), {"growth.svg": drawn})


def spread(size: Size) -> Result:
    """Return the figures of `drift` on the same number of repositories in several registries."""
    with ExitStack() as stack:
        cases: dict[int, Callable[[], Run]] = {}
        for registries in REGISTRIES:
            each, conditions = size.repositories // registries, Conditions(tls=True)
            server = stack.enter_context(served(each, conditions, registries=registries))
            cases[registries] = partial(server.run, reconcile(*DRIFT))
        runs = interleaved("registries", cases, size.rounds)
    one = seconds(runs[1])
    rows = [
        [
            str(registries),
            f"{size.repositories // registries:,}",
            span(seconds(drifts)),
            SPREAD.mark(seconds(drifts) / one),
            span(cpu(drifts)),
            f"{megabytes(drifts):.0f} MB",
        ]
        for registries, drifts in runs.items()
    ]
    head = ("registries", "repositories in each", "`drift`", f"/ one registry ({SPREAD})",
            "CPU", "memory")  # fmt: skip
    return Result(table(head, rows))


def fill(size: Size) -> Result:
    """Return the memory of ten times the repositories, in sync and all to change."""
    repositories = size.repositories * TIMES
    plan = reconcile("plan", "-q")
    rows = []
    for name, changed, command in (
        ("`drift`, in sync", 0, reconcile(*DRIFT)),
        ("`plan`, every policy changes", repositories, plan),
        ("`plan --format json`, every policy changes", repositories, [*plan, "--format", "json"]),
    ):
        with served(repositories, Conditions(tls=True), changed=changed) as server:
            cases = {name: partial(server.run, command)}
            runs = interleaved("memory", cases, MEMORY_ROUNDS)[name]
        most = megabytes(runs)
        rows.append([name, MEMORY.mark(most, f"{most:.0f} MB"), span(seconds(runs))])
    head = (f"{repositories:,} repositories", f"resident maximum ({MEMORY} MB)", "time")
    return Result(table(head, rows), rounds=MEMORY_ROUNDS)
