"""How time and memory grow with the repositories, and with the registries that they are in."""

from functools import partial

from benchmarks.speed import programs
from benchmarks.speed.charts import Kind, Line, lines
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import cpu, interleaved, megabytes, seconds
from benchmarks.speed.served import served
from benchmarks.speed.tables import Limit, Result, Size, span, table, under_limits
from benchmarks.speed.workload import DRIFT, reconcile

OWN, FLOOR = "reconcile drift", "the floor"
TIMES = 10
REGISTRIES = (1, 5, 20)
MEMORY_ROUNDS = 2
"""The resident maximum hardly differs between runs."""


def grow(size: Size) -> Result:
    """Return the figures of `drift` on a tenth of the repositories, on all, and on ten times."""
    sizes = (size.repositories // TIMES, size.repositories, size.repositories * TIMES)
    own, floor, rows = {}, {}, []
    for repositories in sizes:
        with served(repositories, Conditions(tls=True)) as server:
            cases = {
                OWN: partial(server.run, reconcile(*DRIFT)),
                FLOOR: partial(server.run, programs.floor()),
            }
            runs = interleaved(f"{repositories} repositories", cases, size.rounds)
        own[repositories], floor[repositories] = seconds(runs[OWN]), seconds(runs[FLOOR])
        ratio = own[repositories] / floor[repositories]
        spent = 1000 * cpu(runs[OWN]) / repositories
        rows.append(
            [f"{repositories:,}", span(own[repositories]), span(floor[repositories]),
             f"{ratio:.2f}", f"{spent:.2f} ms", f"{megabytes(runs[OWN]):.0f} MB"]
        )  # fmt: skip
    head = ("repositories", "`drift`", "the floor", "/ floor", "CPU for each", "memory")
    factor = own[sizes[2]] / own[sizes[1]]
    limits = [(f"`drift` of {sizes[2]:,} / of {sizes[1]:,}", factor, Limit(11))]
    series = (
        Line(OWN, list(own.items()), Kind.OWN),
        Line(FLOOR, list(floor.items()), Kind.FLOOR),
    )
    drawn = lines(
        "Time to check the policies of more and more repositories",
        "Whole process, with TLS, 20 ms a call; both axes are logarithmic",
        series,
    )
    return Result(f"{table(head, rows)}\n{under_limits(limits)}", {"growth.svg": drawn})


def spread(size: Size) -> Result:
    """Return the figures of `drift` on the same number of repositories in several registries."""
    taken, rows = {}, []
    for registries in REGISTRIES:
        each = size.repositories // registries
        with served(each, Conditions(tls=True), registries=registries) as server:
            cases = {OWN: partial(server.run, reconcile(*DRIFT))}
            runs = interleaved(f"{registries} registries", cases, size.rounds)[OWN]
        taken[registries] = seconds(runs)
        ratio = taken[registries] / taken[1]
        rows.append([str(registries), f"{each:,}", span(taken[registries]), f"{ratio:.2f}"])
    head = ("registries", "repositories in each", "`drift`", "/ one registry")
    most = REGISTRIES[-1]
    limits = [(f"`drift` of {most} registries / of one", taken[most] / taken[1], Limit(1.3))]
    return Result(f"{table(head, rows)}\n{under_limits(limits)}")


def fill(size: Size) -> Result:
    """Return the memory of ten times the repositories, in sync and all to change."""
    repositories = size.repositories * TIMES
    plan = reconcile("plan", "-q")
    rows, limits = [], []
    for name, changed, command in (
        ("`drift`, in sync", 0, reconcile(*DRIFT)),
        ("`plan`, every policy changes", repositories, plan),
        ("`plan --format json`, every policy changes", repositories, [*plan, "--format", "json"]),
    ):
        with served(repositories, Conditions(tls=True), changed=changed) as server:
            cases = {name: partial(server.run, command)}
            runs = interleaved("memory", cases, min(size.rounds, MEMORY_ROUNDS))[name]
        rows.append([name, f"{megabytes(runs):.0f} MB", span(seconds(runs))])
        limits.append((f"MB of {name}", megabytes(runs), Limit(250)))
    head = (f"{repositories:,} repositories", "resident maximum", "time")
    return Result(f"{table(head, rows)}\n{under_limits(limits)}")
