"""What a check of repositories in sync takes, by program."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from benchmarks.speed import charts, programs
from benchmarks.speed.charts import Bar, Group, Kind, bars
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import Run, cpu, interleaved, seconds
from benchmarks.speed.programs import AT_ONCE, Absent, Program
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Limit, Result, Size, span, table
from benchmarks.speed.workload import DRIFT, reconcile
from reconciler import __version__

OWN, FLOOR, LOOP, THREADS = "reconcile drift", "the floor", "boto3, a loop", "boto3, 32 threads"
BOTO3, AIOBOTOCORE = f"{OWN} --transport boto3", "aiobotocore"
WITHOUT, WITH = "without TLS", "with TLS"


class Taken(NamedTuple):
    """What a program takes: the medians of its seconds and of its CPU seconds."""

    seconds: float
    cpu: float


class Case(NamedTuple):
    """A program, on so many repositories."""

    program: str
    scheme: str
    repositories: int

    def __str__(self) -> str:
        return f"{self.program}, {self.scheme}, {self.repositories} repositories"


def compare(size: Size) -> Result:
    """Return the figures of all programs."""
    light = [
        Program(OWN, __version__, "compares by meaning", reconcile(*DRIFT)),
        Program(BOTO3, __version__, "the same", reconcile(*DRIFT, "--transport", "boto3")),
        Program(FLOOR, "", f"reads; signed by hand, {AT_ONCE} connections", programs.floor()),
        programs.boto3(LOOP, 1, 50),
        programs.boto3("boto3, 10 threads", 10),
        programs.boto3(THREADS, 32),
        programs.aiobotocore(),
    ]
    heavy = [find() for find in programs.HEAVY]
    found = [one for one in (*light, *heavy) if isinstance(one, Program)]
    runs = run_all([(one, (WITHOUT, WITH) if one in light else (WITH,)) for one in found], size)
    taken = {
        scheme: {
            one.name: total(one, scheme, runs, size)
            for one in found
            if (one.name, scheme) in {case[:2] for case in runs}
        }
        for scheme in (WITHOUT, WITH)
    }
    rows = []
    for one in found:
        name = f"`{one.name}`" if one.name.startswith(OWN) else one.name
        cells = [name, one.version, one.does]
        for totals in taken.values():
            if one.name in totals:
                figure = totals[one.name].seconds
                cells += [span(figure), f"{figure / totals[FLOOR].seconds:.1f}"]
            else:
                cells += ["", ""]
        measured = f"{one.repositories}, extrapolated" if one.repositories else "all"
        rows.append([*cells, span(taken[WITH][one.name].cpu), measured])
    rows += [
        [missing.name, *[""] * 7, f"not on this machine: {missing.why}"]
        for missing in (*light, *heavy)
        if isinstance(missing, Absent)
    ]
    head = ("program", "version", "what it does", WITHOUT, "/ floor", WITH, "/ floor",
            "CPU, with TLS", "measured on")  # fmt: skip
    drawn = chart([(one, taken[WITH][one.name].seconds) for one in found], size)
    return Result(f"{table(head, rows)}\n{ratios(taken, size)}", {"programs.svg": drawn})


def run_all(asked: Sequence[tuple[Program, Sequence[str]]], size: Size) -> dict[Case, list[Run]]:
    """Run programs under the schemes; for one that is extrapolated, its start, too."""
    cases: dict[Case, Callable[[], Run]] = {}
    servers: dict[tuple[str, int], Served] = {}
    with ExitStack() as stack:
        for one, schemes in asked:
            for scheme in schemes:
                for count in counts(one, size):
                    if (scheme, count) not in servers:
                        conditions = Conditions(tls=scheme == WITH)
                        servers[scheme, count] = stack.enter_context(served(count, conditions))
                    server = servers[scheme, count]
                    one.prepare(server.folder, server.environment)
                    case = Case(one.name, scheme, count)
                    cases[case] = partial(server.run, one.command, one.settings)
        return interleaved("programs", cases, size.rounds)


def counts(program: Program, size: Size) -> tuple[int, ...]:
    """Return on how many repositories a program is run; on none to know its start."""
    return (0, program.repositories) if program.repositories else (size.repositories,)


def total(program: Program, scheme: str, runs: Mapping[Case, Sequence[Run]], size: Size) -> Taken:
    """Return what a program takes for all repositories."""
    found = [runs[Case(program.name, scheme, count)] for count in counts(program, size)]
    every = [Taken(seconds(of_one), cpu(of_one)) for of_one in found]
    if not program.repositories:
        return every[0]
    start, few = every
    times = size.repositories / program.repositories
    return Taken(
        start.seconds + (few.seconds - start.seconds) * times,
        start.cpu + (few.cpu - start.cpu) * times,
    )


def ratios(taken: Mapping[str, Mapping[str, Taken]], size: Size) -> str:
    """Return a table of the figures that have limits."""
    faster = [LOOP, THREADS, *([AIOBOTOCORE] if AIOBOTOCORE in taken[WITH] else [])]
    limits = {f"`drift` / {FLOOR}": Limit(2)}
    limits |= {f"{name} / `drift`": Limit(20 if name == LOOP else 1, least=True) for name in faster}
    limits |= {"CPU of `drift`, ms for each repository": Limit(0.9)}
    columns = []
    for totals in taken.values():
        own = totals[OWN]
        columns.append(
            [
                own.seconds / totals[FLOOR].seconds,
                *(totals[name].seconds / own.seconds for name in faster),
                1000 * own.cpu / size.repositories,
            ]
        )
    rows = [
        [what, *(limit.mark(figure) for figure in figures), str(limit)]
        for (what, limit), *figures in zip(limits.items(), *columns, strict=True)
    ]
    return table(("figure", *taken, "limit"), rows)


def chart(of_each: Sequence[tuple[Program, float]], size: Size) -> str:
    """Return the chart of what programs take with TLS."""
    taken = {one.name: value for one, value in of_each}
    kinds = {OWN: Kind.OWN, FLOOR: Kind.FLOOR}
    drawn = []
    for one, value in sorted(of_each, key=lambda pair: pair[1]):
        name = charts.FLOOR if one.name == FLOOR else one.name + " *" * bool(one.repositories)
        note = charts.compared(value / taken[OWN])
        drawn.append(Bar(name, value, kinds.get(one.name, Kind.OTHER), note))
    return bars(
        f"Time to check the policies of {size.repositories:,} repositories",
        "Whole process, with TLS, 20 ms a call; in parentheses: compared with reconcile drift",
        [Group("", drawn)],
        longest=1.2 * taken[LOOP],
        note="* measured on few repositories, and extrapolated",
    )
