"""From a path to an access file that is valid, or to exit 3 with every problem shown."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.access_file.document.problems import Problem, did_you_mean
from reconciler.access_file.load import Loaded, load_access
from reconciler.access_file.model import AccessFile
from reconciler.cli.files import MAX_ACCESS_FILE, name_of, read_file
from reconciler.cli.terminal import page_of, paint_for, tell
from reconciler.errors import InvalidError, UsageError
from reconciler.policy import glob_matches
from reconciler.report.problems import render_problems


class InvalidFileError(InvalidError):
    """An access file has errors; `problems` are all that was found (exit 3)."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{name} is invalid; nothing was done")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class AccessSource:
    """An access file as it was read: the model, its path and content, and the time that counts.

    `allow_public` are the entries that this run allows to be public.
    """

    access: AccessFile
    path: str
    content: bytes
    now: datetime
    allow_public: tuple[str, ...] = ()


def read_access_file(file: Path, hint: str | None = None) -> bytes:
    """Read the file's bytes; `hint` says where there is one. Raises as `read_file` does."""
    usual = "'reconcile init' writes one; -f FILE or $ECR_ACCESS_FILE names another"
    return read_file(file, MAX_ACCESS_FILE, hint=hint or usual)


def check(
    file: Path, content: bytes, *, allow_public: Iterable[str], now: datetime | None = None
) -> Loaded:
    """Check a file's content: the model where it is valid, and all problems.

    Raises UsageError for a name in `allow_public` that no entry of the file is about.
    """
    allowed = frozenset(allow_public)
    loaded = load_access(content, name_of(file), now=now or datetime.now(UTC), allow_public=allowed)
    entries = loaded.repositories
    for name in sorted(allowed) if entries is not None else ():
        if not any(glob_matches(entry, name) for entry in entries or ()):
            raise UsageError(
                f"--allow-public {name}: the file has no such repository",
                hint=did_you_mean(name, entries or ()) or "name an entry as the file writes it",
            )
    return loaded


def load_valid(
    file: Path, allow_public: Iterable[str] | None = None, *, hint: str | None = None
) -> AccessSource:
    """Load a file that must be valid; warnings go to stderr, and so do the errors.

    `hint` says where there is one. Raises InvalidFileError where there are errors, UsageError
    where there is no file, and as `check`.
    """
    content = read_access_file(file, hint)
    now = datetime.now(UTC)
    allowed = tuple(allow_public or ())
    loaded = check(file, content, allow_public=allowed, now=now)
    if loaded.problems:
        paint = paint_for(sys.stderr)
        told = render_problems(loaded.problems, loaded.lines, paint, page_of(sys.stderr))
        tell(told.rstrip("\n"))
    if loaded.access is None:
        raise InvalidFileError(name_of(file), loaded.problems)
    return AccessSource(loaded.access, name_of(file), content, now, allowed)
