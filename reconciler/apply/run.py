"""The state that all changes of one run share: its journal, deadlines and reasons to stop."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.apply.model import Journal
from reconciler.apply.retry import Deadline
from reconciler.model.registry import RegistryScope
from reconciler.registry.errors import (
    CONSEQUENCES,
    CallError,
    Stops,
    WriteOutcomeUnknownError,
)

INTERRUPTED = "interrupted"
"""Why a run stops after a signal."""

MAX_UNANSWERED = 8
"""Calls to one registry in a row without a response, after which no more changes begin there."""


@dataclass(slots=True)
class Run:
    """The state of one run; safe to share among threads.

    `principal_deadline` is for new principals, of all changes together; `new_deadline` makes
    another one, of so many seconds. `stopped` returns whether the run is to end.
    """

    journal: Journal
    principal_deadline: Deadline
    stopped: Callable[[], bool]
    new_deadline: Callable[[float], Deadline]
    _run_error: str | None = field(default=None, init=False)
    _region_errors: dict[RegistryScope, str] = field(default_factory=dict, init=False)
    _unanswered: Counter[RegistryScope] = field(default_factory=Counter, init=False)

    def reason_to_stop(self, scope: RegistryScope) -> str | None:
        """Return why no more changes begin in one registry; None to go on."""
        return self.reason_to_halt() or self._run_error or self._region_errors.get(scope)

    def reason_to_halt(self) -> str | None:
        """Return why nothing more is sent, not even for a change that has begun; None to go on."""
        if self.stopped():
            return INTERRUPTED
        damage = self.journal.damage()
        return f"the journal is damaged: {damage}" if damage else None

    def note_failure(self, error: Exception, scope: RegistryScope) -> None:
        """Remember a failure after which other changes can't work, there or anywhere."""
        if not isinstance(error, CallError | WriteOutcomeUnknownError):
            return
        match CONSEQUENCES[error.kind].stops:
            case Stops.RUN:
                self._run_error = error.message
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
