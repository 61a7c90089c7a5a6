"""Carry out one change: record, look, write, and settle by reading what became of it."""

from dataclasses import replace

from reconciler.apply.creating import StoppedError, create
from reconciler.apply.looking import Sight, look
from reconciler.apply.model import Outcome, Reader, ReaderWriter, Writer, applied
from reconciler.apply.run import INTERRUPTED, SHOWS_WITHIN, Patience, Run
from reconciler.apply.suspects import added_principals, may_be_new
from reconciler.apply.trouble import Failure, Persistence, Trouble, trouble_of
from reconciler.errors import ReconcileError, RefusedError
from reconciler.model.registry import RepositorySettings
from reconciler.plan.model import Change
from reconciler.registry.fault import PASSING, CallError, Fault, WriteOutcomeUnknownError

_STALE = "the live policy has changed since it was planned; run plan again"
_IN_FORCE = "the live policy was what the plan wants already"
_NOT_LIVE = {
    Sight.AS_PLANNED: "the policy was written, but the live one is the old one, still or again; "
    "run plan again",
    Sight.OTHER: "written, but changed by someone else right after; run plan again",
}
_UNANSWERED = "an attempt to write it got no answer: it may have been done by then, or be done yet"


def apply_change(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Carry out one change and say what became of it; never raises for what AWS answers.

    The record comes first, for the time that the disk takes must not lie between the last look at
    the live policy and the write.
    """
    try:
        run.journal.begin(change)
    except ReconcileError as error:
        return _failed(change, error, run)
    if change.settings is None:
        outcome = _write(change, registry, run)
    else:
        outcome = _make_and_write(change, change.settings, registry, run)
    try:
        run.journal.end(outcome)
    except ReconcileError as error:
        done = "it was applied" if outcome.result == "applied" else _IN_FORCE
        message = f"{outcome.error or done}; {error.one_line}"
        return replace(outcome, result="failed", error=message)
    return outcome


def _make_and_write(
    change: Change, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> Outcome:
    """Make the repository of a change, then set its policy."""
    try:
        created = create(change.target, settings, registry, run)
    except StoppedError as stopped:
        return _stopped(change, stopped.reason, stopped.lost)
    except RefusedError as error:
        return Outcome(change, "stale", error.message)
    except WriteOutcomeUnknownError as error:
        return _failed(change, error, run, written=None)
    except CallError as error:
        return _failed(change, error, run)
    return _with_creation(_write(change, registry, run, created.visible), created.made)


def _with_creation(outcome: Outcome, made: bool | None) -> Outcome:
    """Add to the outcome of a policy what became of the repository that it is for."""
    if made is False:
        nothing_done = outcome.result == "applied" and outcome.change.after_text is None
        return Outcome(outcome.change, "in-force") if nothing_done else outcome
    if outcome.result == "applied":
        return outcome
    told = "the repository was made" if made else "this run may have made the repository"
    return replace(outcome, error=f"{told}; {outcome.error or _IN_FORCE}", made=made)


def _write(
    change: Change, registry: ReaderWriter, run: Run, visible: Patience | None = None
) -> Outcome:
    """Write the policy; again where that can help, each time after another look.

    `visible` is the patience for a repository that was just made.
    """
    persistence = Persistence(run.new_patience, _further(change, run, visible))
    lost: WriteOutcomeUnknownError | None = None
    while True:
        # Not between the look and the write: it may have to wait until a line is on the disk.
        reason = run.reason_to_halt()
        try:
            with registry.together():
                sight = look(change, registry.reader)
                run.note_answer(change.target.scope)
                settled = _settle(change, sight, run, lost, reason)
                if settled is not None:
                    return settled
                _send(change, registry.writer)
        except WriteOutcomeUnknownError as error:
            failure: Failure = error
            lost = error
        except CallError as error:
            failure = error
        else:
            return _confirm(change, registry.reader, run, visible)
        if not persistence.goes_on_after(failure):
            return _give_up(change, failure, registry.reader, run, lost)


def _further(change: Change, run: Run, visible: Patience | None) -> dict[Trouble, Patience]:
    """Give the patience for the troubles that only this change's write waits out."""
    patience = {}
    if may_be_new(change):
        patience[Trouble.UNKNOWN_PRINCIPAL] = run.patience
    if visible is not None:
        patience[Trouble.NOT_VISIBLE] = visible
    return patience


def _settle(
    change: Change,
    sight: Sight,
    run: Run,
    lost: WriteOutcomeUnknownError | None,
    reason: str | None = None,
) -> Outcome | None:
    """Say what came of a change, by a look at what is live; None where it is to be written.

    `lost` is an attempt that may have been done, or may yet be. `reason` says why nothing is sent
    any more.
    """
    maybe = None if lost else False
    if sight is Sight.AS_PLANNED:
        if change.settings and change.after_text is None:
            return applied(change)
        reason = INTERRUPTED if run.stopped() else reason
        return _stopped(change, reason, lost) if reason else None
    if sight is Sight.IN_FORCE:
        return applied(change) if lost else Outcome(change, "in-force")
    told = f"{_STALE}; {_UNANSWERED}" if lost else _STALE
    return Outcome(change, "stale", told, written=maybe)


def _stopped(change: Change, reason: str, lost: WriteOutcomeUnknownError | None) -> Outcome:
    if lost is None:
        return Outcome(change, "skipped", reason)
    return Outcome(change, "skipped", f"{reason}; {_UNANSWERED}", written=None)


def _send(change: Change, writer: Writer) -> None:
    if change.after_text is None:
        writer.delete_policy(change.target.repository)
    else:
        writer.set_policy(change.target.repository, change.after_text)


def _give_up(
    change: Change,
    failure: Failure,
    reader: Reader,
    run: Run,
    lost: WriteOutcomeUnknownError | None,
) -> Outcome:
    """Say why a change was not written, or may not have been: then a last look may tell."""
    if trouble_of(failure) is Trouble.UNKNOWN_PRINCIPAL and added_principals(change):
        failed = _unknown_principal(change, failure, run)
    else:
        failed = _failed(change, failure, run)
    if lost is None:
        return failed
    told = failed.error if lost is failure else f"{failed.error}; {_UNANSWERED}"
    failed = replace(failed, error=told, written=None)
    try:
        sight = look(change, reader)
    except CallError as error:
        run.note_failure(error, change.target.scope)
        known = lost.message if failure.message == error.message else told
        return replace(failed, error=f"{known}; the live policy can't be read: {error.message}")
    if sight is Sight.AS_PLANNED:
        return replace(failed, error=f"{told}; when last read, the policy was as before")
    return _settle(change, sight, run, lost) or failed


def _unknown_principal(change: Change, failure: Failure, run: Run) -> Outcome:
    also = ""
    if may_be_new(change) and run.patience.seconds > 0:
        waited = f"waited up to {run.patience.seconds:g} s"
        also = f"; {'not waited for: interrupted' if run.stopped() else waited}"
    failed = _failed(change, failure, run, failure.message + also)
    return replace(failed, suspects=added_principals(change))


def _confirm(change: Change, reader: Reader, run: Run, visible: Patience | None) -> Outcome:
    """Read a written policy back: what counts is what the service made of it.

    That a read may still give the old policy for a moment is assumed.
    """
    patience, waits = visible or run.new_patience(SHOWS_WITHIN), 0
    while _may_pass(seen := _seen(change, reader), visible) and patience.wait(waits):
        waits += 1
    if isinstance(seen, CallError):
        message = f"the policy was written, but could not be read back: {seen.one_line}"
        return _failed(change, seen, run, message, written=True)
    if seen is Sight.IN_FORCE:
        return applied(change)
    return Outcome(change, "failed", _NOT_LIVE[seen], written=True)


def _seen(change: Change, reader: Reader) -> Sight | CallError:
    try:
        return look(change, reader)
    except CallError as error:
        return error


def _may_pass(seen: Sight | CallError, visible: Patience | None) -> bool:
    if isinstance(seen, Sight):
        return seen is Sight.AS_PLANNED
    is_hidden = visible is not None and seen.fault is Fault.REPOSITORY_MISSING
    return is_hidden or seen.fault in PASSING


def _failed(
    change: Change,
    error: ReconcileError,
    run: Run,
    message: str | None = None,
    *,
    written: bool | None = False,
) -> Outcome:
    """Give the outcome of a failure, after which the run may have to end."""
    run.note_failure(error, change.target.scope)
    return Outcome(change, "failed", message or error.one_line, written=written)
