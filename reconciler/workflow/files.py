"""Files that are read as a whole, up to a size."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from reconciler.errors import InvalidError, ReconcileError, Remedy, UsageError


def read_file(
    path: Path,
    most: int,
    *,
    opened: BinaryIO | None = None,
    called: str = "file",
    hint: str | None = None,
    remedy: Remedy | None = None,
    check: Callable[[int], None] = lambda _handle: None,
) -> bytes:
    """Read a file of at most `most` bytes.

    `opened` is read where it is given; `path` is then only a name. `called` is what the file should
    be, `hint` and `remedy` help where it does not exist, `check` is called with the open file's
    handle. Raises UsageError where there is no such file, InvalidError for a larger one,
    ReconcileError for one that can't be read.
    """
    try:
        with nullcontext(opened) if opened is not None else path.open("rb") as file:
            check(file.fileno())
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no {called} {path}", hint=hint, remedy=remedy) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory, not a {called}") from None
    except OSError as error:
        raise ReconcileError(f"{path} can't be read: {error.strerror}") from None
    if len(content) > most:
        raise InvalidError(f"{path} is larger than a {called} can be ({most:,} bytes)")
    return content
