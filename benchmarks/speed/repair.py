"""What an `apply` takes that repairs one of ten repositories."""

from functools import partial

from benchmarks.speed import programs
from benchmarks.speed.fast_ecr import Conditions
from benchmarks.speed.processes import Run, interleaved, seconds
from benchmarks.speed.served import Served, served
from benchmarks.speed.tables import Limit, Result, Size, span, table
from benchmarks.speed.workload import reconcile

ONE_OF = 10
OWN, FLOOR = "reconcile apply", "the floor"
LIMIT = Limit(2.5)


def repair(size: Size) -> Result:
    """Return the figures of `apply`, and of the floor that makes no safety reads."""
    changed = size.repositories // ONE_OF
    rows = []
    for tls in (False, True):
        name = "with TLS" if tls else "without TLS"
        with served(size.repositories, Conditions(tls=tls), changed=changed) as server:
            cases = {
                OWN: partial(applied, server, changed),
                FLOOR: partial(repaired, server, programs.floor("policies.json"), changed),
            }
            runs = interleaved(f"apply, {name}", cases, size.rounds)
        own, floor = seconds(runs[OWN]), seconds(runs[FLOOR])
        rows.append([name, span(own), span(floor), LIMIT.mark(own / floor), str(LIMIT)])
    what = f"{changed:,} of {size.repositories:,} repositories"
    return Result(table((what, f"`{OWN}`", f"{FLOOR}, which writes", "/ floor", "limit"), rows))


def applied(server: Served, changed: int) -> Run:
    (server.folder / "journal").unlink(missing_ok=True)
    return repaired(server, reconcile("apply", "--yes", "-q", "--journal", "journal"), changed)


def repaired(server: Served, command: list[str], changed: int) -> Run:
    done, calls = server.run_counted(command)
    if calls.by_operation["SetRepositoryPolicy"] != changed:
        raise RuntimeError(f"{' '.join(command)} repaired too few: {calls}")
    return done
