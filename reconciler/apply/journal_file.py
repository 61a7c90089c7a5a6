"""The file that a journal is kept in: taken for one run, and added to line by line."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from reconciler.apply.journal_reading import MAX_JOURNAL, read_journal
from reconciler.errors import InvalidError, ReconcileError, RefusedError, Remedy, UsageError

if sys.platform != "win32":
    import fcntl

_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe is refused, not waited for
)


class LockedFile:
    """An open journal, held by one run until it is closed.

    `size` is how long it is, in bytes, with the end of a last line that was cut off.
    """

    def __init__(self, path: Path, handle: int, size: int, *, torn: bool, is_new: bool) -> None:
        self._path = path
        self._handle = handle
        self.size = size
        self._is_new = is_new
        self._before = b"\n" if torn else b""
        self._broken = False

    def append(self, line: bytes) -> None:
        """Add a line in one write, and wait until it is on the disk.

        What can't be written whole is taken back. Raises OSError.
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
        """Say why what was written may not be in the file any more; None where it is.

        It must be the file that the path leads to, and as long as what was written to it.
        """
        if not _is_there(self._path, self._handle):
            return "it was moved, removed or replaced while it was in use"
        more = os.fstat(self._handle).st_size - (self.size - len(self._before))
        if self._broken:
            return "what was written before may not be on the disk"
        if more:
            return "it was cut short" if more < 0 else "somebody else has written to it"
        return None

    def close(self, *, keep: bool) -> None:
        """Let go of the file; one that was made for this run is taken away unless it is to stay."""
        try:
            if self._is_new and not keep and not self.damage():
                with suppress(OSError):  # an empty journal does no harm
                    self._path.unlink()
        finally:
            os.close(self._handle)


def take_journal(path: Path) -> LockedFile:
    """Take a journal to add to; one that is not there is made, and its folders with it.

    Raises UsageError where it is something else than a journal, RefusedError where another run
    has it, ReconcileError where it can't be written.
    """
    while True:
        try:
            handle, is_new = _open(path)
        except IsADirectoryError:
            raise UsageError(
                f"the journal {path} is a directory", remedy=Remedy.NAME_JOURNAL
            ) from None
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            content = _take(handle, path)
        except OSError as error:
            os.close(handle)
            raise unwritable(path, error) from error
        except ReconcileError:
            os.close(handle)
            raise
        if _is_there(path, handle):
            torn = content[-1:] not in (b"", b"\n")
            size = len(content) + torn  # the end of a line that was cut off is added
            return LockedFile(path, handle, size, torn=torn, is_new=is_new)
        os.close(handle)  # another run has taken it away before it was ours


def _is_there(path: Path, handle: int) -> bool:
    """Tell whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _open(path: Path) -> tuple[int, bool]:
    """Open a file that is there, or make it; tells whether it was made. Raises OSError."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(0o700, exist_ok=True)
        _sync_folder(folder.parent)
    try:
        handle = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, _FLAGS), False
    _sync_folder(path.parent)
    return handle, True


def unwritable(
    path: Path, error: OSError, meaning: str = "nothing was written without it"
) -> ReconcileError:
    """Say that a journal can't be written, and what that means."""
    reason = error.strerror or str(error)
    return ReconcileError(
        f"the journal {path} can't be written: {reason}; {meaning}",
        remedy=Remedy.NAME_JOURNAL,
    )


def _take(handle: int, path: Path) -> bytes:
    """Lock a file that must be a journal, and give its content."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"the journal {path} is not a regular file", remedy=Remedy.NAME_JOURNAL)
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"the journal {path} is being written by another run"
            raise RefusedError(message, remedy=Remedy.NAME_JOURNAL) from None
    with os.fdopen(os.dup(handle), "rb") as file:
        content = file.read(MAX_JOURNAL + 1)
    try:
        # A last line that was cut off has to be told as such with others behind it, too.
        read_journal(content + b"\n" if content else content, str(path))
    except (InvalidError, RefusedError) as error:
        raise UsageError(
            f"{error.message}; nothing was added to it", remedy=Remedy.NAME_JOURNAL
        ) from None
    return content


def _write_whole(handle: int, content: bytes) -> None:
    if os.write(handle, content) < len(content):
        raise OSError(0, "a line was cut short; the disk may be full")


def _sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk; Windows has no way to."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
