"""Carry out one change: look again, record, write, and settle by reading what became of it."""

from collections import Counter
from dataclasses import replace

from reconciler.apply.creating import create
from reconciler.apply.looking import Sight, exists, look
from reconciler.apply.model import Access, Outcome, Reader, Writer
from reconciler.apply.run import Run
from reconciler.apply.suspects import added_principals
from reconciler.errors import ReconcileError, RefusedError
from reconciler.plan.model import Change
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError

MOST_THROTTLES = 10
"""Attempts at one write that are throttled; before each, the live policy is looked at again."""

MOST_LOSSES = 4
"""Attempts at one write whose answer is lost; after each, reading tells what became of it."""

_STALE = "the live policy has changed since it was planned"
_EXISTS = "the repository has been made since it was planned"
_UNKNOWN_PRINCIPAL = frozenset({Fault.PRINCIPAL_NOT_FOUND, Fault.INVALID_POLICY})
"""How the service refuses a policy for a principal that it does not know (yet); it does not say
which (hashicorp/terraform-provider-aws#39064)."""


def apply_change(change: Change, access: Access, run: Run) -> Outcome:
    """Carry out one change and say what became of it; never raises for what AWS answers."""
    try:
        stale = _stale_already(change, access.reader)
        if stale is not None:
            return Outcome(change, "stale", stale)
        run.journal.begin(change)
    except ReconcileError as error:
        run.note_failure(error)
        return Outcome(change, "failed", told(error))
    outcome = _carry_out(change, access, run)
    try:
        run.journal.end(outcome)
    except ReconcileError as error:
        message = f"{outcome.error or 'it was applied'}; {told(error)}"
        return replace(outcome, result="failed", error=message, written=True)
    return outcome


def told(error: ReconcileError) -> str:
    """Tell an error and its hint in one line."""
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _stale_already(change: Change, reader: Reader) -> str | None:
    """Say why the plan is out of date for this repository, None where it is not."""
    if change.settings is not None:
        return _EXISTS if exists(change.target.repository, reader) else None
    return None if look(change, reader) is Sight.AS_PLANNED else _STALE


def _carry_out(change: Change, access: Access, run: Run) -> Outcome:
    created = False
    try:
        if change.settings is not None:
            access = create(change.target.repository, change.settings, access, run)
            created = True
            if change.after_text is None:
                return Outcome(change, "applied")
        outcome = _write(change, access, run)
    except RefusedError as error:
        return Outcome(change, "stale", error.message)
    except ReconcileError as error:
        run.note_failure(error)
        maybe = isinstance(error, WriteOutcomeUnknownError)
        outcome = Outcome(change, "failed", told(error), written=maybe)
    if created and outcome.result != "applied":
        message = f"the repository was made, but its policy was not set: {outcome.error}"
        return replace(outcome, error=message, written=True)
    return outcome


def _write(change: Change, access: Access, run: Run) -> Outcome:
    """Write the policy; again where that can help, each time after another look."""
    tries: Counter[str] = Counter()
    while True:
        try:
            _send(change, access.writer)
        except (CallError, WriteOutcomeUnknownError) as error:
            failure = error
        else:
            return _confirm(change, access.reader, run)
        kind = _kind_of(failure, change)
        again = _may_help(kind, tries[kind], run)
        tries[kind] += 1
        if not (again or tries["lost"]):
            return _failed(change, failure, run)
        settled = _settle(change, access.reader, failure, run, lost=tries["lost"] > 0)
        if settled is not None:
            return settled
        if not again:
            return _failed(change, failure, run)


def _send(change: Change, writer: Writer) -> None:
    if change.after_text is None:
        writer.delete_policy(change.target.repository)
    else:
        writer.set_policy(change.target.repository, change.after_text)


def _kind_of(failure: ReconcileError, change: Change) -> str:
    """Say what kind of failure this is, as far as it decides whether to try again."""
    if not isinstance(failure, CallError):
        return "lost"
    if failure.fault is Fault.THROTTLED:
        return "throttled"
    if failure.fault in _UNKNOWN_PRINCIPAL and added_principals(change):
        return "unknown-principal"
    return "final"


def _may_help(kind: str, tried: int, run: Run) -> bool:
    """Tell whether another attempt may help; waits where time may."""
    match kind:
        case "throttled":
            return tried + 1 < MOST_THROTTLES
        case "lost":
            return tried + 1 < MOST_LOSSES
        case "unknown-principal":
            return run.patience.wait(tried)
        case _:
            return False


def _settle(
    change: Change, reader: Reader, failure: ReconcileError, run: Run, *, lost: bool
) -> Outcome | None:
    """Find out by reading what a failed write left; None where all is as it was before."""
    try:
        sight = look(change, reader)
    except ReconcileError as error:
        run.note_failure(error)
        message = f"{failure.message}; nor can it be read: {error.message}"
        return Outcome(change, "failed", message, written=lost)
    if sight is Sight.AS_PLANNED:
        return None
    if sight is Sight.IN_FORCE and lost:
        return Outcome(change, "applied")
    return Outcome(change, "stale", _STALE, written=lost)


def _failed(change: Change, failure: ReconcileError, run: Run) -> Outcome:
    run.note_failure(failure)
    if _kind_of(failure, change) != "unknown-principal":
        return Outcome(change, "failed", told(failure))
    suspects = added_principals(change)
    message = (
        f"{failure.message}; waited {run.patience.seconds:g} s; "
        f"one of those that the change adds: {', '.join(suspects)}"
    )
    return Outcome(change, "failed", message, suspects=suspects)


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
