"""The journal of a run: where it is kept, and what is said of it."""

import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from reconciler.apply.journal import RunJournal, start_journal
from reconciler.apply.journal_format import MAX_JOURNAL, Command, RunInfo, read_journal
from reconciler.errors import ReconcileError, RefusedError, Remedy, UsageError
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.workflow.file.source import read_file
from reconciler.workflow.listener import JournalDamaged, JournalKept, JournalStarted, Listener
from reconciler.workflow.live.callers import Authors

if sys.platform != "win32":
    import fcntl

_DIRECTORY = Path("reconcile", "journals")


@contextmanager
def keeping_journal(
    path: Path | None,
    command: Command,
    changes: Sequence[Change],
    authors: Authors,
    listener: Listener,
    *,
    plan: str | None,
    file: str | None,
) -> Iterator[RunJournal]:
    """Open the journal of a run that is about to write `changes`, and close it after the run.

    `plan` is a saved plan's digest, `file` the path of what the changes were computed from.
    Raises ReconcileError where no journal can be kept.
    """
    run, now = secrets.token_hex(4), datetime.now(UTC)
    path = path or default_path(min(scope.account for scope in authors), run, now)
    info = RunInfo(run, command, plan, file, authors)
    journal = start_journal(path, info, changes, lambda: datetime.now(UTC))
    listener.notify(JournalStarted(path))  # before the first write: a killed run says nothing
    try:
        yield journal
    finally:
        damage = journal.damage()
        journal.close()
        if damage:
            listener.notify(_damaged(path, damage, run, journal.written))
        elif journal.written:
            listener.notify(JournalKept(path))


def _damaged(path: Path, damage: str, run: str, written: frozenset[Target]) -> JournalDamaged:
    """Read a damaged journal back, to find which of a run's writes it still has."""
    try:
        content = read_journal_file(path) if path.is_file() else b""
        found = {write.target for write in read_journal(content) if write.run == run}
    except ReconcileError:
        found = set()
    recorded, unrecorded = sorted(written & found), sorted(written - found)
    return JournalDamaged(path, damage, tuple(recorded), tuple(unrecorded))


def read_journal_file(path: Path, opened: BinaryIO | None = None) -> bytes:
    """Read a journal's content. Raises as `read_file`, RefusedError while a run is writing it."""
    check = partial(_require_unlocked, path)
    return read_file(path, MAX_JOURNAL, opened=opened, called="journal", check=check)


def default_path(account: str, run: str, now: datetime) -> Path:
    """Return the path of a new journal in the user's state directory.

    The directory follows the XDG Base Directory Specification. Raises ReconcileError without one.
    """
    name = f"{now.strftime('%Y%m%dT%H%M%SZ')}-{account}-{run}.jsonl"
    return _state_home() / _DIRECTORY / name


def require_usable(path: Path | None) -> None:
    """Raise UsageError for a path that can't be a journal, before the journal is needed."""
    if path is not None and path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "not a regular file"
        raise UsageError(f"the journal {path} is {kind}", remedy=Remedy.NAME_JOURNAL)


def require_other_file(rolled_back: Path, path: Path | None) -> None:
    """Raise UsageError where a rollback would record itself in the journal that it rolls back.

    That journal could not say afterwards which of its writes are undone.
    """
    if path is not None and _is_same_file(path, rolled_back):
        raise UsageError(
            f"{rolled_back} is the journal to roll back; a rollback is recorded in another one",
            remedy=Remedy.NAME_JOURNAL,
        )


def _require_unlocked(path: Path, handle: int) -> None:
    """Raise RefusedError while a run is writing the journal that `handle` has open."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            f"a run is still writing the journal {path}", hint="wait until it has ended"
        ) from None
    except OSError:
        return  # what can't be locked, such as a pipe, no run has locked


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # it does not exist yet, or opening it will say why it can't be used


def _state_home() -> Path:
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE") or ""
    if not Path(home).is_absolute():
        raise ReconcileError(
            "no home directory to keep the journal in; nothing is written without a journal",
            remedy=Remedy.NAME_JOURNAL,
        )
    return Path(home, ".local", "state")
