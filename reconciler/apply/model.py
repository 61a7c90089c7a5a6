"""What a run of apply needs, as interfaces, the state that its changes share, and its outcomes."""

from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Literal, NamedTuple, Protocol, TypeVar

from reconciler.apply.retry import Deadline
from reconciler.model.registry import (
    LiveSettings,
    NewPolicy,
    RegistryScope,
    RepositorySettings,
    Target,
)
from reconciler.plan.model import Change
from reconciler.registry.failures.errors import (
    CONSEQUENCES,
    CallError,
    Stops,
    WriteOutcomeUnknownError,
)

T = TypeVar("T")

Result = Literal["applied", "in-force", "failed", "stale", "skipped"]

AS_DESIRED: frozenset[Result] = frozenset({"applied", "in-force"})
"""The results after which the desired policy is live."""

Failure = CallError | WriteOutcomeUnknownError

INTERRUPTED = "interrupted"
"""Why a run stops after a signal."""

MAX_UNANSWERED = 8
"""Calls to one registry in a row without a response, after which no more changes begin there."""


class Done(Enum):
    """Whether a write was done."""

    YES = True
    NO = False
    UNKNOWN = None


class Reader(Protocol):
    """Reads one registry; each read raises CallError where it fails."""

    def read_text(self, target: Target) -> str | None:
        """Return the live text of a target's subject; None for none."""

    def read_settings(self, name: str) -> LiveSettings:
        """Return a repository's settings."""


class Writer(Protocol):
    """Writes to one registry.

    Each write raises CallError if it was certainly not done, WriteOutcomeUnknownError if it may
    have been.
    """

    @property
    def writes_at_once(self) -> int:
        """How many updates to make at once."""

    def update(self, target: Target, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        """Read a target's text and write the new one of `decide`, with no call in between.

        Returns what `decide` returned instead of a new text; None after a write.
        """

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Create a repository."""


class ReaderWriter(NamedTuple):
    """The access to one registry in one region."""

    reader: Reader
    writer: Writer


class Outcome(NamedTuple):
    """What became of one change.

    `in-force`: the live policy or template was the desired one already, and nothing was written.
    `stale`: it was neither that nor the one of the plan, and was not changed. `error` is why the
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


class Run:
    """The state of one run; safe to share among threads.

    `principal_deadline` is for new principals, of all changes together; `new_deadline` makes
    another one, of so many seconds. `stopped` returns whether the run is to end.
    """

    def __init__(
        self,
        journal: Journal,
        principal_deadline: Deadline,
        stopped: Callable[[], bool],
        new_deadline: Callable[[float], Deadline],
    ) -> None:
        self.journal = journal
        self.principal_deadline = principal_deadline
        self.stopped = stopped
        self.new_deadline = new_deadline
        self._account_errors: dict[str, str] = {}
        self._region_errors: dict[RegistryScope, str] = {}
        self._unanswered: Counter[RegistryScope] = Counter()

    def reason_to_stop(self, scope: RegistryScope) -> str | None:
        """Return why no more changes begin in one registry; None to go on."""
        of_account = self._account_errors.get(scope.account)
        return self.reason_to_halt() or of_account or self._region_errors.get(scope)

    def reason_to_halt(self) -> str | None:
        """Return why nothing more is sent, not even for a change that has begun; None to go on."""
        if self.stopped():
            return INTERRUPTED
        damage = self.journal.damage()
        return f"the journal is damaged: {damage}" if damage else None

    def note_failure(self, error: Exception, scope: RegistryScope) -> None:
        """Remember a failure after which other changes can't work in a region or an account."""
        if not isinstance(error, CallError | WriteOutcomeUnknownError):
            return
        match CONSEQUENCES[error.kind].stops:
            case Stops.ACCOUNT:
                self._account_errors[scope.account] = error.message
            case Stops.REGION:
                self._region_errors[scope] = error.message
            case Stops.REGION_IF_REPEATED:
                self._unanswered[scope] += 1
                if self._unanswered[scope] >= MAX_UNANSWERED:
                    self._region_errors[scope] = error.message
            case Stops.NOTHING:
                pass

    def note_response(self, scope: RegistryScope) -> None:
        """Remember that a registry responds."""
        self._unanswered[scope] = 0
