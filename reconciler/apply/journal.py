"""The journal of a run: each line is on the disk before what it tells of is done."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from reconciler.apply.journal_checks import read_line
from reconciler.apply.journal_file import LockedFile, take_journal, unwritable
from reconciler.apply.journal_lines import RunInfo, begin_line, end_line, longest_end
from reconciler.apply.journal_reading import MAX_JOURNAL
from reconciler.apply.model import Done, Outcome
from reconciler.errors import ReconcileError, RefusedError
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.policy.language.json_text import MalformedError

Clock = Callable[[], datetime]


class RunJournal:
    """A journal in a file, of one run; safe to share among threads."""

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
        """What was written, or may have been."""
        return frozenset(self._begun - self._unwritten)

    def damage(self) -> str | None:
        """Say why what was recorded may be lost; None where it is in the file."""
        with self._lock:
            return self._file.damage()

    def begin(self, change: Change) -> None:
        """Record, to the disk, what is about to be written.

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
        """Record what became of a write that was begun; of any other there is nothing to say.

        Raises ReconcileError.
        """
        line = end_line(self._info, outcome, self._clock())
        with self._lock:
            if outcome.change.target not in self._begun:
                return
            if outcome.written is Done.NO:
                self._unwritten.add(outcome.change.target)
            try:
                self._file.append(line)
            except OSError as error:
                what_is_missing = "how this write ended is not in it"
                raise unwritable(self.path, error, what_is_missing) from error

    def close(self) -> None:
        """Let go of the file, for other runs; one that was made for nothing is taken away."""
        with self._lock:
            self._file.close(keep=bool(self._begun))


def start_journal(path: Path, info: RunInfo, changes: Iterable[Change], clock: Clock) -> RunJournal:
    """Prepare a journal for some changes: whatever can fail beforehand fails here.

    The file is made, and its folders, for their owner alone; it is this run's until it is closed.
    `clock` gives the time in UTC. Raises ReconcileError where the file can't be written,
    UsageError where it is there and no journal, RefusedError where another run has it or the
    changes are too many for one journal.
    """
    room = journal_size(info, changes, clock())
    file = take_journal(path)
    room += file.size
    if room > MAX_JOURNAL:
        file.close(keep=False)
        raise RefusedError(
            f"the journal would take {room:,} bytes, and can hold {MAX_JOURNAL:,}",
            hint="--repository GLOB takes a part at a time",
        )
    return RunJournal(path, info, file, clock)


def journal_size(info: RunInfo, changes: Iterable[Change], at: datetime) -> int:
    """Give the bytes that the lines of some changes take at the most.

    Raises ReconcileError for a change whose line could not be read back.
    """
    size = 0
    for change in changes:
        line = begin_line(info, change, at)
        try:
            read_line(line.removesuffix(b"\n"))
        except MalformedError as malformed:
            raise ReconcileError(
                f"{change.target.repository} can't be journalled: {malformed.reason}"
            ) from None
        size += len(line) + longest_end(info, change, at)
    return size
