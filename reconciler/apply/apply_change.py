"""Applying one change: record, read, write, and read back."""

from functools import partial
from typing import Literal, NamedTuple

from reconciler.apply.model import (
    INTERRUPTED,
    Done,
    Failure,
    Outcome,
    Reader,
    ReaderWriter,
    Run,
    applied,
)
from reconciler.apply.rejected_principals import added_principals, may_be_new
from reconciler.apply.retry import Deadline, RetryPolicy, write_policy
from reconciler.errors import ReconcileError, RefusedError
from reconciler.model.registry import LiveSettings, NewPolicy, RepositorySettings
from reconciler.plan.model import Change
from reconciler.policy import (
    Unreadable,
    kept_registry_statements,
    kept_statements,
    read_registry_policy,
    registry_statement_key,
    statement_key,
)
from reconciler.registry.failures.errors import (
    CallError,
    FailureKind,
    Retry,
    WriteOutcomeUnknownError,
)

_LiveState = Literal["as planned", "in force", "other"]
"""What is live: what the plan was made from, what is desired, or something else."""

VISIBLE_WITHIN = 20.0
"""Seconds for which a new repository is waited for; how long it takes is not known
(hashicorp/terraform#3849 tells of a moment)."""

SHOWS_WITHIN = 15.0
"""Seconds for which what was written is read back where a read returns the old text, or fails."""

_STALE = "the live {0} has changed since it was planned; run plan again"
_IN_FORCE = "the desired {0} was already in force"
_NOT_LIVE = {
    "as planned": "the {0} was written, but a read still returns the old one; run plan again",
    "other": "written, but changed by someone else right after; run plan again",
}
_UNSETTLED = "an earlier attempt got no response: the write may have happened, or may still happen"


def apply_change(change: Change, registry: ReaderWriter, run: Run) -> Outcome:
    """Apply one change and return its outcome; never raises for an error of AWS.

    The record comes first, so that the time for the disk does not lie between the last read of the
    live policy and the write.
    """
    try:
        run.journal.begin(change)
    except ReconcileError as error:
        return _failed(change, error, run)
    if change.settings is None:
        outcome = _write(change, registry, run)
    else:
        outcome = _create_and_write(change, change.settings, registry, run)
    try:
        run.journal.end(outcome)
    except ReconcileError as error:
        done = "it was applied" if outcome.result == "applied" else _in_force(change)
        message = f"{outcome.error or done}; {error.one_line}"
        return outcome._replace(result="failed", error=message)
    return outcome


class _Created(NamedTuple):
    """A repository that exists: the deadline for it to be visible, and whether this run made it."""

    visible: Deadline
    created: Done


def _create_and_write(
    change: Change, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> Outcome:
    try:
        created = _create(change, settings, registry, run)
    except RefusedError as error:
        return Outcome(change, "stale", error.message)
    except WriteOutcomeUnknownError as error:
        return _failed(change, error, run, written=Done.UNKNOWN)
    except CallError as error:
        return _failed(change, error, run)
    if isinstance(created, Outcome):
        return created
    return _with_creation(_write(change, registry, run, created.visible), created.created)


def _create(
    change: Change, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> _Created | Outcome:
    """Create a repository; an existing one is never configured again.

    One that was created since it was planned, by another run or an attempt without a response, is
    accepted if its settings are the planned ones (tags aside); else RefusedError. The caller checks
    that it has no policy yet. Returns an outcome if the run is to stop. Raises CallError if it was
    not created, WriteOutcomeUnknownError if it may have been.
    """
    policy = write_policy(run.new_deadline)

    def attempt() -> _Created | Outcome:
        reason = run.reason_to_halt()
        if reason is not None:
            return _skipped(change, reason, policy.unsettled)
        return _create_once(change.target.repository, settings, registry, run)

    try:
        created = policy.call(attempt)
    except (CallError, WriteOutcomeUnknownError) as failure:
        unsettled = policy.unsettled
        if unsettled is None or unsettled is failure:
            raise
        message = f"{unsettled.message}; {failure.message}"
        raise WriteOutcomeUnknownError(message, kind=failure.kind) from failure
    if isinstance(created, Outcome) or created.created is Done.YES or policy.unsettled is None:
        return created
    return created._replace(created=Done.UNKNOWN)


def _create_once(
    name: str, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> _Created:
    try:
        registry.writer.create_repository(name, settings)
    except CallError as error:
        if error.kind is not FailureKind.REPOSITORY_EXISTS:
            raise
        visible = run.new_deadline(VISIBLE_WITHIN)
        _check_settings(name, settings, registry.reader, visible)
        return _Created(visible, Done.NO)
    return _Created(run.new_deadline(VISIBLE_WITHIN), Done.YES)


def _check_settings(
    name: str, settings: RepositorySettings, reader: Reader, visible: Deadline
) -> None:
    """Raise RefusedError if a repository has other settings, as far as they can be compared.

    The service returns a key's ARN, however it was named, and tags only in another call.
    """
    planned = LiveSettings(settings.tag_mutability, settings.scan_on_push, settings.encryption)
    policy = RetryPolicy({Retry.NOT_VISIBLE: visible})
    if policy.call(partial(reader.read_settings, name)) != planned:
        raise RefusedError("the repository was created since the plan, with other settings")


def _with_creation(outcome: Outcome, created: Done) -> Outcome:
    """Return the outcome of a policy with what became of its repository."""
    if created is Done.NO:
        nothing_done = outcome.result == "applied" and outcome.change.after_text is None
        return Outcome(outcome.change, "in-force") if nothing_done else outcome
    if outcome.result == "applied":
        return outcome
    repository = (
        "the repository was created"
        if created is Done.YES
        else "this run may have created the repository"
    )
    error = outcome.error or _in_force(outcome.change)
    return outcome._replace(error=f"{repository}; {error}", created=created)


def _in_force(change: Change) -> str:
    return _IN_FORCE.format(change.target.noun)


def _write(
    change: Change, registry: ReaderWriter, run: Run, visible: Deadline | None = None
) -> Outcome:
    """Write what is desired; `visible` is the deadline for a new repository to be visible.

    Each attempt reads what is live anew before it writes.
    """
    policy = write_policy(run.new_deadline, _more_deadlines(change, run, visible))

    def attempt() -> Outcome | None:
        # Not between the read and the write: it may have to wait until a line is on the disk.
        reason = run.reason_to_halt()

        def decide(live: str | None) -> Outcome | NewPolicy:
            run.note_response(change.target.scope)
            return _decide(change, live, run, policy.unsettled, reason)

        return registry.writer.update(change.target, decide)

    try:
        outcome = policy.call(attempt)
    except (CallError, WriteOutcomeUnknownError) as failure:
        return _give_up(change, failure, registry.reader, run, policy.unsettled)
    return outcome or _confirm(change, registry.reader, run, visible)


def _more_deadlines(change: Change, run: Run, visible: Deadline | None) -> dict[Retry, Deadline]:
    deadlines = {}
    if may_be_new(change):
        deadlines[Retry.PRINCIPAL_NOT_FOUND] = run.principal_deadline
    if visible is not None:
        deadlines[Retry.NOT_VISIBLE] = visible
    return deadlines


def _decide(
    change: Change,
    live: str | None,
    run: Run,
    unsettled: WriteOutcomeUnknownError | None,
    reason: str | None,
) -> Outcome | NewPolicy:
    """Return the text to write, or the outcome without a write.

    `unsettled` is an attempt that may have been done, `reason` why nothing more is sent.
    """
    state = _live_state(change, live)
    if state != "as planned":
        return _not_as_planned(change, state, unsettled)
    if change.settings and change.after_text is None:
        return applied(change)
    if run.stopped():
        reason = INTERRUPTED
    return _skipped(change, reason, unsettled) if reason else NewPolicy(change.after_text)


def _not_as_planned(
    change: Change, state: _LiveState, unsettled: WriteOutcomeUnknownError | None
) -> Outcome:
    if state == "in force":
        return applied(change) if unsettled else Outcome(change, "in-force")
    stale = _STALE.format(change.target.noun)
    if unsettled:
        return Outcome(change, "stale", f"{stale}; {_UNSETTLED}", written=Done.UNKNOWN)
    return Outcome(change, "stale", stale)


def _skipped(change: Change, reason: str, unsettled: WriteOutcomeUnknownError | None) -> Outcome:
    if unsettled is None:
        return Outcome(change, "skipped", reason)
    return Outcome(change, "skipped", f"{reason}; {_UNSETTLED}", written=Done.UNKNOWN)


def _give_up(
    change: Change,
    failure: Failure,
    reader: Reader,
    run: Run,
    unsettled: WriteOutcomeUnknownError | None,
) -> Outcome:
    """Return why a change was not written, or may not have been: then a last read may tell."""
    if failure.retry is Retry.PRINCIPAL_NOT_FOUND and added_principals(change):
        failed = _rejected_principal(change, failure, run)
    else:
        failed = _failed(change, failure, run)
    if unsettled is None:
        return failed
    message = failed.error if unsettled is failure else f"{failed.error}; {_UNSETTLED}"
    failed = failed._replace(error=message, written=Done.UNKNOWN)
    try:
        state = _live_state(change, reader.read_text(change.target))
    except CallError as error:
        run.note_failure(error, change.target.scope)
        known = unsettled.message if failure.message == error.message else message
        why = f"the live {change.target.noun} can't be read: {error.message}"
        return failed._replace(error=f"{known}; {why}")
    if state == "as planned":
        unchanged = f"when last read, the {change.target.noun} was unchanged"
        return failed._replace(error=f"{message}; {unchanged}")
    return _not_as_planned(change, state, unsettled)


def _rejected_principal(change: Change, failure: Failure, run: Run) -> Outcome:
    message, seconds = failure.message, run.principal_deadline.seconds
    if may_be_new(change) and seconds > 0:
        waited = "not waited for: interrupted" if run.stopped() else f"waited up to {seconds:g} s"
        message = f"{message}; {waited}"
    failed = _failed(change, failure, run, message)
    return failed._replace(candidates=added_principals(change))


def _confirm(change: Change, reader: Reader, run: Run, visible: Deadline | None) -> Outcome:
    """Read back what was written: what counts is what the service made of it.

    That a read may still return the old text for a moment is assumed.
    """
    reasons = [Retry.THROTTLED, Retry.UNSENT, Retry.TRANSIENT]
    if visible is not None:
        reasons.append(Retry.NOT_VISIBLE)
    policy = RetryPolicy(dict.fromkeys(reasons, visible or run.new_deadline(SHOWS_WITHIN)))
    read, noun = partial(reader.read_text, change.target), change.target.noun
    try:
        state = policy.call(
            lambda: _live_state(change, read()), lambda state: state == "as planned"
        )
    except CallError as error:
        message = f"the {noun} was written, but could not be read back: {error.one_line}"
        return _failed(change, error, run, message, written=Done.YES)
    if state == "in force":
        return applied(change)
    return Outcome(change, "failed", _NOT_LIVE[state].format(noun), written=Done.YES)


def _failed(
    change: Change,
    error: ReconcileError,
    run: Run,
    message: str | None = None,
    *,
    written: Done = Done.NO,
) -> Outcome:
    """Return the outcome of a failure, after which the run may have to end."""
    run.note_failure(error, change.target.scope)
    return Outcome(change, "failed", message or error.one_line, written=written)


def _live_state(change: Change, live: str | None) -> _LiveState:
    same, before = change.target.same, change.before_text
    if same(live, before) and _kept(live, change) == _kept(before, change):
        return "as planned"
    return "in force" if same(live, change.after_text) else "other"


def _kept(text: str | None, change: Change) -> frozenset[tuple[object, ...]]:
    """Return the statements that others own: unlike the meaning, that depends on Sids."""
    target = change.target
    if target.subject == "registry-policy":
        of_registry = read_registry_policy(text, partition=target.partition)
        if isinstance(of_registry, Unreadable):
            return frozenset()
        kept = kept_registry_statements(of_registry.statements, change.ownership)
        prefix = target.scope.arn_prefix
        return frozenset(registry_statement_key(one, prefix) for one in kept)
    policy = target.read(text)
    if isinstance(policy, Unreadable):
        return frozenset()
    return frozenset(map(statement_key, kept_statements(policy.statements, change.ownership)))
