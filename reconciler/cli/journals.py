"""Where journals are kept, and how one is read back."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reconciler.apply.journal.file import PATH_HINT
from reconciler.apply.journal.format import MAX_JOURNAL, Author, Command, RunInfo, read_journal
from reconciler.apply.journal.run_journal import RunJournal, start_journal
from reconciler.cli.files import read_file, require_no_stdout
from reconciler.cli.terminal import as_argument, note, show_error
from reconciler.errors import ReconcileError, RefusedError, UsageError
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Change
from reconciler.printable import printable
from reconciler.report.layout import unbroken

if sys.platform != "win32":
    import fcntl

_FOLDER = Path("reconcile", "journals")


@contextmanager
def keeping_journal(
    option: Path | None,
    command: Command,
    changes: Sequence[Change],
    authors: Mapping[RegistryScope, Author],
    *,
    plan: str | None,
    file: str | None,
    profile: str | None,
) -> Iterator[RunJournal]:
    """Give the journal of a run that is about to write `changes`, and say where it is.

    `plan` is a saved plan's digest, `file` the path of what the changes were worked out from,
    `profile` the one to undo them with.
    Raises ReconcileError where no journal can be kept.
    """
    run, now = secrets.token_hex(4), datetime.now(UTC)
    path = journal_path(option, min(scope.account for scope in authors), run, now)
    info = RunInfo(run, command, plan, file, authors)
    journal = start_journal(path, info, changes, lambda: datetime.now(UTC))
    # Said beforehand: a run that is killed can't say it any more.
    note(f"journal: {unbroken(printable(str(path)))}")
    try:
        yield journal
    finally:
        damage = journal.damage()
        journal.close()
        if damage:
            _tell_damage(path, damage, run, journal.written)
        elif journal.written:
            own = f"--profile {as_argument(profile)} " if profile else ""
            note(f"to undo: {unbroken(f'reconcile rollback {own}{as_argument(path)}')}")


def _tell_damage(path: Path, damage: str, run: str, written: frozenset[Target]) -> None:
    """Say which of a run's writes its journal still tells of, and which not."""
    try:
        found = read_journal(read_journal_file(path)) if path.is_file() else ()
    except ReconcileError:
        found = ()
    there = {write.target for write in found if write.run == run} & written
    parts = {"recorded": there, "not recorded, so that no rollback undoes it": written - there}
    told = [f"{state}: {', '.join(map(str, sorted(t)))}" for state, t in parts.items() if t]
    message = f"the journal {path} can't be relied on any more: {damage}"
    what_it_means = "; ".join(told) or "nothing was written"
    show_error(f"{message}; no further write was begun", what_it_means)


def journal_path(option: Path | None, account: str, run: str, now: datetime) -> Path:
    """Choose the journal's file: the one that was asked for, or a new one of the user's.

    The folder is that of the XDG Base Directory Specification for a program's state. Raises
    ReconcileError where there is none.
    """
    if option is not None:
        return option
    name = f"{now.strftime('%Y%m%dT%H%M%SZ')}-{account}-{run}.jsonl"
    return _state_home() / _FOLDER / name


def read_journal_file(path: Path) -> bytes:
    """Read a journal's bytes.

    Raises UsageError where there is no such file, InvalidError for one that can be no journal,
    RefusedError while a run is writing it.
    """
    return read_file(path, MAX_JOURNAL, called="journal", check=partial(_require_unused, path))


def require_usable(option: Path | None) -> None:
    """Raise UsageError for a journal that can be none, before it is needed."""
    require_no_stdout("--journal", option, PATH_HINT)
    if option is not None and option.exists() and not option.is_file():
        kind = "a folder" if option.is_dir() else "no regular file"
        raise UsageError(f"the journal {option} is {kind}", hint=PATH_HINT)


def require_other_file(journal: Path, option: Path | None) -> None:
    """Raise UsageError where a rollback would record itself in what it rolls back.

    Then nobody could tell afterwards which of the two is to be undone.
    """
    if option is not None and _is_same_file(option, journal):
        raise UsageError(
            f"{journal} is the journal to roll back; a rollback is recorded in another one",
            hint="leave out --journal, or name another file",
        )


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # it is not there yet, or opening it will tell why it can't be used


def _state_home() -> Path:
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE") or ""
    if not Path(home).is_absolute():
        raise ReconcileError(
            "there is no home to keep the journal in; nothing is written without one",
            hint="--journal PATH says where to keep it",
        )
    return Path(home, ".local", "state")


def _require_unused(path: Path, handle: int) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            f"a run is still writing the journal {path}", hint="wait until it has ended"
        ) from None
    except OSError:
        return  # what can't be locked, such as a pipe, nobody else has locked
