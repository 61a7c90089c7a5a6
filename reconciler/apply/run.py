"""One run of an apply: its journal, how long it waits, and whether it goes on."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.apply.model import Journal
from reconciler.model.registry import RegistryScope
from reconciler.registry.fault import FOR_ALL, CallError, Fault, WriteOutcomeUnknownError

VISIBLE_WITHIN = 20.0
"""Seconds for which a repository that was just made is waited for; how long it takes is not known
(hashicorp/terraform#3849 tells of a moment)."""

SHOWS_WITHIN = 15.0
"""Seconds for which a written policy is looked for where a read gives the old one, or fails."""

INTERRUPTED = "interrupted"
"""Why a run stops after a signal."""

MOST_UNANSWERED = 8
"""Calls to one registry in a row without an answer, after which no more are begun there."""

_FIRST_PAUSE = 0.25  # seconds; doubles with each wait for one thing
_LONGEST_PAUSE = 4.0
_NAP = 0.1  # seconds between looks at whether the run is to stop


class Patience:
    """Some seconds to wait, counted from the first wait on; safe to share among threads.

    `begins` is called at that first wait, `stopped` tells that waiting is to end; `uniform` draws a
    number between its two arguments.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        stopped: Callable[[], bool] = lambda: False,
        begins: Callable[[], None] = lambda: None,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._stopped = stopped
        self._begins = begins
        self._ends: float | None = None
        self._lock = threading.Lock()

    def wait(self, waits: int) -> bool:
        """Wait a while, longer the more `waits` went before; False where none is left.

        At the most 0.25 s at first, twice as long each time, up to 4 s; of random length, so that
        those who failed together do not try again together. Ends early where the run is to stop.
        """
        with self._lock:
            if self._ends is None:
                self._ends = self._clock() + self.seconds
                if self.seconds:
                    self._begins()
            ends = self._ends
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**waits)
        now = self._clock()
        until = min(ends, now + self._uniform(longest / 4, longest))
        if until <= now or self._stopped():
            return False
        while (left := until - self._clock()) > 0 and not self._stopped():
            self._sleep(min(left, _NAP))
        return not self._stopped()


@dataclass(slots=True)
class Run:
    """What all changes of one run share; safe to share among threads.

    `patience` is for new roles, of all changes together; `new_patience` makes another one, of so
    many seconds. `stopped` tells whether somebody wants the run to end.
    """

    journal: Journal
    patience: Patience
    stopped: Callable[[], bool]
    new_patience: Callable[[float], Patience]
    _dead_end: str | None = field(default=None, init=False)
    _dead_ends: dict[RegistryScope, str] = field(default_factory=dict, init=False)
    _unanswered: Counter[RegistryScope] = field(default_factory=Counter, init=False)

    def reason_to_stop(self, scope: RegistryScope) -> str | None:
        """Say why no more writes are begun in one registry; None to go on."""
        return self.reason_to_halt() or self._dead_end or self._dead_ends.get(scope)

    def reason_to_halt(self) -> str | None:
        """Say why nothing is sent any more, not even what was begun; None to go on."""
        if self.stopped():
            return INTERRUPTED
        damage = self.journal.damage()
        return f"the journal can't be relied on any more: {damage}" if damage else None

    def note_failure(self, error: Exception, scope: RegistryScope) -> None:
        """Remember a failure after which nothing else can work, there or anywhere."""
        if not isinstance(error, CallError | WriteOutcomeUnknownError):
            return
        if error.fault is Fault.CREDENTIALS:
            self._dead_end = error.message
        elif error.fault in FOR_ALL:
            self._dead_ends[scope] = error.message
        elif error.fault is Fault.UNANSWERED:
            self._unanswered[scope] += 1
            if self._unanswered[scope] >= MOST_UNANSWERED:
                self._dead_ends[scope] = error.message

    def note_answer(self, scope: RegistryScope) -> None:
        """Remember that a registry does answer."""
        self._unanswered[scope] = 0
