"""What applying needs, as interfaces, and what comes of it, as data."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from reconciler.model.registry import LiveSettings, RepositorySettings
from reconciler.plan.model import Change

Result = Literal["applied", "in-force", "failed", "stale", "skipped"]

AS_WANTED: frozenset[Result] = frozenset({"applied", "in-force"})
"""The results after which what the change wants is live."""


class Reader(Protocol):
    """What reads one registry; each read raises CallError where it fails."""

    def read_policy(self, name: str) -> str | None:
        """Read one repository's policy; None is no policy."""

    def read_settings(self, name: str) -> LiveSettings:
        """Read how one repository is set up."""


class Writer(Protocol):
    """What writes to one registry.

    Each write raises CallError where it certainly was not done, WriteOutcomeUnknownError where
    nobody can say.
    """

    def set_policy(self, name: str, text: str) -> None:
        """Replace one repository's policy."""

    def delete_policy(self, name: str) -> None:
        """Remove one repository's policy."""

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Make a repository."""


@dataclass(frozen=True, slots=True)
class ReaderWriter:
    """The way to one registry in one region.

    `together` gives a context in which a read and a write follow one another as closely as the
    pace of calls allows: no other call comes between them.
    """

    reader: Reader
    writer: Writer
    together: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `in-force`: the live policy was what the change wants already, and nothing was written.
    `stale`: the live policy was neither that nor what the plan had seen, and was left alone.
    `error` says why the change was not applied, None where nothing is wrong. `written` tells
    whether the policy was written, whatever the result; None where nobody knows; `made` the same
    of a repository that was to be made. `suspects` are the principals that AWS may not know, where
    it refused the policy for one of them.
    """

    change: Change
    result: Result
    error: str | None = None
    written: bool | None = False
    made: bool | None = False
    suspects: tuple[str, ...] = ()


def applied(change: Change) -> Outcome:
    """Give the outcome of a change that was made."""
    return Outcome(change, "applied", written=True)


class Journal(Protocol):
    """What keeps a record of every write, so that a run that was killed can be understood."""

    def begin(self, change: Change) -> None:
        """Record, to the disk, what is about to be written. Raises ReconcileError."""

    def end(self, outcome: Outcome) -> None:
        """Record what became of a write that was begun. Raises ReconcileError."""

    def damage(self) -> str | None:
        """Say why what was recorded may be lost; None where it is not."""
