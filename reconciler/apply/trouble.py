"""Why a call that writes failed, as far as that decides whether it is made again."""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum, auto

from reconciler.apply.run import Patience
from reconciler.registry.fault import (
    UNKNOWN_PRINCIPAL,
    CallError,
    Fault,
    WriteOutcomeUnknownError,
)

Failure = CallError | WriteOutcomeUnknownError


class Trouble(Enum):
    """The kind of a failure."""

    THROTTLED = auto()
    UNSENT = auto()  # no connection came about
    LOST = auto()  # it may have been done
    UNKNOWN_PRINCIPAL = auto()
    NOT_VISIBLE = auto()  # the repository is not there, or not yet
    FINAL = auto()


_SECONDS = {Trouble.THROTTLED: 120.0, Trouble.UNSENT: 15.0, Trouble.LOST: 15.0}
"""How long a call is made again that ends so, counted from its first such end."""

_BY_FAULT = {
    Fault.THROTTLED: Trouble.THROTTLED,
    Fault.CONNECTION: Trouble.UNSENT,
    Fault.REPOSITORY_MISSING: Trouble.NOT_VISIBLE,
    **dict.fromkeys(UNKNOWN_PRINCIPAL, Trouble.UNKNOWN_PRINCIPAL),
}


def trouble_of(failure: Failure) -> Trouble:
    """Tell which trouble a failure is."""
    if isinstance(failure, WriteOutcomeUnknownError):
        return Trouble.LOST
    return _BY_FAULT.get(failure.fault, Trouble.FINAL)


class Persistence:
    """How long one call is made again, by what it ended with; pauses before each attempt.

    `more` has a patience for further troubles, which only some calls wait out.
    """

    def __init__(
        self,
        new_patience: Callable[[float], Patience],
        more: Mapping[Trouble, Patience] | None = None,
    ) -> None:
        usual = {trouble: new_patience(seconds) for trouble, seconds in _SECONDS.items()}
        self._patience = {**usual, **(more or {})}
        self._waits: Counter[Trouble] = Counter()

    def goes_on_after(self, failure: Failure) -> bool:
        """Wait where another attempt may help; False where none can, or time is up."""
        trouble = trouble_of(failure)
        self._waits[trouble] += 1
        patience = self._patience.get(trouble)
        return patience is not None and patience.wait(self._waits[trouble] - 1)
