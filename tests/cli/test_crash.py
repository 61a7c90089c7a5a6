"""Kill an apply at any moment: no write is lost to the journal, and all of it can be undone."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.model import Done
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, clean_environment, runner, sandbox_environment
from tests.cli.killing import Killer, Moment
from tests.cli.mixed_registry import (
    Policies,
    different,
    is_same,
    live_policies,
    mixed_registry,
    serving,
)
from tests.effort import TIMES

REPOSITORIES = 30
SEEDS = range(1, 1 + 4 * TIMES)
ROUNDS = 2
"""How often an apply is killed, completed and undone, from the same beginning, with each seed.

The second round differs from the first: it kills twice, and then a rollback, too.
"""

_CALLS_OF_A_CHANGE = 3
_LEAST_LINES_OF_A_CHANGE = 700  # bytes, begin and end


@dataclass
class Figures:
    """What a test has seen: kills, policies that changed, and how many the journal knew of."""

    kills: int = 0
    writes: int = 0
    accounted: int = 0
    torn: int = 0


@dataclass
class World:
    """A registry with its access file, and what an apply is to make of it, as it is sent."""

    ecr: Sandbox
    folder: Path
    originals: Policies
    wanted: Policies
    reconcile: Reconcile
    killer: Killer
    rng: Random
    figures: Figures = field(default_factory=Figures)

    def live(self) -> dict[str, str | None]:
        return live_policies(self.ecr, self.originals)


@pytest.fixture
def world(tmp_path: Path, seed: int) -> Iterator[World]:
    originals, file = mixed_registry(REPOSITORIES)
    (tmp_path / "ecr_access.yaml").write_text(file)
    compiled = json.loads(runner(tmp_path, clean_environment())("compile").out)
    wanted = {name: _sent(policy) for name, policy in compiled.items()}
    with serving(originals) as ecr:
        environment = sandbox_environment(ecr)
        reconcile = runner(tmp_path, environment)
        killer = Killer(ecr, tmp_path, environment)
        yield World(ecr, tmp_path, originals, wanted, reconcile, killer, Random(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_apply_is_accounted_for_completed_and_undone(world: World, seed: int) -> None:
    for number in range(ROUNDS):
        killed = world.folder / f"killed-{number}.jsonl"
        last = killed if number % 2 else world.folder / f"last-{number}.jsonl"
        kills = 1 + number % 2
        for left in range(kills, 0, -1):
            kill_an_apply(world, killed, left)
        complete(world, last)
        if last == killed:
            kill_a_rollback(world, killed)
        roll_back(world, last, killed)
    figures = world.figures
    print(f"seed {seed}: {figures}")
    assert figures.kills >= ROUNDS
    assert figures.accounted == figures.writes > 0


def kill_an_apply(world: World, journal: Path, left: int) -> None:
    """Kill an apply at any moment; `left` kills, this one among them, share what is to write."""
    before, known = world.live(), _entries(journal)
    to_write = len(different(before, world.wanted))
    moment = _any_moment(world.rng, 3 * to_write // (left + 2), journal)
    arguments = ["apply", "--yes", "--journal", journal.name]
    assert world.killer.run(moment, arguments, journal) == -signal.SIGKILL, moment
    world.figures.kills += 1
    entries = {write.target.repository: write for write in _entries(journal)[len(known) :]}
    for name, text in world.live().items():
        if text != before[name]:
            assert text == world.wanted[name], (moment, name)
            world.figures.writes += 1
            world.figures.accounted += _tells(entries.get(name), before[name], text)
    world.figures.torn += _tear(world.rng, journal, len(entries))


def complete(world: World, journal: Path) -> None:
    done = world.reconcile("apply", "--yes", "--journal", journal.name)
    assert done.code == 0, done
    assert different(world.wanted, world.live()) == []


def kill_a_rollback(world: World, journal: Path) -> None:
    to_write = len(different(world.originals, world.live()))
    own = world.folder / f"back-{journal.name}"
    moment = Moment("call-done", to_write + world.rng.randint(1, _CALLS_OF_A_CHANGE * to_write))
    arguments = ["rollback", journal.name, "--yes", "--journal", own.name]
    assert world.killer.run(moment, arguments, own) == -signal.SIGKILL, moment
    for name, text in world.live().items():
        assert text == world.wanted[name] or is_same(text, world.originals[name]), (moment, name)


def roll_back(world: World, *journals: Path) -> None:
    """Roll journals back, the newest first."""
    for journal in dict.fromkeys(journals):
        if journal.exists():
            own = f"back-{journal.name}"
            done = world.reconcile("rollback", journal.name, "--yes", "--journal", own)
            assert done.code == 0, (journal, done)
    assert different(world.originals, world.live()) == []


def _any_moment(rng: Random, to_write: int, journal: Path) -> Moment:
    what = rng.choice(["call-arrived", "call-done", "file-larger"] if to_write else ["call-done"])
    if what == "file-larger":
        size = journal.stat().st_size if journal.exists() else 0
        return Moment(what, size + rng.randrange(_LEAST_LINES_OF_A_CHANGE * to_write))
    reads = 1 + REPOSITORIES
    return Moment(what, rng.randint(reads - 10, reads + _CALLS_OF_A_CHANGE * to_write))


def _entries(journal: Path) -> tuple[JournaledWrite, ...]:
    return read_journal(journal.read_bytes()) if journal.exists() else ()


def _tells(entry: JournaledWrite | None, before: str | None, after: str | None) -> bool:
    """Tell whether the journal knows a write for what it was."""
    return (
        entry is not None
        and entry.written is not Done.NO
        and is_same(entry.before, before)
        and entry.after == after
    )


def _tear(rng: Random, journal: Path, begun: int) -> bool:
    """Add the beginning of one more line, as where the power failed, in half of the cases."""
    if not begun or rng.random() < 0.5:
        return False
    line = next(x for x in reversed(journal.read_bytes().splitlines()) if b'"begin"' in x)
    with journal.open("ab") as file:
        file.write(line[: rng.randrange(1, len(line))])
    return True


def _sent(policy: object) -> str | None:
    return None if policy is None else json.dumps(policy, separators=(",", ":"))
