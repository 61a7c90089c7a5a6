"""An access file, checked: valid, or with every problem that it has."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import Loaded, load_access
from reconciler.access_file.model import AccessFile
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError, InvalidError
from reconciler.model.guards import Allowances
from reconciler.policy import glob_matches

NOTHING_ALLOWED = Allowances()


class InvalidFileError(InvalidError):
    """An access file has errors (exit 3). `checked` has all its problems."""

    def __init__(self, path: str, checked: Loaded) -> None:
        super().__init__(f"{path} is invalid; nothing was done")
        self.checked = checked

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of the file."""
        return self.checked.problems


@dataclass(frozen=True, slots=True)
class AccessSource:
    """A valid access file as it was read: the model, its path and content, and the time.

    `allowances` are what this run may do beyond the file's guards; `checked` has the warnings.
    """

    access: AccessFile
    path: str
    content: bytes
    now: datetime
    checked: Loaded
    allowances: Allowances = NOTHING_ALLOWED


def validate(
    content: bytes, path: str, *, allow_public: Iterable[str] = (), now: datetime | None = None
) -> Loaded:
    """Check a file's content, and return the model where it is valid, and all problems.

    `path` is what problems call the file. `allow_public` names entries whose public access is no
    problem. `now` (UTC) decides which grants have expired. Raises ArgumentError for a name in
    `allow_public` that no entry of the file matches.
    """
    allowed = frozenset(allow_public)
    loaded = load_access(content, path, now=now or datetime.now(UTC), allow_public=allowed)
    entries = loaded.repositories
    for name in sorted(allowed) if entries is not None else ():
        if not any(glob_matches(entry, name) for entry in entries or ()):
            raise ArgumentError(
                "allow_public",
                name,
                "the file has no such repository",
                hint=did_you_mean(name, entries or ()) or "name an entry as the file writes it",
            )
    return loaded


def load(
    content: bytes,
    path: str,
    *,
    allowances: Allowances = NOTHING_ALLOWED,
    now: datetime | None = None,
) -> AccessSource:
    """Return the access file that a content is. Raises InvalidFileError, and as `validate`."""
    now = now or datetime.now(UTC)
    checked = validate(content, path, allow_public=allowances.public, now=now)
    if checked.access is None:
        raise InvalidFileError(path, checked)
    return AccessSource(checked.access, path, content, now, checked, allowances)
