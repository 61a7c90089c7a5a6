"""Where a journal is kept, and which journals are not rolled back."""

import fcntl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import ReconcileError, RefusedError, Remedy, UsageError
from reconciler.model.access import DisplayNames
from reconciler.plan.model import Plan
from reconciler.plan.origin import Origin
from reconciler.workflow import LogListener, PlanResult, PreparedApply, apply, prepare_rollback
from reconciler.workflow.listener import Event, JournalDamaged
from reconciler.workflow.writing.journals import default_path, keeping_journal
from tests.apply.journal_making import A, B, begin, change, info

NOW = datetime(2026, 6, 1, 12, 30, 5, tzinfo=UTC)
FILE = "20260601T123005Z-111122223333-ab12.jsonl"


def path_in(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Path:
    for name in ("XDG_STATE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return default_path("111122223333", "ab12", NOW)


def test_the_default_place(monkeypatch: pytest.MonkeyPatch) -> None:
    state, home = Path("/state"), Path("/home/me")
    in_home = home / ".local" / "state" / "reconcile" / "journals" / FILE
    given = path_in(monkeypatch, XDG_STATE_HOME=str(state), HOME=str(home))
    assert given == state / "reconcile" / "journals" / FILE
    assert path_in(monkeypatch, HOME=str(home)) == in_home
    assert path_in(monkeypatch, HOME=str(home), XDG_STATE_HOME="") == in_home
    assert path_in(monkeypatch, HOME=str(home), XDG_STATE_HOME="relative") == in_home


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home(monkeypatch: pytest.MonkeyPatch, home: dict[str, str]) -> None:
    with pytest.raises(ReconcileError, match="no home directory") as raised:
        path_in(monkeypatch, **home)
    assert raised.value.remedy is Remedy.NAME_JOURNAL


def test_a_rollback_is_not_recorded_in_the_journal_that_it_rolls_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(begin(change(A, B)))
    plan, origin = Plan(changes=(change(B, A),)), Origin("0", str(path), "", ())
    result = PlanResult(plan, DisplayNames(), origin, fails_unmanaged=False, refusals=())
    prepared = PreparedApply(result, {}, info().authors, "rollback", rolled_back=path)
    with pytest.raises(UsageError, match="is the journal to roll back"):
        apply(prepared, journal=path)
    assert path.read_bytes() == begin(change(A, B))


def test_a_journal_that_a_run_is_writing_is_not_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(begin(change(A, B)))
    with path.open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        with pytest.raises(RefusedError, match="still writing"):
            prepare_rollback(path)
        running.seek(0)
        with path.open("rb") as opened, pytest.raises(RefusedError, match="still writing"):
            prepare_rollback(Path("stdin"), opened=opened)


class Events(LogListener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


def test_a_damaged_journal_that_another_run_is_writing_records_nothing(tmp_path: Path) -> None:
    path, listener = tmp_path / "journal.jsonl", Events()
    made = change(A, B)
    kept = keeping_journal(path, "apply", [made], info().authors, listener, plan=None, file=None)
    with kept as journal:
        journal.begin(made)
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        other = path.open("rb")
        fcntl.flock(other, fcntl.LOCK_EX)
    other.close()
    damaged = listener.events[-1]
    assert isinstance(damaged, JournalDamaged)
    assert (damaged.recorded, damaged.unrecorded) == ((), (made.target,))
