"""A file replaced as a whole, or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(target: Path, content: bytes, *, like: os.stat_result | None = None) -> None:
    """Replace a file in one step; `target` is no link. Raises OSError; then nothing has changed.

    With `like`, the new file has its mode, and its owner and group where the caller may set them;
    else only its owner may read it.
    """
    handle, name = tempfile.mkstemp(prefix=".reconcile.", dir=target.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if like is not None:
                _imitate(draft, like)
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _imitate(draft: Path, like: os.stat_result) -> None:
    """Set owner and mode, in this order: a change of the owner can clear bits of the mode."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(draft, like.st_uid, like.st_gid)
    draft.chmod(like.st_mode & 0o7777)
