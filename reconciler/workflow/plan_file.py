"""Saved plans, from and to a file."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.errors import InvalidError, ReconcileError, Remedy, UsageError
from reconciler.plan.saved_plan import SavedPlan, read_saved

MAX_PLAN = 64 * 1024 * 1024
"""The largest plan that is read, and so the largest that is written."""

_BEGINNING = b'{\n  "format_version"'


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A saved plan, and the path from here of the file that it was made from; None if not found."""

    plan: SavedPlan
    origin: Path | None


def read_plan(content: bytes, path: Path) -> StoredPlan:
    """Read a saved plan's content; `path` is where it was found.

    Raises InvalidError and RefusedError as `read_saved`.
    """
    if not content.lstrip().startswith(b"{"):
        raise InvalidError(f"{path} is not a reconcile plan", remedy=Remedy.PLAN_AGAIN)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidError(f"{path} is not a plan: it is not UTF-8") from None
    saved = read_saved(text, inlined(schema_text("plan.schema.json")))
    # Its path is relative to the directory where the plan was made, most likely the plan's own.
    places = (path.parent / saved.file_path, Path(saved.file_path))
    return StoredPlan(saved, next((place for place in places if place.is_file()), None))


def require_savable(path: Path) -> None:
    """Raise UsageError for a path that no plan can be saved at, before there is one."""
    _place_for(path)


def write_plan_file(path: Path, text: str) -> None:
    """Write a plan's text, whole or not at all, readable by its owner only: it holds policies.

    A plan that was there before is replaced. Raises ReconcileError where it can't be written, and
    for a text that would be too large to be read.
    """
    content = text.encode()
    if len(content) > MAX_PLAN:
        raise ReconcileError(
            f"the plan has {len(content):,} bytes, and only {MAX_PLAN:,} can be read back; "
            "nothing was saved",
            remedy=Remedy.SELECT_FEWER,
        )
    try:
        _replace(_place_for(path), content)
    except OSError as error:
        raise ReconcileError(f"{path} can't be written: {error.strerror}") from None


def _place_for(path: Path) -> Path:
    """Return where a path leads: the file behind a link is replaced, not the link."""
    if path.is_dir():
        raise UsageError(f"{path} is a directory, not a file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file", remedy=Remedy.WRITE_ELSEWHERE)
    if path.exists() and not _may_be_replaced(path):
        raise UsageError(f"{path} already exists and is not a saved plan; not overwritten")
    try:
        return path.resolve()
    except RuntimeError:
        raise UsageError(f"{path} is a link to itself") from None


def _may_be_replaced(path: Path) -> bool:
    """Whether a file is empty, or begins as a saved plan does."""
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING))
    return not head or head == _BEGINNING


def _replace(target: Path, content: bytes) -> None:
    """Replace a file in one step. Raises OSError; then nothing has changed."""
    handle, name = tempfile.mkstemp(prefix=".reconcile-plan.", dir=target.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
