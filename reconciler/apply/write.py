"""Carry out one change: look again, record, write, and settle by reading what became of it."""

from collections import Counter
from dataclasses import replace

from reconciler.apply.creating import create
from reconciler.apply.looking import Sight, look
from reconciler.apply.model import Outcome, Reader, ReaderWriter, Writer, applied
from reconciler.apply.run import Run
from reconciler.apply.suspects import added_principals
from reconciler.apply.trouble import Trouble, may_help, trouble_of
from reconciler.errors import ReconcileError, RefusedError
from reconciler.plan.model import Change
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError
from reconciler.registry.model import RepositorySettings

_STALE = "the live policy has changed since it was planned"
_THERE_ALREADY = "the live policy is what the plan wants already"
_AS_BEFORE = "when last read, the policy was as before"
_UNANSWERED = "an attempt to write it got no answer: it may have been done by then, or be done yet"


def apply_change(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Carry out one change and say what became of it; never raises for what AWS answers."""
    try:
        # A repository to come has no policy to look at, and making it fails where it is there.
        sight = Sight.AS_PLANNED if change.settings else look(change, registry.reader)
        if sight is not Sight.AS_PLANNED:
            return Outcome(change, "stale", _THERE_ALREADY if sight is Sight.IN_FORCE else _STALE)
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
        message = f"{outcome.error or 'it was applied'}; {error.one_line}"
        return replace(outcome, result="failed", error=message)
    return outcome


def _make_and_write(
    change: Change, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> Outcome:
    """Make the repository of a change, then set its policy."""
    try:
        made = create(change.target.repository, settings, registry, run)
    except RefusedError as error:
        return Outcome(change, "stale", error.message)
    except ReconcileError as error:
        maybe = None if isinstance(error, WriteOutcomeUnknownError) else False
        return _failed(change, error, run, written=maybe)
    outcome = _write_made(change, made, run)
    if outcome.result == "applied":
        return outcome
    return replace(outcome, error=f"the repository was made; {outcome.error}", written=True)


def _write_made(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Set the policy of a repository that was just made, unless somebody else already has."""
    try:
        if look(change, registry.reader) is not Sight.AS_PLANNED:
            return Outcome(change, "stale", "somebody else has set its policy")
    except ReconcileError as error:
        return _failed(change, error, run, f"its policy can't be read: {error.one_line}")
    return applied(change) if change.after_text is None else _write(change, registry, run)


def _write(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Write the policy; again where that can help, each time after another look."""
    tries: Counter[Trouble] = Counter()
    lost: WriteOutcomeUnknownError | None = None
    while True:
        try:
            _send(change, registry.writer)
        except WriteOutcomeUnknownError as error:
            failure: CallError | WriteOutcomeUnknownError = error
            lost = error
        except CallError as error:
            failure = error
        else:
            return _confirm(change, registry.reader, run)
        trouble = trouble_of(failure)
        tries[trouble] += 1
        again = _may_try_again(trouble, tries[trouble], change, run)
        if again or lost:
            settled = _settle(change, registry.reader, failure, run, lost)
            if settled is not None:
                return settled
        if not again:
            return _give_up(change, failure, run, lost)


def _send(change: Change, writer: Writer) -> None:
    if change.after_text is None:
        writer.delete_policy(change.target.repository)
    else:
        writer.set_policy(change.target.repository, change.after_text)


def _may_try_again(trouble: Trouble, tried: int, change: Change, run: Run) -> bool:
    """Tell whether another attempt may help, after a wait where it takes one."""
    if trouble is Trouble.UNKNOWN_PRINCIPAL:
        return bool(added_principals(change)) and run.patience.wait(tried - 1)
    return may_help(trouble, tried)


def _settle(
    change: Change,
    reader: Reader,
    failure: CallError | WriteOutcomeUnknownError,
    run: Run,
    lost: WriteOutcomeUnknownError | None,
) -> Outcome | None:
    """Find out by reading what failed writes left; None where all is as it was before.

    `lost` is one of them that may have been done, or may yet be.
    """
    written = None if lost else False
    try:
        sight = look(change, reader)
    except ReconcileError as error:
        message = f"{failure.message}; the live policy can't be read either: {error.message}"
        also = f"; {_UNANSWERED}" if lost not in (None, failure) else ""
        return _failed(change, error, run, message + also, written=written)
    if sight is Sight.AS_PLANNED:
        return None
    if lost is None:
        return Outcome(change, "stale", _STALE)
    if sight is Sight.IN_FORCE:
        return applied(change)
    return Outcome(change, "stale", f"{_STALE}; {_UNANSWERED}", written=None)


def _give_up(
    change: Change,
    failure: CallError | WriteOutcomeUnknownError,
    run: Run,
    lost: WriteOutcomeUnknownError | None,
) -> Outcome:
    """Say why the policy is as it was, as far as reading can tell."""
    suspects = added_principals(change) if _is_for_a_principal(failure) else ()
    message = _unknown(failure, suspects, run) if suspects else failure.one_line
    if lost is failure:
        message = f"{failure.message}; {_AS_BEFORE}"
    elif lost:
        message = f"{message}; {_UNANSWERED}; {_AS_BEFORE}"
    written = None if lost else False
    return replace(_failed(change, failure, run, message, written=written), suspects=suspects)


def _is_for_a_principal(failure: CallError | WriteOutcomeUnknownError) -> bool:
    return trouble_of(failure) is Trouble.UNKNOWN_PRINCIPAL


def _unknown(
    failure: CallError | WriteOutcomeUnknownError, suspects: tuple[str, ...], run: Run
) -> str:
    surely = isinstance(failure, CallError) and failure.fault is Fault.PRINCIPAL_NOT_FOUND
    return (
        f"{failure.message}; waited up to {run.patience.seconds:g} s; "
        f"{'it is' if surely else 'it may be'} one of those that the change adds: "
        f"{', '.join(suspects)}"
    )


def _confirm(change: Change, reader: Reader, run: Run) -> Outcome:
    """Read a written policy back: what counts is what the service made of it."""
    try:
        sight = look(change, reader)
    except ReconcileError as error:
        message = f"the policy was written, but could not be read back: {error.one_line}"
        return _failed(change, error, run, message, written=True)
    if sight is Sight.IN_FORCE:
        return applied(change)
    message = "the policy was written, but what is live now means something else"
    return Outcome(change, "failed", message, written=True)


def _failed(
    change: Change,
    error: ReconcileError,
    run: Run,
    message: str | None = None,
    *,
    written: bool | None = False,
) -> Outcome:
    """Give the outcome of a failure, after which the run may have to end."""
    run.note_failure(error)
    return Outcome(change, "failed", message or error.one_line, written=written)
