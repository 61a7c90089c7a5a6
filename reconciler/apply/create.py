"""Creating a repository, once."""

from functools import partial
from typing import NamedTuple

from reconciler.apply.model import Done, Reader, ReaderWriter
from reconciler.apply.retry import Deadline, RetryPolicy, write_policy
from reconciler.apply.run import Run
from reconciler.errors import RefusedError
from reconciler.model.registry import LiveSettings, RepositorySettings, Target
from reconciler.registry.errors import CallError, FailureKind, Retry, WriteOutcomeUnknownError

VISIBLE_WITHIN = 20.0
"""Seconds for which a new repository is waited for; how long it takes is not known
(hashicorp/terraform#3849 tells of a moment)."""


class StoppedError(Exception):
    """The run is to stop; `unsettled` is an attempt that may have been done."""

    def __init__(self, reason: str, unsettled: WriteOutcomeUnknownError | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsettled = unsettled


class Created(NamedTuple):
    """A repository that exists: the deadline for it to be visible, and whether this run made it."""

    visible: Deadline
    created: Done


def create(
    target: Target, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> Created:
    """Create a repository; an existing one is never configured again.

    One that was created since it was planned, by another run or an attempt without a response, is
    accepted if its settings are the planned ones (tags aside); else RefusedError. The caller checks
    that it has no policy yet. Raises CallError if it was not created, WriteOutcomeUnknownError if
    it may have been, and StoppedError if the run is to stop.
    """
    policy = write_policy(run.new_deadline)

    def attempt() -> Created:
        reason = run.reason_to_halt()
        if reason is not None:
            raise StoppedError(reason, policy.unsettled)
        return _attempt(target.repository, settings, registry, run)

    try:
        created = policy.call(attempt)
    except (CallError, WriteOutcomeUnknownError) as failure:
        unsettled = policy.unsettled
        if unsettled is None or unsettled is failure:
            raise
        message = f"{unsettled.message}; {failure.message}"
        raise WriteOutcomeUnknownError(message, kind=failure.kind) from failure
    is_certain = created.created is Done.YES or policy.unsettled is None
    return created if is_certain else created._replace(created=Done.UNKNOWN)


def _attempt(name: str, settings: RepositorySettings, registry: ReaderWriter, run: Run) -> Created:
    try:
        registry.writer.create_repository(name, settings)
    except CallError as error:
        if error.kind is not FailureKind.REPOSITORY_EXISTS:
            raise
        visible = run.new_deadline(VISIBLE_WITHIN)
        _check_settings(name, settings, registry.reader, visible)
        return Created(visible, Done.NO)
    return Created(run.new_deadline(VISIBLE_WITHIN), Done.YES)


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
