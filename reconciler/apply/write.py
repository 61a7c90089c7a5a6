"""Carry out one change: look again, record, write, and settle by reading what became of it."""

from collections import Counter
from dataclasses import replace
from enum import Enum, auto

from reconciler.apply.creating import create
from reconciler.apply.looking import Sight, look
from reconciler.apply.model import Outcome, Reader, ReaderWriter, Writer
from reconciler.apply.run import Run
from reconciler.apply.suspects import added_principals
from reconciler.errors import ReconcileError, RefusedError
from reconciler.plan.model import Change
from reconciler.registry.fault import (
    UNKNOWN_PRINCIPAL,
    CallError,
    Fault,
    WriteOutcomeUnknownError,
)

_STALE = "the live policy has changed since it was planned"
_THERE_ALREADY = "the live policy is what the plan wants already"


class Trouble(Enum):
    """Why a write failed, as far as it decides whether it is tried again."""

    THROTTLED = auto()
    UNSENT = auto()  # no connection came about
    LOST = auto()  # it may have been done
    UNKNOWN_PRINCIPAL = auto()
    FINAL = auto()


MOST_TRIES = {Trouble.THROTTLED: 10, Trouble.UNSENT: 3, Trouble.LOST: 4}
"""Attempts at one write; before each but the first, the live policy is looked at again."""


def apply_change(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Carry out one change and say what became of it; never raises for what AWS answers."""
    try:
        # A repository to come has no policy to look at, and making it fails where it is there.
        sight = Sight.AS_PLANNED if change.settings else look(change, registry.reader)
        if sight is not Sight.AS_PLANNED:
            return Outcome(change, "stale", _THERE_ALREADY if sight is Sight.IN_FORCE else _STALE)
        run.journal.begin(change)
    except ReconcileError as error:
        run.note_failure(error)
        return Outcome(change, "failed", told(error))
    outcome = _carry_out(change, registry, run)
    try:
        run.journal.end(outcome)
    except ReconcileError as error:
        message = f"{outcome.error or 'it was applied'}; {told(error)}"
        written = True if outcome.result == "applied" else outcome.written
        return replace(outcome, result="failed", error=message, written=written)
    return outcome


def told(error: ReconcileError) -> str:
    """Tell an error and its hint in one line."""
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _carry_out(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    if change.settings is None:
        return _write_or_fail(change, registry, run)
    try:
        made = create(change.target.repository, change.settings, registry, run)
    except RefusedError as error:
        return Outcome(change, "stale", error.message)
    except ReconcileError as error:
        run.note_failure(error)
        maybe = None if isinstance(error, WriteOutcomeUnknownError) else False
        return Outcome(change, "failed", told(error), written=maybe)
    outcome = _write_made(change, made, run)
    if outcome.result == "applied":
        return outcome
    return replace(outcome, error=f"the repository was made, but {outcome.error}", written=True)


def _write_made(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Set the policy of a repository that was just made, unless somebody else already has."""
    try:
        if look(change, registry.reader) is not Sight.AS_PLANNED:
            return Outcome(change, "stale", "somebody else has set its policy")
    except ReconcileError as error:
        run.note_failure(error)
        return Outcome(change, "failed", f"its policy can't be read: {told(error)}")
    if change.after_text is None:
        return Outcome(change, "applied")
    return _write_or_fail(change, registry, run)


def _write_or_fail(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    try:
        return _write(change, registry, run)
    except ReconcileError as error:
        run.note_failure(error)
        return Outcome(change, "failed", told(error))


def _write(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Write the policy; again where that can help, each time after another look."""
    tries: Counter[Trouble] = Counter()
    while True:
        try:
            _send(change, registry.writer)
        except (CallError, WriteOutcomeUnknownError) as error:
            failure = error
        else:
            return _confirm(change, registry.reader, run)
        trouble = _trouble_of(failure, change)
        tries[trouble] += 1
        again = _waits_for_another(trouble, tries[trouble], run)
        lost = tries[Trouble.LOST] > 0
        if again or lost:
            settled = _settle(change, registry.reader, failure, run, lost=lost)
            if settled is not None:
                return settled
        if not again:
            return _failed(change, failure, run, lost=lost)


def _send(change: Change, writer: Writer) -> None:
    if change.after_text is None:
        writer.delete_policy(change.target.repository)
    else:
        writer.set_policy(change.target.repository, change.after_text)


def _trouble_of(failure: CallError | WriteOutcomeUnknownError, change: Change) -> Trouble:
    if isinstance(failure, WriteOutcomeUnknownError):
        return Trouble.LOST
    if failure.fault in UNKNOWN_PRINCIPAL and added_principals(change):
        return Trouble.UNKNOWN_PRINCIPAL
    by_fault = {Fault.THROTTLED: Trouble.THROTTLED, Fault.CONNECTION: Trouble.UNSENT}
    return by_fault.get(failure.fault, Trouble.FINAL)


def _waits_for_another(trouble: Trouble, tried: int, run: Run) -> bool:
    """Wait where time may help; False where another attempt can't."""
    if trouble is Trouble.UNKNOWN_PRINCIPAL:
        return run.patience.wait(tried - 1)
    return tried < MOST_TRIES.get(trouble, 1)


def _settle(
    change: Change, reader: Reader, failure: ReconcileError, run: Run, *, lost: bool
) -> Outcome | None:
    """Find out by reading what failed writes left; None where all is as it was before.

    `lost` tells that one of them may have been done, or may yet be.
    """
    maybe = None if lost else False
    try:
        sight = look(change, reader)
    except ReconcileError as error:
        run.note_failure(error)
        message = f"{failure.message}; nor can it be read: {error.message}"
        return Outcome(change, "failed", message, written=maybe)
    if sight is Sight.AS_PLANNED:
        return None
    if sight is Sight.IN_FORCE and lost:
        return Outcome(change, "applied")
    return Outcome(change, "stale", _STALE, written=maybe)


def _failed(change: Change, failure: ReconcileError, run: Run, *, lost: bool) -> Outcome:
    run.note_failure(failure)
    maybe = None if lost else False
    if isinstance(failure, WriteOutcomeUnknownError):
        message = f"{failure.message}; the policy is still as it was"
        return Outcome(change, "failed", message, written=maybe)
    suspects = added_principals(change)
    if not suspects or not isinstance(failure, CallError) or failure.fault not in UNKNOWN_PRINCIPAL:
        return Outcome(change, "failed", told(failure), written=maybe)
    surely = failure.fault is Fault.PRINCIPAL_NOT_FOUND
    message = (
        f"{failure.message}; waited up to {run.patience.seconds:g} s; "
        f"{'it is' if surely else 'it may be'} one of those that the change adds: "
        f"{', '.join(suspects)}"
    )
    return Outcome(change, "failed", message, written=maybe, suspects=suspects)


def _confirm(change: Change, reader: Reader, run: Run) -> Outcome:
    """Read a written policy back: what counts is what the service made of it."""
    try:
        sight = look(change, reader)
    except ReconcileError as error:
        run.note_failure(error)
        message = f"the policy was written, but could not be read back: {told(error)}"
        return Outcome(change, "failed", message, written=True)
    if sight is Sight.IN_FORCE:
        return Outcome(change, "applied")
    message = "the policy was written, but what is live now means something else"
    return Outcome(change, "failed", message, written=True)
