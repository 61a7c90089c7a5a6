"""Saved plans, from and to a file."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.cli.files import STDIN, name_of, read_file, require_no_stdout
from reconciler.cli.terminal import as_argument, note
from reconciler.errors import InvalidError, ReconcileError, UsageError
from reconciler.plan.saved_plan import SavedPlan, read_saved
from reconciler.report.layout import unbroken

MAX_BYTES = 64 * 1024 * 1024
"""The largest plan that is read, and so the largest that is written."""

_BEGINNING = b'{\n  "format_version"'

_SMALLER = "plan some of the repositories at a time, with --repository GLOB"


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A saved plan, and the path from here of the file that it was made from; None if not found."""

    plan: SavedPlan
    origin: Path | None

    @property
    def made_from(self) -> str:
        """Say which file it was made from."""
        return f"the plan was made from {self.plan.file_path}; {naming(self.origin)}"


def naming(origin: Path | None) -> str:
    """Say which option names the file that a plan was made from."""
    name = "FILE" if origin is None else as_argument(str(origin))
    return f"-f {name} names it"


def read_plan_file(path: Path) -> StoredPlan:
    """Read a saved plan.

    Raises UsageError where there is no such file, InvalidError and RefusedError as `read_saved`.
    """
    hint = "'reconcile plan --out PLAN' writes one"
    content = read_file(path, MAX_BYTES, called="plan", hint=hint)
    if path.suffix in {".yaml", ".yml"}:
        hint = f"the access file is given with -f {as_argument(str(path))}; {hint}"
    if not content.lstrip().startswith(b"{"):
        raise InvalidError(f"{name_of(path)} is no plan that reconcile made", hint=hint)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidError(f"{name_of(path)} is no plan: it is not UTF-8") from None
    plan = read_saved(text, inlined(schema_text("plan.schema.json")))
    return StoredPlan(plan, _origin(plan.file_path, path))


def _origin(told: str, plan: Path) -> Path | None:
    """Find the file that a plan was made from.

    Its path is relative to the folder where the plan was made, most likely the plan's own.
    """
    if told == name_of(STDIN):
        return STDIN
    return next((path for path in (plan.parent / told, Path(told)) if path.is_file()), None)


def require_savable(path: Path) -> None:
    """Raise UsageError for a path that no plan can be saved at, before there is one."""
    require_no_stdout("--out", path, "--format json writes the plan to stdout")
    _place_for(path)


def write_plan_file(path: Path, text: str) -> None:
    """Write a plan's text, whole or not at all, for its owner's eyes only: it holds policies.

    What was there before is replaced. Raises ReconcileError where it can't be written, and for a
    text that would be too large to be read.
    """
    content = text.encode()
    if len(content) > MAX_BYTES:
        raise ReconcileError(
            f"the plan has {len(content):,} bytes, and only {MAX_BYTES:,} can be read back; "
            "nothing was saved",
            hint=_SMALLER,
        )
    try:
        _replace(_place_for(path), content)
    except OSError as error:
        raise ReconcileError(f"{path} can't be written: {error.strerror}") from None


def note_saved(path: Path, options: Sequence[str], *, refused: bool) -> None:
    """Say how to apply a saved plan: with these options, as it was made with them."""
    arguments = (*map(as_argument, options), as_argument(path))
    command = unbroken(" ".join(["reconcile apply", *arguments]))
    if refused:
        note(f"saved all the same; with the options named above, apply it with: {command}")
    else:
        note(f"saved; apply it with: {command}")


def _place_for(path: Path) -> Path:
    """Give where a path leads: the file behind a link is replaced, not the link."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file; --format json writes to stdout")
    if path.exists() and not _may_be_replaced(path):
        raise UsageError(f"{path} exists and is no saved plan; it stays as it is")
    try:
        return path.resolve()
    except RuntimeError:
        raise UsageError(f"{path} is a link that leads to itself") from None


def _may_be_replaced(path: Path) -> bool:
    """Tell whether a file is empty, or begins as a saved plan does."""
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING))
    return not head or head == _BEGINNING


def _replace(target: Path, content: bytes) -> None:
    """Put a file in place in one step. Raises OSError; then nothing has changed."""
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
