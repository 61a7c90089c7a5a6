"""Where an apply keeps its journal, and that it writes nothing without one."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.apply.journal.format import MAX_JOURNAL, read_journal
from reconciler.apply.journal.run_journal import start_journal
from reconciler.apply.model import Done
from reconciler.cli.journals import journal_path, read_journal_file
from reconciler.errors import InvalidError, ReconcileError, RefusedError
from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import NOON, A, B, begin, change, info
from tests.cli.conftest import Reconcile
from tests.cli.test_rollback import NAME, journals, writes

NOW = datetime(2026, 6, 1, 12, 30, 5, tzinfo=UTC)
FILE = "20260601T123005Z-111122223333-ab12.jsonl"


def path_in(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Path:
    for name in ("XDG_STATE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return journal_path(None, "111122223333", "ab12", NOW)


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
    with pytest.raises(ReconcileError, match="no home") as raised:
        path_in(monkeypatch, **home)
    assert "--journal" in (raised.value.hint or "")


def test_the_option_decides() -> None:
    assert journal_path(Path("here"), "111122223333", "ab12", NOW) == Path("here")


def test_an_apply_keeps_a_journal(reconcile: Reconcile, folder: Path, ecr: Sandbox) -> None:
    ecr.set_policy_text(NAME, A)
    done = reconcile("apply", "--yes")
    (path,) = journals(folder)
    assert path.parent == folder / ".state" / "reconcile" / "journals"
    assert f"journal: {path}\nto undo: reconcile rollback {path}\n" in done.err
    assert str(path) not in done.out
    (write,) = read_journal(path.read_bytes())
    assert (write.target.repository, write.written) == (NAME, Done.YES)
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_to_do_needs_no_journal(reconcile: Reconcile, folder: Path) -> None:
    assert reconcile("apply", "--yes", "--journal", "one.jsonl").code == 0
    assert (folder / "one.jsonl").exists()
    done = reconcile("apply", "--yes", XDG_STATE_HOME="", HOME="")
    assert (done.code, done.err) == (0, "")
    assert reconcile("apply", "--yes", "--journal", "two.jsonl").code == 0
    assert not (folder / "two.jsonl").exists()


@pytest.mark.parametrize(
    ("code", "arguments", "environment"),
    [
        (1, [], {"XDG_STATE_HOME": "", "HOME": ""}),
        (1, [], {"XDG_STATE_HOME": "/dev/null"}),
        (1, ["--journal", "ecr_access.yaml/j"], {}),
        (2, ["--journal", "ecr_access.yaml"], {}),
        (2, ["--journal", "."], {}),
        (2, ["--journal", "/dev/null"], {}),
    ],
)
def test_nothing_is_written_without_one(
    reconcile: Reconcile, ecr: Sandbox, code: int, arguments: list[str], environment: dict[str, str]
) -> None:
    done = reconcile("apply", "--yes", *arguments, **environment)
    assert done.code == code
    assert "--journal" in done.err
    assert writes(ecr) == 0


def test_no_other_file_is_touched(reconcile: Reconcile, folder: Path) -> None:
    before = (folder / "ecr_access.yaml").read_bytes()
    assert reconcile("apply", "--yes", "--journal", "ecr_access.yaml").code == 2
    assert (folder / "ecr_access.yaml").read_bytes() == before


def test_two_runs_in_one_journal_go_back_together(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    file = folder / "ecr_access.yaml"
    assert reconcile("apply", "--yes", "--journal", "j").code == 0
    file.write_text(file.read_text().replace("runtime: pull", "runtime: read"))
    assert reconcile("apply", "--yes", "--journal", "j").code == 0
    assert len(read_journal((folder / "j").read_bytes())) == 2
    assert reconcile("rollback", "j", "--yes").code == 0
    assert ecr.policy_text(NAME) is None


def test_a_journal_that_is_being_written_is_not_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "j"
    running = start_journal(path, info(), [change(A, B)], lambda: NOON)
    running.begin(change(A, B))
    with pytest.raises(RefusedError, match="still writing"):
        read_journal_file(path)
    running.close()
    assert read_journal_file(path) == begin(change(A, B))


def test_a_file_beyond_all_bounds_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with path.open("wb") as file:
        file.truncate(MAX_JOURNAL + 1)
    with pytest.raises(InvalidError, match="larger than"):
        read_journal_file(path)
    with pytest.raises(InvalidError, match="larger than"):
        read_journal_file(Path("/dev/zero"))


def test_a_journal_from_a_pipe(offline: Reconcile) -> None:
    done = offline("rollback", "/dev/stdin", stdin="")
    assert (done.code, done.err) == (0, "the journal records no write\n")


def test_the_names_of_files_are_told_safely(reconcile: Reconcile) -> None:
    done = reconcile("apply", "--yes", "--journal", "a b\x1b[31m.jsonl")
    assert done.code == 0
    assert "to undo: reconcile rollback 'a b\\x1b[31m.jsonl'\n" in done.err


def test_the_folders_are_the_owners_alone(reconcile: Reconcile, folder: Path) -> None:
    old = os.umask(0)
    try:
        assert reconcile("apply", "--yes").code == 0
    finally:
        os.umask(old)
    for made in (".state", ".state/reconcile", ".state/reconcile/journals"):
        assert (folder / made).stat().st_mode & 0o777 == 0o700
