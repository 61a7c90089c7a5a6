"""Files that a command is given, read whole."""

from collections.abc import Callable
from pathlib import Path

from reconciler.errors import InvalidError, ReconcileError, UsageError


def read_file(
    path: Path,
    most: int,
    *,
    called: str = "file",
    hint: str | None = None,
    check: Callable[[int], None] = lambda _handle: None,
) -> bytes:
    """Read a file's bytes, of which there may be so many.

    `called` says what it should be; `hint` helps where there is none; `check` is given the open
    file's handle. Raises UsageError where there is no such file, InvalidError for a larger one,
    ReconcileError for one that can't be read.
    """
    try:
        with path.open("rb") as file:
            check(file.fileno())
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no {called} {path}", hint=hint) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a {called}") from None
    except OSError as error:
        raise ReconcileError(f"{path} can't be read: {error.strerror}") from None
    if len(content) > most:
        raise InvalidError(f"{path} is larger than a {called} can be ({most:,} bytes)")
    return content
