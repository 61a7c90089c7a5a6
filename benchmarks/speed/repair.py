"""What an `apply` takes that repairs one of ten repositories."""

from functools import partial

from benchmarks.speed import programs
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import Run, interleaved, seconds
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Limit, Result, Size, span, table, under_limits
from benchmarks.speed.workload import reconcile

ONE_OF = 10
OWN, FLOOR = "`reconcile apply`", "the floor: reads, and writes what differs"


def repair(size: Size) -> Result:
    """Return the figures of `apply`, and of the floor that makes no safety reads."""
    changed = size.repositories // ONE_OF
    rows, limits = [], []
    for tls in (False, True):
        name = "with TLS" if tls else "without TLS"
        with served(size.repositories, Conditions(tls=tls), changed=changed) as server:
            cases = {
                OWN: partial(applied, server, changed),
                FLOOR: partial(repaired, server, programs.floor("policies.json"), changed),
            }
            runs = interleaved(f"apply, {name}", cases, size.rounds)
        own, floor = seconds(runs[OWN]), seconds(runs[FLOOR])
        rows += [[f"{case}, {name}", span(seconds(taken))] for case, taken in runs.items()]
        limits.append((f"`apply` / the floor, {name}", own / floor, Limit(2.5)))
    head = (f"{changed} of {size.repositories:,} repositories are repaired", "time")
    return Result(f"{table(head, rows)}\n{under_limits(limits)}")


def applied(server: Served, changed: int) -> Run:
    (server.folder / "journal").unlink(missing_ok=True)
    return repaired(server, reconcile("apply", "--yes", "-q", "--journal", "journal"), changed)


def repaired(server: Served, command: list[str], changed: int) -> Run:
    done, calls = server.run_counted(command)
    if calls.by_operation["SetRepositoryPolicy"] != changed:
        raise RuntimeError(f"{' '.join(command)} repaired too few: {calls}")
    return done
