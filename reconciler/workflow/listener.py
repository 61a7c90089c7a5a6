"""Progress and notes of a workflow, told to a listener."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reconciler.model.registry import RegistryScope, Target
from reconciler.printable import number_of, printable

if TYPE_CHECKING:
    from logging import Logger

Progress = Callable[[int, int], None]
"""Is told how many repositories are done, and of how many."""


class Throttled(NamedTuple):
    """AWS throttles the calls for a while; said once in a run."""

    def __str__(self) -> str:
        return "AWS throttles the calls, so the run continues at a lower rate"


class NoResponse(NamedTuple):
    """A call had no response for so many seconds, and is made again; said once for a region."""

    region: str
    seconds: float

    def __str__(self) -> str:
        return f"no response from AWS in {self.region} for {self.seconds:.0f} s; trying again"


class RegistryPolicyIgnored(NamedTuple):
    """The file says not to read a registry's own policy; `name` says which of several."""

    name: str | None = None

    def __str__(self) -> str:
        of = "the registry's own policy" if self.name is None else f"the own policy of {self.name}"
        return f"{of} was not read: the file ignores it (registry.policy)"


class LimitedToChanges(NamedTuple):
    """Only what the file changes since a git revision is looked at; `subjects` say what that is."""

    revision: str
    subjects: tuple[str, ...]

    def __str__(self) -> str:
        if not self.subjects:
            return f"the file asks for the same as at {self.revision}, so nothing is read"
        return (
            f"only what the file changes since {self.revision} is looked at: "
            f"{', '.join(self.subjects)}"
        )


class MoreTouched(NamedTuple):
    """The registry's own policy differs from the file in more than what the file changes.

    Its change touches so many repositories more, which are read, too.
    """

    number: int

    def __str__(self) -> str:
        more = number_of(self.number, "more repository", "more repositories")
        return (
            "the registry's own policy differs from the file in more than this; its change touches "
            f"the access to {more}, so that all of these are planned, too"
        )


class RegistriesLeftOut(NamedTuple):
    """The file leaves out registries and regions that it has at a git revision."""

    revision: str
    scopes: tuple[RegistryScope, ...]

    def __str__(self) -> str:
        names = ", ".join(f"{account} {region}" for account, region in self.scopes)
        return f"the file leaves out what it has at {self.revision}: {names}; policies there stay"


class NoEarlierVersion(NamedTuple):
    """There is no earlier version of the file to compare with, for this reason."""

    reason: str

    def __str__(self) -> str:
        return f"{self.reason}, so all of it counts as changed"


class WaitingForRoles(NamedTuple):
    """The run waits, up to so many seconds, for principals that AWS does not know yet."""

    seconds: float

    def __str__(self) -> str:
        return f"waiting up to {self.seconds:g} s for new roles that AWS does not know yet"


class AssumingRole(NamedTuple):
    """A rollback assumes the role that the journal names."""

    role: str

    def __str__(self) -> str:
        return f"the journal says to act as {self.role}"


class UsingProfile(NamedTuple):
    """A rollback uses the AWS profile that the journal names."""

    profile: str

    def __str__(self) -> str:
        return f"the journal says to use the profile {self.profile}"


class JournalStarted(NamedTuple):
    """The journal is open; nothing was written to AWS yet."""

    path: Path

    def __str__(self) -> str:
        return f"journal: {self.path}"


class JournalKept(NamedTuple):
    """The run is over, and a rollback of this journal undoes it."""

    path: Path

    def __str__(self) -> str:
        return f"to undo: roll back {self.path}"


class JournalDamaged(NamedTuple):
    """The journal lost writes; `damage` says how, and no write was begun after that."""

    path: Path
    damage: str
    recorded: tuple[Target, ...]
    unrecorded: tuple[Target, ...]

    def __str__(self) -> str:
        return (
            f"the journal {self.path} can't be relied on any more: {self.damage}; "
            "no further write was begun"
        )

    @property
    def extent(self) -> str:
        """Which of the run's writes are in the journal, and which are not."""
        parts = {
            "recorded": self.recorded,
            "not recorded, so that no rollback undoes it": self.unrecorded,
        }
        listed = [f"{state}: {', '.join(map(str, t))}" for state, t in parts.items() if t]
        return "; ".join(listed) or "nothing was written"


Event = (
    Throttled
    | NoResponse
    | RegistryPolicyIgnored
    | LimitedToChanges
    | MoreTouched
    | RegistriesLeftOut
    | NoEarlierVersion
    | WaitingForRoles
    | AssumingRole
    | UsingProfile
    | JournalStarted
    | JournalKept
    | JournalDamaged
)


def never() -> bool:
    """Return False: nothing holds the task back."""
    return False


class Listener(Protocol):
    """Is told what happens while a workflow runs, by any thread. Its methods must not raise."""

    def notify(self, event: Event) -> None:
        """Take note of an event."""

    def progress(
        self, task: str, is_held_back: Callable[[], bool] = never
    ) -> AbstractContextManager[Progress]:
        """Begin to show how far a task is; the context ends with the task.

        Several tasks may go on at once. `is_held_back` says whether AWS holds this one back just
        now; any thread may ask, as often as it likes.
        """


class LogListener:
    """Writes events to the logger `reconciler`, and no progress."""

    def notify(self, event: Event) -> None:
        """Log an event: a damaged journal as an error, all others as information."""
        log = _logger().error if isinstance(event, JournalDamaged) else _logger().info
        log("%s", printable(str(event)))

    @contextmanager
    def progress(
        self,
        task: str,
        is_held_back: Callable[[], bool] = never,  # noqa: ARG002 - a log shows no moment
    ) -> Iterator[Progress]:
        """Log that a task begins."""
        _logger().debug("%s", task)
        yield lambda _done, _total: None


@cache
def _logger() -> "Logger":
    from logging import NullHandler, getLogger  # noqa: PLC0415 - costs; a command does not log

    logger = getLogger("reconciler")
    logger.addHandler(NullHandler())
    return logger


LOG = LogListener()
