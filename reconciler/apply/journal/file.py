"""The file of a journal: locked by one run, and extended line by line."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from reconciler.apply.journal.format import MAX_JOURNAL, read_journal
from reconciler.errors import InvalidError, ReconcileError, RefusedError, UsageError

if sys.platform != "win32":
    import fcntl

PATH_HINT = "--journal PATH names another file"
_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe is refused, not waited for
)


class LockedFile:
    """An open journal, locked by one run until it is closed.

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

    def append(self, line: bytes) -> None:
        """Add a line in one write, and wait until it is on the disk.

        A line that can't be written whole is removed. Raises OSError.
        """
        damage = self.damage()
        if damage:
            raise OSError(0, damage)
        content = self._before + line
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
        self.size += len(line)

    def damage(self) -> str | None:
        """Return why earlier lines may not be in the file any more; None where they are.

        It must be the file at the path, and have the length that was written.
        """
        if not _is_there(self._path, self._handle):
            return "it was moved, removed or replaced while it was in use"
        more = os.fstat(self._handle).st_size - (self.size - len(self._before))
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


def lock_journal(path: Path) -> LockedFile:
    """Lock a journal to add to; a missing one is created, with its directories.

    Raises UsageError if the file is not a journal, RefusedError if another run has locked it,
    ReconcileError if it can't be written.
    """
    while True:
        try:
            handle, is_new = _open(path)
            content = _lock_and_read(handle, path)
        except IsADirectoryError:
            raise UsageError(f"the journal {path} is a directory", hint=PATH_HINT) from None
        except OSError as error:
            raise unwritable(path, error) from error
        if _is_there(path, handle):
            truncated = content[-1:] not in (b"", b"\n")
            size = len(content) + truncated
            return LockedFile(path, handle, size, truncated=truncated, is_new=is_new)
        os.close(handle)  # another run removed the file before it was locked


def _is_there(path: Path, handle: int) -> bool:
    """Return whether an open file is the one at a path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
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


def unwritable(
    path: Path, error: OSError, meaning: str = "nothing was written without it"
) -> ReconcileError:
    """Return the error of a journal that can't be written."""
    reason = error.strerror or str(error)
    return ReconcileError(
        f"the journal {path} can't be written: {reason}; {meaning}", hint=PATH_HINT
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
        raise UsageError(f"the journal {path} is not a regular file", hint=PATH_HINT)
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"the journal {path} is being written by another run"
            raise RefusedError(message, hint=PATH_HINT) from None


def _require_journal(content: bytes, path: Path) -> None:
    try:
        # With the line break that follows, so that a truncated last line stays valid after it.
        read_journal(content + b"\n" if content else content, str(path))
    except (InvalidError, RefusedError) as error:
        raise UsageError(f"{error.message}; nothing was added to it", hint=PATH_HINT) from None


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
