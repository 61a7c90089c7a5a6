"""Where an apply keeps its journal, and that it writes nothing without one."""

import os
from pathlib import Path

import pytest

from reconciler.apply.journal_format import read_journal
from reconciler.apply.model import Done
from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import A
from tests.cli.conftest import Reconcile
from tests.cli.test_rollback import NAME, journals, writes


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
