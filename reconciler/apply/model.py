"""What applying needs, as interfaces, and its outcomes, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol, TypeVar

from reconciler.model.registry import LiveSettings, NewPolicy, RepositorySettings
from reconciler.plan.model import Change
from reconciler.registry.errors import CallError, WriteOutcomeUnknownError

T = TypeVar("T")

Result = Literal["applied", "in-force", "failed", "stale", "skipped"]

AS_DESIRED: frozenset[Result] = frozenset({"applied", "in-force"})
"""The results after which the desired policy is live."""

Failure = CallError | WriteOutcomeUnknownError


class Done(Enum):
    """Whether a write was done."""

    YES = True
    NO = False
    UNKNOWN = None


class Reader(Protocol):
    """Reads one registry; each read raises CallError where it fails."""

    def read_policy(self, name: str) -> str | None:
        """Return a repository's policy; None for no policy."""

    def read_settings(self, name: str) -> LiveSettings:
        """Return a repository's settings."""


class Writer(Protocol):
    """Writes to one registry.

    Each write raises CallError if it was certainly not done, WriteOutcomeUnknownError if it may
    have been.
    """

    def update_policy(self, name: str, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        """Read a policy and write the new one that `decide` returns, with no call in between.

        Returns what `decide` returned instead of a new policy; None after a write.
        """

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Create a repository."""


@dataclass(frozen=True, slots=True)
class ReaderWriter:
    """The access to one registry in one region."""

    reader: Reader
    writer: Writer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `in-force`: the live policy was the desired one already, and nothing was written. `stale`: the
    live policy was neither that nor the one of the plan, and was not changed. `error` is why the
    change was not applied, None where nothing is wrong. `written` and `created` are about the
    policy and the repository, whatever the result. `candidates` are the principals of which AWS
    rejected at least one, where it refused the policy for that.
    """

    change: Change
    result: Result
    error: str | None = None
    written: Done = Done.NO
    created: Done = Done.NO
    candidates: tuple[str, ...] = ()


def applied(change: Change) -> Outcome:
    """Return the outcome of a change that was made."""
    return Outcome(change, "applied", written=Done.YES)


class Journal(Protocol):
    """A record of every write, from which a run that was killed can be reconstructed."""

    def begin(self, change: Change) -> None:
        """Record, on the disk, what is about to be written. Raises ReconcileError."""

    def end(self, outcome: Outcome) -> None:
        """Record the outcome of a write that was begun. Raises ReconcileError."""

    def damage(self) -> str | None:
        """Return why earlier records may be lost; None where they are not."""
