"""Files that a command is given, read within bounds."""

from pathlib import Path

import pytest

from reconciler.apply.journal import start_journal
from reconciler.apply.journal_format import MAX_JOURNAL
from reconciler.cli.files import load_plan
from reconciler.errors import InvalidError, ReconcileError, RefusedError, UsageError
from reconciler.workflow.writing.journals import read_journal_file
from tests.apply.journal_making import NOON, A, B, begin, change, info


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    with path.open("wb") as file:
        file.truncate(10 * 1024**4)  # sparse; reading it would take for ever
    with pytest.raises(InvalidError, match="larger than a plan can be"):
        load_plan(path)


def test_a_device_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidError, match="larger than a plan can be"):
        load_plan(Path("/dev/zero"))


def test_what_is_not_there_is_a_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError):
            load_plan(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ReconcileError, match="can't be read: Not a directory"):
        load_plan(tmp_path / "file" / "plan.json")


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
