"""The journal file: made late, whole lines only, one run at a time, and nothing else's file."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Event

import pytest

from reconciler.apply import journal as journal_module
from reconciler.apply.journal import RunJournal, journal_size, start_journal
from reconciler.apply.journal_format import MAX_JOURNAL, MAX_LINE, read_journal
from reconciler.apply.model import Done, Outcome, applied
from reconciler.errors import ReconcileError, RefusedError, Remedy, UsageError
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from tests.apply.journal_making import (
    APP,
    NOON,
    REGISTRY,
    SCOPE,
    TEMPLATE,
    A,
    B,
    begin,
    change,
    end,
    info,
    template,
)


def open_file(path: Path, run: str = "r1", *changes: Change) -> RunJournal:
    return start_journal(path, info(run), changes or (change(A, B),), lambda: NOON)


def record(path: Path, run: str = "r1") -> None:
    """Record one write from beginning to end."""
    journal = open_file(path, run)
    journal.begin(change(A, B))
    journal.end(applied(change(A, B)))
    journal.close()


def test_a_write_is_two_lines(tmp_path: Path) -> None:
    record(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == begin(change(A, B)) + end(change(A, B))


def test_a_line_is_there_before_begin_returns(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))
    assert (tmp_path / "j").read_bytes() == begin(change(A, B))
    journal.close()


def test_no_write_no_file(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "new" / "j")
    journal.end(Outcome(change(A, B), "stale", "changed"))
    assert not journal.written
    journal.close()
    assert list(tmp_path.rglob("*")) == [tmp_path / "new"]


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        record(tmp_path / "a" / "b" / "j")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / p).stat().st_mode) for p in ("a", "a/b", "a/b/j")]
    assert modes == [0o700, 0o700, 0o600]


def test_runs_are_added(tmp_path: Path) -> None:
    record(tmp_path / "j", "r1")
    record(tmp_path / "j", "r2")
    assert [w.run for w in read_journal((tmp_path / "j").read_bytes())] == ["r1", "r2"]


def test_an_empty_file_is_a_journal_to_come(tmp_path: Path) -> None:
    (tmp_path / "j").touch()
    record(tmp_path / "j")
    assert len(read_journal((tmp_path / "j").read_bytes())) == 1


def test_after_a_line_that_was_cut_off(tmp_path: Path) -> None:
    whole = begin(change(A, B), "r0")
    for length in (1, 50, len(whole) - 1, len(whole)):
        (tmp_path / "j").write_bytes(whole[:length])
        record(tmp_path / "j")
        assert [w.run for w in read_journal((tmp_path / "j").read_bytes())][-1] == "r1"


def test_the_error_of_a_write_is_kept_short_and_plain(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))
    journal.end(Outcome(change(A, B), "failed", "\x1b[31m é " + '"' * 100_000, written=Done.YES))
    line = json.loads((tmp_path / "j").read_bytes().splitlines()[1])
    assert line["error"].startswith("\\x1b[31m \\xe9 ")
    assert len(line["error"]) == 240
    assert (line["outcome"], line["written"]) == ("failed", True)


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    targets = [Target(f"app/n{number}", SCOPE) for number in range(60)]
    changes = [change(A, B, target) for target in targets]
    journal = open_file(tmp_path / "j", "r1", *changes)

    def work(made: Change) -> None:
        journal.begin(made)
        journal.end(applied(made))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, changes))
    journal.close()
    read = read_journal((tmp_path / "j").read_bytes())
    assert sorted(w.target for w in read) == sorted(targets)
    assert all(w.written is Done.YES for w in read)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """Of two that make it one has it, until it lets go."""
    first = open_file(tmp_path / "j")
    with pytest.raises(RefusedError, match="another run"):
        open_file(tmp_path / "j", "r2")
    first.begin(change(A, B))
    assert (tmp_path / "j").read_bytes() == begin(change(A, B))
    first.close()
    open_file(tmp_path / "j", "r2").close()


def test_one_that_another_run_takes_away_meanwhile_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run has made it for nothing, and lets go between our opening and our lock."""
    path, lock = tmp_path / "j", fcntl.flock
    other = open_file(path)

    def take_away_first(handle: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        other.close()
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", take_away_first)
    ours = open_file(path, "r2")
    ours.begin(change(A, B))
    assert path.read_bytes() == begin(change(A, B), "r2")


def make_anew(path: Path) -> None:
    """Put another file with the same content where it was."""
    content = path.read_bytes()
    path.rename(path.with_name("old"))
    path.write_bytes(content)


def lead_elsewhere(path: Path) -> None:
    make_anew(path)
    path.unlink()
    path.symlink_to("nowhere")


def grow(by: bytes) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with path.open("ab") as file:
            file.write(by)

    return edit


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "removed": (Path.unlink, "moved, removed or replaced"),
    "moved": (lambda path: path.rename(path.with_name("old")), "moved, removed or replaced"),
    "made anew": (make_anew, "moved, removed or replaced"),
    "a link now": (lead_elsewhere, "moved, removed or replaced"),
    "emptied": (lambda path: os.truncate(path, 0), "truncated"),
    "one byte less": (lambda path: os.truncate(path, path.stat().st_size - 1), "truncated"),
    "one byte more": (grow(b"\n"), "another process has written to it"),
    "a line more": (grow(begin(change(A, B), "r2")), "another process has written to it"),
}


@pytest.mark.parametrize("before", [b"", begin(change(A, B), "r0"), begin(change(A, B), "r0")[:50]])
@pytest.mark.parametrize("damage", DAMAGES)
def test_one_that_is_not_what_was_written_takes_no_more(
    tmp_path: Path, damage: str, before: bytes
) -> None:
    path, (spoil, told) = tmp_path / "j", DAMAGES[damage]
    path.write_bytes(before)
    journal = open_file(path)
    journal.begin(change(A, B))
    assert journal.damage() is None
    spoil(path)
    found = sorted((file.name, file.read_bytes()) for file in tmp_path.iterdir() if file.is_file())
    assert told in (journal.damage() or "")
    with pytest.raises(ReconcileError, match=f"{told}.*; nothing was written without it"):
        journal.begin(change(A, B, Target("other", SCOPE)))
    with pytest.raises(
        ReconcileError, match=f"{told}.*; the outcome of this write is not recorded"
    ):
        journal.end(applied(change(A, B)))
    journal.close()
    left = sorted((file.name, file.read_bytes()) for file in tmp_path.iterdir() if file.is_file())
    assert left == found


def test_what_somebody_else_wrote_into_one_that_was_made_for_nothing_stays(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "j")
    grow(b"x")(tmp_path / "j")
    journal.close()
    assert (tmp_path / "j").read_bytes() == b"x"


def test_one_that_can_not_be_taken_away_stays(shared_folder: Path) -> None:
    journal = open_file(shared_folder / "j")
    shared_folder.chmod(0o555)
    with as_nobody():
        journal.close()
    assert (shared_folder / "j").read_bytes() == b""


@pytest.mark.parametrize(
    ("written", "may_have"), [(Done.NO, False), (Done.YES, True), (Done.UNKNOWN, True)]
)
def test_it_knows_whether_there_is_anything_to_undo(
    tmp_path: Path, written: Done, may_have: bool
) -> None:
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))
    assert journal.written == {APP}
    journal.end(Outcome(change(A, B), "failed", "no", written=written))
    assert (journal.written == {APP}) is may_have


def test_one_that_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"")
    open_file(tmp_path / "j").close()
    assert (tmp_path / "j").exists()


def test_a_link_that_leads_nowhere_is_told_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "j").symlink_to(tmp_path / "nowhere" / "j")
    with pytest.raises(ReconcileError, match="nothing was written without it"):
        open_file(tmp_path / "j")


@pytest.mark.parametrize(
    "content", [b"hello\n", b"version: 1\n", b"{}", begin(change(A, B)).replace(b"Put", b"Get")]
)
def test_what_is_something_else_is_not_touched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(UsageError, match="nothing was added"):
        open_file(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == content


@pytest.mark.parametrize("path", ["/dev/null", "fifo", "."])
def test_what_is_no_file(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match=r"not a regular file|is a directory"):
        open_file(tmp_path / path)


@pytest.mark.parametrize(
    "path", ["file/j", "x" * 300, "x" * 300 + "/j", "/proc/nothing/j", "/dev/full/j"]
)
def test_where_nothing_can_be_made(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReconcileError, match=r"can't be written: .*nothing was written") as raised:
        open_file(tmp_path / path)
    assert raised.value.exit_code == 1
    assert raised.value.remedy is Remedy.NAME_JOURNAL


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that everybody can enter; pytest's own are closed to others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody without rights of their own, which root is not."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_folder_of_somebody_else(shared_folder: Path) -> None:
    shared_folder.chmod(0o555)
    with as_nobody(), pytest.raises(ReconcileError, match="Permission denied"):
        open_file(shared_folder / "j")


def test_a_file_that_may_not_be_written(shared_folder: Path) -> None:
    record(shared_folder / "j")
    (shared_folder / "j").chmod(0o444)
    with as_nobody(), pytest.raises(ReconcileError, match="Permission denied"):
        open_file(shared_folder / "j", "r2")


FULL = """
import resource, sys
from pathlib import Path
from reconciler.apply.model import Outcome, applied
from reconciler.errors import ReconcileError
from tests.apply.journal_making import A, B, change
from tests.apply.test_journal import open_file
journal = open_file(Path(sys.argv[1]), "r2")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for _ in range(2):
    try:
        journal.begin(change(A, B))
    except ReconcileError as error:
        print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.begin(change(A, B))
journal.end(applied(change(A, B)))
"""


@pytest.mark.parametrize("room", [0, 1, 40, 500])
def test_a_full_disk_leaves_no_half_line(tmp_path: Path, room: int) -> None:
    path, torn = tmp_path / "j", begin(change(A, B), "r1") + end(change(A, B), "r1")[:-9]
    path.write_bytes(torn)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(len(torn) + room)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.splitlines()
    assert len(told) == 2
    assert all("can't be written: " in line for line in told), told
    assert path.read_bytes() == torn + b"\n" + begin(change(A, B), "r2") + end(change(A, B), "r2")


def test_nothing_is_added_behind_a_last_line_that_would_be_damage_then(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(begin(change(A, B), "r1") + b"half a line")
    with pytest.raises(UsageError, match=r"line 2: not JSON.*nothing was added to it"):
        open_file(path, "r2")


def test_after_a_failed_sync_nothing_more_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))

    def fail(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(ReconcileError, match="Input/output error; the outcome of this write"):
            journal.end(applied(change(A, B)))
    with pytest.raises(ReconcileError, match="may not be on the disk; nothing was written"):
        journal.begin(change(A, B))


def test_each_line_is_synced_and_so_is_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))
    journal.end(applied(change(A, B)))
    folder, file = tmp_path.stat().st_ino, (tmp_path / "j").stat().st_ino
    assert synced == [folder, file, file]


def test_the_size_is_an_upper_bound(tmp_path: Path) -> None:
    changes = [
        change('é"\\' * 900, B),
        change(None, B, Target("x" * 200, SCOPE)),
        change(B, None, Target("tools/builder", SCOPE)),
    ]
    journal = open_file(tmp_path / "j", "r1", *changes)
    for made in changes:
        journal.begin(made)
        journal.end(Outcome(made, "failed", '"' * 1_000))
    journal.close()
    size = (tmp_path / "j").stat().st_size
    bound = journal_size(info("r1"), changes, NOON)
    assert size <= bound <= size + 10 * len(changes)


def test_too_many_changes_for_one_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path / "j")
    there = (tmp_path / "j").stat().st_size
    need = journal_size(info("r2"), [change(A, B)], NOON)
    monkeypatch.setattr(journal_module, "MAX_JOURNAL", there + need)
    open_file(tmp_path / "j", "r2").close()
    monkeypatch.setattr(journal_module, "MAX_JOURNAL", there + need - 1)
    for _ in range(2):
        with pytest.raises(RefusedError, match="the maximum is") as raised:
            open_file(tmp_path / "j", "r2")
        assert raised.value.remedy is Remedy.SELECT_FEWER


def test_a_file_beyond_all_bounds_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "j").open("wb") as file:
        file.truncate(MAX_JOURNAL + 1)
    with pytest.raises(UsageError, match="larger than a journal"):
        open_file(tmp_path / "j")


@pytest.mark.parametrize(
    "made",
    [
        change(A, "x" * 10_241),
        change("x" * MAX_LINE, B),
        change(None, template("x" * 10_241), TEMPLATE),
        change(None, "x" * 10_241, REGISTRY),
        change(A, B, Target("UPPER", SCOPE)),
    ],
)
def test_what_could_not_be_read_back_is_not_begun(tmp_path: Path, made: Change) -> None:
    with pytest.raises(ReconcileError, match="can't be recorded in a journal"):
        open_file(tmp_path / "j", "r1", change(A, B), made)
    assert list(tmp_path.iterdir()) == []


def test_a_long_live_policy_can_be_journalled(tmp_path: Path) -> None:
    open_file(tmp_path / "j", "r1", change("x" * 60_000, B)).close()


def test_the_target_of_a_change_is_what_counts(tmp_path: Path) -> None:
    journal = open_file(tmp_path / "j")
    journal.begin(change(A, B))
    journal.end(Outcome(change(A, B, Target("other", SCOPE)), "stale"))
    assert (tmp_path / "j").read_bytes() == begin(change(A, B, APP))


AT_ONCE = 9


def record_at_once(path: Path) -> dict[bytes, ReconcileError | None]:
    """Begin some changes at the same time, in a thread each; return each line with its error."""
    changes = [change(A, B, Target(f"app/n{number}", SCOPE)) for number in range(AT_ONCE)]
    barriers: list[Barrier] = []

    def now() -> datetime:
        for barrier in barriers:
            barrier.wait(timeout=30)
        return NOON

    journal = start_journal(path, info("r1"), changes, now)
    barriers.append(Barrier(AT_ONCE))

    def work(one: Change) -> ReconcileError | None:
        try:
            journal.begin(one)
        except ReconcileError as error:
            return error
        return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        errors = list(pool.map(work, changes))
    journal.close()
    return {begin(one): error for one, error in zip(changes, errors, strict=True)}


def test_lines_that_wait_at_the_same_time_are_synced_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is slow: it takes 0.2 s."""
    path, real = tmp_path / "j", os.fsync
    synced: list[bytes] = []

    def fsync(handle: int) -> None:
        content = path.read_bytes()
        Event().wait(0.2)
        real(handle)
        synced.append(content)

    path.touch()
    monkeypatch.setattr(os, "fsync", fsync)
    lines = record_at_once(path)
    assert set(lines.values()) == {None}
    assert set(synced[-1].splitlines(keepends=True)) == set(lines)
    assert len(synced) < AT_ONCE


def test_a_line_is_synced_before_begin_returns_whoever_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = tmp_path / "j", os.fsync
    synced = [b""]
    changes = [change(A, B, Target(f"app/n{number:02}", SCOPE)) for number in range(60)]
    journal = start_journal(path, info("r1"), changes, lambda: NOON)

    def fsync(handle: int) -> None:
        content = path.read_bytes()
        real(handle)
        synced.append(content)

    def work(one: Change) -> bool:
        journal.begin(one)
        return begin(one) in synced[-1]

    monkeypatch.setattr(os, "fsync", fsync)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert all(pool.map(work, changes))


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_none_of_the_lines_that_failed_together_is_taken_for_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """The first attempt fails, in the middle of the lines."""
    path, write = tmp_path / "j", os.write
    path.touch()
    failures = iter([OSError(28, "No space left on device")])

    def write_half(handle: int, content: bytes) -> int:
        half = next((len(content) // 2 for _ in failures), len(content))
        return write(handle, content[:half])

    def fail(_handle: int) -> None:
        for failure in failures:
            raise failure

    monkeypatch.setattr(os, failing, {"write": write_half, "fsync": fail}[failing])
    lines = record_at_once(path)
    recorded = {line for line, error in lines.items() if error is None}
    assert recorded != set(lines)
    if failing == "write":
        assert set(path.read_bytes().splitlines(keepends=True)) == recorded
    else:
        assert not recorded
