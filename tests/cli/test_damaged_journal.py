"""A journal that is cut short, replaced, removed or written to by others while a run keeps it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.registry.transport.direct_calls import WRITES_AT_ONCE as WRITERS
from reconciler.sandbox.requests.protocol import Call
from reconciler.sandbox.server import Sandbox
from tests.apply.test_journal import DAMAGES
from tests.cli.conftest import SEED, Done, Reconcile, runner, sandbox_environment
from tests.cli.test_rollback import writes

REPOSITORIES = [f"app/n{number:02}" for number in range(16 + WRITERS)]


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        for name in REPOSITORIES:
            sandbox.create_repository(name)
        yield sandbox


@pytest.fixture
def reconcile(folder: Path, ecr: Sandbox) -> Reconcile:
    entries = "".join(f"  {name}:\n    access: {{ci: pull}}\n" for name in REPOSITORIES)
    (folder / "ecr_access.yaml").write_text(SEED.split("  payments/api")[0] + entries)
    return runner(folder, sandbox_environment(ecr))


def damage_once(ecr: Sandbox, path: Path, damage: str, *, after_writes: int) -> None:
    """Damage a journal right after so many policies were set, and before that is answered."""
    seen: list[str] = []

    def meddle(call: Call) -> None:
        if call.name == "SetRepositoryPolicy":
            seen.append(call.name)
            if len(seen) == after_writes:
                DAMAGES[damage][0](path)

    ecr.after_call(meddle)


def told_of(done: Done, ecr: Sandbox) -> set[str]:
    """Check what is told of a run whose journal was damaged; give what it says is recorded."""
    assert done.code == 6, done.err
    assert "to undo" not in done.err
    (hint,) = [line for line in done.err.splitlines() if line.startswith("hint: ")]
    recorded, missing = (
        {name for name in REPOSITORIES if f"{name} (us-west-2)" in part}
        for part in (hint.partition("not recorded")[::2])
    )
    live = {name for name in REPOSITORIES if ecr.policy_text(name) is not None}
    assert (recorded | missing, recorded & missing) == (live, set())
    return recorded


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_further_write_is_begun(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, damage: str
) -> None:
    damage_once(ecr, folder / "j", damage, after_writes=4)
    done = reconcile("apply", "--yes", "--journal", "j", "--format", "json")
    assert writes(ecr) < 4 + WRITERS
    assert "error: the journal j can't be relied on any more: " in done.err
    assert DAMAGES[damage][1] in done.err
    recorded = told_of(done, ecr)
    for change in json.loads(done.out)["changes"]:
        if ecr.policy_text(change["repository"]) is None:  # what was not written says why
            assert change["outcome"] == "skipped" or DAMAGES[damage][1] in change["error"]
    reconcile("rollback", "j", "--yes")
    assert not [name for name in recorded if ecr.policy_text(name) is not None]


def test_the_last_line_counts_too(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    """All is written, and then the journal of it is lost: the run has not done what it promised."""
    damage_once(ecr, folder / "j", "emptied", after_writes=len(REPOSITORIES))
    done = reconcile("apply", "--yes", "--journal", "j")
    assert told_of(done, ecr) == set()
    assert writes(ecr) == len(REPOSITORIES)


def test_a_rollback_keeps_its_own_journal_whole(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    assert reconcile("apply", "--yes", "--journal", "j").code == 0
    before = writes(ecr)

    def cut(call: Call) -> None:
        if call.name == "DeleteRepositoryPolicy" and (folder / "own").exists():
            os.truncate(folder / "own", 0)

    ecr.after_call(cut)
    done = reconcile("rollback", "j", "--yes", "--journal", "own")
    assert done.code == 6
    assert writes(ecr) - before <= WRITERS
    assert "to undo" not in done.err
    assert "not recorded, so that no rollback undoes it: app/n" in done.err
