"""Carry out a plan's changes: read again, write, read back, one repository at a time."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol

from reconciler.errors import ReconcileError
from reconciler.plan.model import Change
from reconciler.policy.document import Unreadable
from reconciler.policy.facts import same_meaning
from reconciler.policy.reshuffled import is_reshuffled
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError
from reconciler.registry.model import RegistryScope

WRITERS = 4
"""Repositories worked on at the same time."""

MOST_THROTTLES = 10
"""Attempts at one write; before each, the live policy is looked at again."""

Result = Literal["applied", "failed", "stale", "skipped"]


class Reader(Protocol):
    """What reads one registry's policies: None is no policy."""

    def read_policy(self, name: str) -> str | None:
        """Read one repository's policy. Raises ReconcileError."""


class Writer(Protocol):
    """What writes one registry's policies."""

    def set_policy(self, name: str, text: str) -> None:
        """Replace one repository's policy. Raises ReconcileError."""

    def delete_policy(self, name: str) -> None:
        """Remove one repository's policy. Raises ReconcileError."""


@dataclass(frozen=True, slots=True)
class Access:
    """The way to one registry in one region."""

    reader: Reader
    writer: Writer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `stale`: the live policy was no longer the one that the plan had seen, so nothing was
    written. `error` says why it was not applied, None where it was; `written` tells of a failure
    that a policy was written all the same.
    """

    change: Change
    result: Result
    error: str | None = None
    written: bool = False


def execute(
    changes: Iterable[Change],
    registries: Mapping[RegistryScope, Access],
    progress: Callable[[Outcome], None],
    stopped: Callable[[], bool],
) -> tuple[Outcome, ...]:
    """Apply changes, several at a time, and say what became of each, in the order given.

    One repository's failure leaves the others going; once `stopped` says so, no more are begun.
    Never raises for what AWS answers.
    """

    def work(change: Change) -> Outcome:
        if stopped():
            return Outcome(change, "skipped", "interrupted")
        return _apply(change, registries[change.target.scope])

    outcomes = []
    with ThreadPoolExecutor(WRITERS) as pool:
        for outcome in pool.map(work, changes):
            outcomes.append(outcome)
            progress(outcome)
    return tuple(outcomes)


def _apply(change: Change, registry: Access) -> Outcome:
    try:
        for _ in range(MOST_THROTTLES):
            if not _is_fresh(change, registry.reader):
                return Outcome(change, "stale", "the live policy has changed since it was planned")
            try:
                _write(change, registry.writer)
            except CallError as error:
                if error.fault is not Fault.THROTTLED:
                    raise
                throttled = error
            else:
                return _confirm(change, registry.reader)
        return Outcome(change, "failed", _told(throttled))
    except WriteOutcomeUnknownError as unknown:
        return _settle(change, registry.reader, unknown)
    except ReconcileError as error:
        return Outcome(change, "failed", _told(error))


def _told(error: ReconcileError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _is_fresh(change: Change, reader: Reader) -> bool:
    """Tell whether the live policy is still the one that the plan saw."""
    text = reader.read_policy(change.target.repository)
    if isinstance(change.before, Unreadable):
        return text is not None and is_reshuffled(text, change.before.text)
    return same_meaning(change.target.read(text), change.before)


def _write(change: Change, writer: Writer) -> None:
    if change.after_text is None:
        writer.delete_policy(change.target.repository)
    else:
        writer.set_policy(change.target.repository, change.after_text)


def _confirm(change: Change, reader: Reader) -> Outcome:
    try:
        if _is_in_force(change, reader):
            return Outcome(change, "applied")
    except ReconcileError as error:
        message = f"the policy was written, but could not be read back: {_told(error)}"
        return Outcome(change, "failed", message, written=True)
    message = "the policy was written, but what is live now means something else"
    return Outcome(change, "failed", message, written=True)


def _settle(change: Change, reader: Reader, unknown: WriteOutcomeUnknownError) -> Outcome:
    """Find out by reading whether a write with a lost answer was done."""
    try:
        applied = _is_in_force(change, reader)
    except ReconcileError as error:
        return Outcome(change, "failed", f"{unknown.message}; nor can it be read: {error.message}")
    return Outcome(change, "applied") if applied else Outcome(change, "failed", unknown.message)


def _is_in_force(change: Change, reader: Reader) -> bool:
    live = change.target.read(reader.read_policy(change.target.repository))
    return same_meaning(live, change.target.read(change.after_text))
