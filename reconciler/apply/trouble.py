"""Why a call that writes failed, as far as that decides whether it is made again."""

from enum import Enum, auto

from reconciler.registry.fault import (
    UNKNOWN_PRINCIPAL,
    CallError,
    Fault,
    WriteOutcomeUnknownError,
)


class Trouble(Enum):
    """The kind of a failure."""

    THROTTLED = auto()
    UNSENT = auto()  # no connection came about
    LOST = auto()  # it may have been done
    UNKNOWN_PRINCIPAL = auto()  # time may help, not a number of tries
    FINAL = auto()


MOST_TRIES = {Trouble.THROTTLED: 10, Trouble.UNSENT: 3, Trouble.LOST: 4}
"""Attempts at one call that end so; of any other trouble, one is enough."""

_BY_FAULT = {
    Fault.THROTTLED: Trouble.THROTTLED,
    Fault.CONNECTION: Trouble.UNSENT,
    **dict.fromkeys(UNKNOWN_PRINCIPAL, Trouble.UNKNOWN_PRINCIPAL),
}


def trouble_of(failure: CallError | WriteOutcomeUnknownError) -> Trouble:
    """Tell which trouble a failure is."""
    if isinstance(failure, WriteOutcomeUnknownError):
        return Trouble.LOST
    return _BY_FAULT.get(failure.fault, Trouble.FINAL)


def may_help(trouble: Trouble, tried: int) -> bool:
    """Tell whether one more attempt may help after so many that ended so."""
    return tried < MOST_TRIES.get(trouble, 1)
