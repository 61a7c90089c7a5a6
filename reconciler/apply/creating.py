"""Make a repository, and wait until it can be seen."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reconciler.apply.model import Reader, ReaderWriter, Writer
from reconciler.apply.run import VISIBLE_WITHIN, Patience, Run
from reconciler.apply.trouble import Trouble, may_help, trouble_of
from reconciler.errors import RefusedError
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError
from reconciler.registry.model import RepositorySettings

T = TypeVar("T")


def create(
    name: str, settings: RepositorySettings, registry: ReaderWriter, run: Run
) -> ReaderWriter:
    """Make a repository, and give a way to it that waits until it is visible.

    One that exists is never configured again: RefusedError where somebody else made it. After a
    lost answer it is asked for again, and one that is there then is taken for ours; whether its
    policy is still none is for the caller to look at. Raises ReconcileError otherwise, and
    WriteOutcomeUnknownError wherever it may have been made.
    """
    tries: Counter[Trouble] = Counter()
    lost: WriteOutcomeUnknownError | None = None
    while True:
        try:
            registry.writer.create_repository(name, settings)
            break
        except WriteOutcomeUnknownError as error:
            failure: CallError | WriteOutcomeUnknownError = error
            lost = error
        except CallError as error:
            failure = error
            if error.fault is Fault.REPOSITORY_EXISTS:
                if lost:
                    break
                raise RefusedError("the repository has been made since it was planned") from error
        trouble = trouble_of(failure)
        tries[trouble] += 1
        if not may_help(trouble, tries[trouble]):
            if lost in (None, failure):
                raise failure
            raise WriteOutcomeUnknownError(f"{lost.message}; {failure.message}") from failure
    patience = run.new_patience(VISIBLE_WITHIN)
    return ReaderWriter(
        _PatientReader(registry.reader, patience), _PatientWriter(registry.writer, patience)
    )


@dataclass(frozen=True, slots=True)
class _PatientReader:
    """Reads a repository that may not be visible yet."""

    reader: Reader
    patience: Patience

    def read_policy(self, name: str) -> str | None:
        return _once_visible(lambda: self.reader.read_policy(name), self.patience)


@dataclass(frozen=True, slots=True)
class _PatientWriter:
    """Writes to a repository that may not be visible yet."""

    writer: Writer
    patience: Patience

    def set_policy(self, name: str, text: str) -> None:
        _once_visible(lambda: self.writer.set_policy(name, text), self.patience)

    def delete_policy(self, name: str) -> None:
        _once_visible(lambda: self.writer.delete_policy(name), self.patience)

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        self.writer.create_repository(name, settings)


def _once_visible(call: Callable[[], T], patience: Patience) -> T:
    """Call again while the repository is not there, as long as patience lasts."""
    waits = 0
    while True:
        try:
            return call()
        except CallError as error:
            if error.fault is not Fault.REPOSITORY_MISSING or not patience.wait(waits):
                raise
            waits += 1
