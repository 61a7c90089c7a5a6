"""The journal of a run: each line is on the disk before the run goes on."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from reconciler.apply.journal.file import LockedFile, lock_journal, unwritable
from reconciler.apply.journal.format import (
    MAX_JOURNAL,
    RunInfo,
    begin_line,
    end_line,
    max_end_size,
    read_line,
)
from reconciler.apply.model import Done, Outcome
from reconciler.errors import ReconcileError, RefusedError, Remedy
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.policy import MalformedError

Clock = Callable[[], datetime]


class RunJournal:
    """The journal of one run, in a file; safe to share among threads."""

    def __init__(self, path: Path, info: RunInfo, file: LockedFile, clock: Clock) -> None:
        self.path = path
        self._info = info
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: set[Target] = set()
        self._unwritten: set[Target] = set()

    @property
    def written(self) -> frozenset[Target]:
        """The repositories that were written, or may have been."""
        return frozenset(self._begun - self._unwritten)

    def damage(self) -> str | None:
        """Return why earlier records may be lost; None where they are in the file."""
        with self._lock:
            return self._file.damage()

    def begin(self, change: Change) -> None:
        """Record, on the disk, what is about to be written.

        Raises ReconcileError: then nothing may be written.
        """
        line = begin_line(self._info, change, self._clock())
        with self._lock:
            try:
                self._file.append(line)
            except OSError as error:
                raise unwritable(self.path, error) from error
            self._begun.add(change.target)

    def end(self, outcome: Outcome) -> None:
        """Record the outcome of a write, if it was begun. Raises ReconcileError."""
        line = end_line(self._info, outcome, self._clock())
        with self._lock:
            if outcome.change.target not in self._begun:
                return
            if outcome.written is Done.NO:
                self._unwritten.add(outcome.change.target)
            try:
                self._file.append(line)
            except OSError as error:
                meaning = "the outcome of this write is not recorded"
                raise unwritable(self.path, error, meaning) from error

    def close(self) -> None:
        """Unlock the file for other runs; a new one without a record is removed."""
        with self._lock:
            self._file.close(keep=bool(self._begun))


def start_journal(path: Path, info: RunInfo, changes: Iterable[Change], clock: Clock) -> RunJournal:
    """Open a journal for some changes; whatever can fail beforehand fails here.

    The file and its directories are created for their owner alone. The file is locked until it is
    closed. `clock` returns the time in UTC. Raises ReconcileError if the file can't be written,
    UsageError if it is not a journal, RefusedError if another run has locked it or the changes
    are too many for one journal.
    """
    size = journal_size(info, changes, clock())
    file = lock_journal(path)
    size += file.size
    if size > MAX_JOURNAL:
        file.close(keep=False)
        raise RefusedError(
            f"the journal would take {size:,} bytes; the maximum is {MAX_JOURNAL:,}",
            remedy=Remedy.SELECT_FEWER,
        )
    return RunJournal(path, info, file, clock)


def journal_size(info: RunInfo, changes: Iterable[Change], at: datetime) -> int:
    """Return the bytes that the lines of some changes take at most.

    Raises ReconcileError for a change whose line could not be read back.
    """
    size = 0
    for change in changes:
        line = begin_line(info, change, at)
        try:
            read_line(line.removesuffix(b"\n"))
        except MalformedError as malformed:
            raise ReconcileError(
                f"{change.target.repository} can't be recorded in a journal: {malformed.reason}"
            ) from None
        size += len(line) + max_end_size(info, change, at)
    return size
