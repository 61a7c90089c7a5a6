"""The journal of a run: a locked file in which each line is on the disk before the run goes on."""

import os
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.apply.journal_format import (
    MAX_JOURNAL,
    RunInfo,
    begin_line,
    end_line,
    max_end_size,
    read_journal,
    read_line,
)
from reconciler.apply.model import Done, Outcome
from reconciler.errors import InvalidError, ReconcileError, RefusedError, Remedy, UsageError
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.policy import MalformedError

if sys.platform != "win32":
    import fcntl

_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe is refused, not waited for
)

Clock = Callable[[], datetime]


@dataclass(slots=True)
class _Line:
    """A line that a thread waits for: until it is on the disk, or can't be written."""

    content: bytes
    is_on_disk: bool = False
    error: OSError | None = None


class LockedFile:
    """An open journal, locked by one run until it is closed; safe to share among threads.

    `size` is its length in bytes, with the line break that is added after a truncated last line.
    """

    def __init__(
        self, path: Path, handle: int, size: int, *, truncated: bool, is_new: bool
    ) -> None:
        self._path = path
        self._handle = handle
        self.size = size
        self._is_new = is_new
        self._before = b"\n" if truncated else b""
        self._broken = False
        self._waiting: deque[_Line] = deque()
        self._writing = threading.Lock()

    def append(self, line: bytes) -> None:
        """Add a line, and wait until it is on the disk.

        Lines that wait for the disk at the same time are added in one write. What can't be written
        whole is removed, so that none of them is added. Raises OSError.
        """
        own = _Line(line)
        self._waiting.append(own)
        with self._writing:
            if not own.is_on_disk and own.error is None:
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if not own.is_on_disk:
            raise own.error or OSError(0, "an earlier line could not be written")

    def _write(self, lines: Sequence[_Line]) -> None:
        try:
            self._write_to_disk(b"".join(line.content for line in lines))
        except OSError as error:
            for line in lines:
                line.error = error
        else:
            for line in lines:
                line.is_on_disk = True

    def _write_to_disk(self, added: bytes) -> None:
        damage = self._damage()
        if damage:
            raise OSError(0, damage)
        content = self._before + added
        self._broken = True
        try:
            _write_whole(self._handle, content)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, self.size - len(self._before))
                self._broken = False
            raise
        os.fsync(self._handle)
        self._broken = False
        self._before = b""
        self.size += len(added)

    def damage(self) -> str | None:
        """Return why earlier lines may not be in the file any more; None where they are.

        It must be the file at the path, and have the length that was written. Waits for a write
        that is under way.
        """
        with self._writing:
            return self._damage()

    def _damage(self) -> str | None:
        held = os.fstat(self._handle)
        if not _is_at(self._path, held):
            return "it was moved, removed or replaced while it was in use"
        more = held.st_size - (self.size - len(self._before))
        if self._broken:
            return "earlier lines may not be on the disk"
        if more:
            return "it was truncated" if more < 0 else "another process has written to it"
        return None

    def close(self, *, keep: bool) -> None:
        """Unlock the file; one that was created for this run is removed unless `keep`."""
        try:
            if self._is_new and not keep and not self.damage():
                with suppress(OSError):  # an empty journal does no harm
                    self._path.unlink()
        finally:
            os.close(self._handle)


def _lock_journal(path: Path) -> LockedFile:
    """Lock a journal to add to; a missing one is created, with its directories.

    Raises UsageError if the file is not a journal, RefusedError if another run has locked it,
    ReconcileError if it can't be written.
    """
    while True:
        try:
            handle, is_new = _open(path)
            content = _lock_and_read(handle, path)
        except IsADirectoryError:
            raise UsageError(
                f"the journal {path} is a directory", remedy=Remedy.NAME_JOURNAL
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from error
        if _is_at(path, os.fstat(handle)):
            truncated = content[-1:] not in (b"", b"\n")
            size = len(content) + truncated
            return LockedFile(path, handle, size, truncated=truncated, is_new=is_new)
        os.close(handle)  # another run removed the file before it was locked


def _is_at(path: Path, held: os.stat_result) -> bool:
    """Return whether a file that is held open is the one at a path."""
    try:
        return os.path.samestat(path.stat(), held)
    except OSError:
        return False


def _open(path: Path) -> tuple[int, bool]:
    """Open a file, or create it; the second value says whether it was created. Raises OSError."""
    for directory in reversed([parent for parent in path.parents if not parent.exists()]):
        directory.mkdir(0o700, exist_ok=True)
        _sync_directory(directory.parent)
    try:
        handle = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, _FLAGS), False
    _sync_directory(path.parent)
    return handle, True


def _unwritable(
    path: Path, error: OSError, meaning: str = "nothing was written without it"
) -> ReconcileError:
    reason = error.strerror or str(error)
    return ReconcileError(
        f"the journal {path} can't be written: {reason}; {meaning}", remedy=Remedy.NAME_JOURNAL
    )


def _lock_and_read(handle: int, path: Path) -> bytes:
    """Lock a file that must be a journal, and return its content; close it on an error."""
    try:
        _lock(handle, path)
        with os.fdopen(os.dup(handle), "rb") as file:
            content = file.read(MAX_JOURNAL + 1)
        _require_journal(content, path)
    except (OSError, ReconcileError):
        os.close(handle)
        raise
    return content


def _lock(handle: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise UsageError(f"the journal {path} is not a regular file", remedy=Remedy.NAME_JOURNAL)
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"the journal {path} is being written by another run"
            raise RefusedError(message, remedy=Remedy.NAME_JOURNAL) from None


def _require_journal(content: bytes, path: Path) -> None:
    try:
        # With the line break that follows, so that a truncated last line stays valid after it.
        read_journal(content + b"\n" if content else content, str(path))
    except (InvalidError, RefusedError) as error:
        raise UsageError(
            f"{error.message}; nothing was added to it", remedy=Remedy.NAME_JOURNAL
        ) from None


def _write_whole(handle: int, content: bytes) -> None:
    if os.write(handle, content) < len(content):
        raise OSError(0, "a line was not written whole; the disk may be full")


def _sync_directory(directory: Path) -> None:
    """Write a directory's entries to the disk; not possible on Windows."""
    if sys.platform != "win32":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
        """What was written, or may have been."""
        with self._lock:
            return frozenset(self._begun - self._unwritten)

    def damage(self) -> str | None:
        """Return why earlier records may be lost; None where they are in the file."""
        return self._file.damage()

    def begin(self, change: Change) -> None:
        """Record, on the disk, what is about to be written.

        Raises ReconcileError: then nothing may be written.
        """
        line = begin_line(self._info, change, self._clock())
        try:
            self._file.append(line)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        with self._lock:
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
            raise _unwritable(self.path, error, meaning) from error

    def close(self) -> None:
        """Unlock the file for other runs; a new one without a record is removed."""
        self._file.close(keep=bool(self._begun))


def start_journal(path: Path, info: RunInfo, changes: Iterable[Change], clock: Clock) -> RunJournal:
    """Open a journal for some changes; whatever can fail beforehand fails here.

    The file and its directories are created for their owner alone. The file is locked until it is
    closed. `clock` returns the time in UTC. Raises ReconcileError if the file can't be written,
    UsageError if it is not a journal, RefusedError if another run has locked it or the changes
    are too many for one journal.
    """
    size = journal_size(info, changes, clock())
    file = _lock_journal(path)
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
    end_sizes: dict[Target, int] = {}  # by the target without its name, which is plain ASCII
    for change in changes:
        line = begin_line(info, change, at)
        try:
            read_line(line.removesuffix(b"\n"))
        except MalformedError as malformed:
            raise ReconcileError(
                f"{change.target} can't be recorded in a journal: {malformed.reason}"
            ) from None
        unnamed = change.target._replace(repository="")
        if unnamed not in end_sizes:
            end_sizes[unnamed] = max_end_size(info, replace(change, target=unnamed), at)
        size += len(line) + end_sizes[unnamed] + len(change.target.repository)
    return size
