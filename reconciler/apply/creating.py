"""Make a repository, or find that it is there as it is to be."""

from typing import NamedTuple

from reconciler.apply.model import Reader, ReaderWriter
from reconciler.apply.run import VISIBLE_WITHIN, Patience, Run
from reconciler.apply.trouble import Failure, Persistence
from reconciler.errors import RefusedError
from reconciler.model.registry import LiveSettings, RepositorySettings, Target
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError


class StoppedError(Exception):
    """The run is to stop; `lost` is an attempt that may have been done all the same."""

    def __init__(self, reason: str, lost: WriteOutcomeUnknownError | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lost = lost


class Created(NamedTuple):
    """A repository that is there: the patience until it is visible, and whether this made it.

    `made` is None where an attempt whose answer was lost may have made it.
    """

    visible: Patience
    made: bool | None


def create(
    target: Target, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> Created:
    """Make a repository.

    One that exists is never configured again. One that was made since it was planned, by a run
    that was killed, by an attempt whose answer was lost, or by somebody else, is taken for ours
    where its settings are the planned ones (tags aside): RefusedError where they are not. Whether
    it still has no policy is for the caller to look at. Raises CallError where it was not made,
    WriteOutcomeUnknownError where it may have been, and StoppedError where the run is to stop.
    """
    persistence = Persistence(run.new_patience)
    lost: WriteOutcomeUnknownError | None = None
    while True:
        reason = run.reason_to_halt()
        if reason is not None:
            raise StoppedError(reason, lost)
        try:
            created = _make(target.repository, settings, registry, run)
            return created if created.made or lost is None else created._replace(made=None)
        except WriteOutcomeUnknownError as error:
            failure: Failure = error
            lost = error
        except CallError as error:
            failure = error
        if not persistence.goes_on_after(failure):
            if lost in (None, failure):
                raise failure
            message = f"{lost.message}; {failure.message}"
            raise WriteOutcomeUnknownError(message, fault=failure.fault) from failure


def _make(name: str, settings: RepositorySettings, registry: ReaderWriter, run: Run) -> Created:
    try:
        registry.writer.create_repository(name, settings)
    except CallError as error:
        if error.fault is not Fault.REPOSITORY_EXISTS:
            raise
        visible = run.new_patience(VISIBLE_WITHIN)
        _check_settings(name, settings, registry.reader, visible)
        return Created(visible, made=False)
    return Created(run.new_patience(VISIBLE_WITHIN), made=True)


def _check_settings(
    name: str, settings: RepositorySettings, reader: Reader, visible: Patience
) -> None:
    """Raise RefusedError where a repository has other settings, as far as they can be compared.

    The service tells a key by its ARN, whatever named it, and tags only in another call.
    """
    planned = LiveSettings(settings.tag_mutability, settings.scan_on_push, settings.encryption)
    waits = 0
    while True:
        try:
            found = reader.read_settings(name)
            break
        except CallError as error:
            if error.fault is not Fault.REPOSITORY_MISSING or not visible.wait(waits):
                raise
            waits += 1
    if found != planned:
        raise RefusedError("the repository has been made since it was planned, with other settings")
