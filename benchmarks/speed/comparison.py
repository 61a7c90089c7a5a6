"""What a check of repositories in sync takes, by program."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from benchmarks.speed import programs
from benchmarks.speed.charts import Bar, Group, Kind, bars
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import Run, cpu, interleaved, seconds
from benchmarks.speed.programs import AT_ONCE, Absent, Program
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Figure, Limit, Result, Size, span, table, under_limits
from benchmarks.speed.workload import DRIFT, reconcile

OWN, FLOOR, LOOP, THREADS = "reconcile drift", "the floor", "boto3, a loop", "boto3, 32 threads"
AIOBOTOCORE = "aiobotocore"
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


def compare(size: Size) -> Result:
    """Return the figures of all programs."""
    light = [
        Program(OWN, reconcile(*DRIFT), "compares by meaning"),
        Program(f"{OWN} --transport boto3", reconcile(*DRIFT, "--transport", "boto3"), "the same"),
        Program(FLOOR, programs.floor(), f"reads: signed by hand, {AT_ONCE} connections"),
        Program(LOOP, programs.boto3(1), "reads", 50),
        Program("boto3, 10 threads", programs.boto3(10), "reads"),
        Program(THREADS, programs.boto3(32), "reads"),
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
        cells = [f"`{one.name}`" if one.name.startswith(OWN) else one.name, one.does]
        for totals in taken.values():
            if one.name in totals:
                figure = totals[one.name].seconds
                cells += [span(figure), f"{figure / totals[FLOOR].seconds:.1f}"]
            else:
                cells += ["", ""]
        measured = f"{one.repositories}, extrapolated" if one.repositories else "all"
        rows.append([*cells, span(taken[WITH][one.name].cpu), measured])
    rows += [
        [missing.name, *[""] * 6, f"not on this machine: {missing.why}"]
        for missing in (*light, *heavy)
        if isinstance(missing, Absent)
    ]
    head = ("program", "what it does", WITHOUT, "/ floor", WITH, "/ floor", "CPU, with TLS",
            "measured on")  # fmt: skip
    figures = [row for scheme in taken for row in ratios(scheme, taken[scheme], size)]
    drawn = chart({name: one.seconds for name, one in taken[WITH].items()}, size)
    return Result(f"{table(head, rows)}\n{under_limits(figures)}", {"programs.svg": drawn})


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


def ratios(scheme: str, totals: Mapping[str, Taken], size: Size) -> list[Figure]:
    """Return the figures that have limits."""
    own, spent = totals[OWN].seconds, 1000 * totals[OWN].cpu / size.repositories
    return [
        (f"`drift` / {FLOOR}, {scheme}", own / totals[FLOOR].seconds, Limit(2)),
        (f"{LOOP} / `drift`, {scheme}", totals[LOOP].seconds / own, Limit(20, least=True)),
        *(
            (f"{name} / `drift`, {scheme}", totals[name].seconds / own, Limit(1, least=True))
            for name in (THREADS, AIOBOTOCORE)
            if name in totals
        ),
        (f"ms of CPU of `drift` for each repository, {scheme}", spent, Limit(0.9)),
    ]


def chart(taken: Mapping[str, float], size: Size) -> str:
    kinds = {OWN: Kind.OWN, FLOOR: Kind.FLOOR}
    drawn = [
        Bar(name, value, kinds.get(name, Kind.OTHER), f"({value / taken[OWN]:.1f} x)")
        for name, value in sorted(taken.items(), key=lambda pair: pair[1])
    ]
    return bars(
        f"Time to check the policies of {size.repositories:,} repositories",
        "Whole process, with TLS, 20 ms a call; in parentheses: compared with reconcile drift",
        [Group("", drawn)],
        longest=1.2 * taken[LOOP],
    )
