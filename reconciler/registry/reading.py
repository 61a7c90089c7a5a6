"""Reading many repositories of many registries, all at once, in one thread."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reconciler.model.registry import LiveRepository, ReadFailure
from reconciler.registry.failures.errors import CONSEQUENCES, CallError, FailureKind
from reconciler.registry.reader import RegistryReader, failure_of
from reconciler.registry.tasks import Tasks, in_thread

if sys.platform != "win32":
    import resource

_MOST_AT_ONCE = 64  # policies of all registries, which share them evenly
_MOST_UNANSWERED = 16  # calls in a row without a response, after which no more are made
_OTHER_FILES = 32  # open files of the process that are no connections
_OTHER_CONNECTIONS = 4  # of a registry: for its listing, and for what is read beside

Progress = Callable[[int, int], None]
"""Is told how many repositories are read, and of how many."""


def select_none(_names: tuple[str, ...]) -> Iterable[str]:
    """Select no repository."""
    return ()


def _untold(_done: int, _total: int) -> None: ...


def _unheard() -> None: ...


class Wanted(NamedTuple):
    """What is to be read of one registry.

    `names` are read at once, `select` chooses more of those that are listed; without `lists`,
    nothing is listed. `beside` reads what else is wanted, in a thread. `on_denied` is called, in a
    thread, where the listing is denied, and may raise a better reason. `progress` is told how far
    the registry is, in the thread that called `read`; `on_over`, once or more, that its last policy
    is read, or that it failed.
    """

    reader: RegistryReader
    names: Sequence[str] = ()
    lists: bool = True
    select: Callable[[tuple[str, ...]], Iterable[str]] = select_none
    beside: Sequence[Callable[[], None]] = ()
    on_denied: Callable[[], object] = lambda: None
    progress: Progress = _untold
    on_over: Callable[[], None] = _unheard


class Found(NamedTuple):
    """What was read of one registry.

    `names` are all of its repositories, sorted, where they were listed; `repositories` are sorted,
    too. `failure` is why nothing can be said of the registry.
    """

    names: tuple[str, ...] = ()
    repositories: Mapping[str, LiveRepository] = MappingProxyType({})
    failure: CallError | None = None


def read(wanted: Sequence[Wanted]) -> list[Found]:
    """Read all registries, and return what was found, in the same order.

    A failure for one repository is a `ReadFailure`, and the others go on. What would fail for all
    of a registry (credentials, settings, no connection, many calls in a row without a response) is
    its `failure`, and ends its reading at once. Raises what `on_denied` and `beside` raise, if it
    is no CallError. Neither an error nor Ctrl-C waits for calls in flight.
    """
    tasks = Tasks()
    readings: list[_Reading] = []
    most = _most_at_once(len(wanted))

    def share() -> None:
        going_on = [one for one in readings if not one.is_over]
        for one in going_on:
            one.work_on(max(1, most // len(going_on)))
        for one, of in zip(readings, wanted, strict=True):
            if one.is_over:
                of.on_over()

    readings += [_Reading(one, tasks, share) for one in wanted]
    for reading in readings:
        reading.start()
    tasks.run()
    return [reading.found() for reading in readings]


def _most_at_once(registries: int) -> int:
    """Return how many policies to read at once of all registries, so that the open files suffice.

    The limit is low on some systems: 256 by default on macOS (setrlimit(2), `ulimit -n`).
    """
    if sys.platform == "win32":
        return _MOST_AT_ONCE
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _MOST_AT_ONCE
    return min(_MOST_AT_ONCE, limit - _OTHER_FILES - _OTHER_CONNECTIONS * registries)


class _Reading:
    """The reading of one registry; its tasks are a group of their own."""

    def __init__(self, wanted: Wanted, tasks: Tasks, share: Callable[[], None]) -> None:
        self._wanted, self._tasks, self._share = wanted, tasks, share
        self._reader = wanted.reader
        self._names: frozenset[str] | None = None if wanted.lists else frozenset(wanted.names)
        self._todo: deque[str] = deque()
        self._asked: set[str] = set()
        self._read: dict[str, LiveRepository] = {}
        self._missing: list[LiveRepository] = []  # while it is not known whether they are listed
        self._workers = 0
        self._starting = 0  # workers without a name yet
        self._unanswered = 0
        self._has_begun = False
        self._failure: CallError | None = None

    def start(self) -> None:
        """Begin."""
        self._tasks.start(self._begin(), self)

    def found(self) -> Found:
        """Return what was read."""
        if self._failure is not None:
            return Found(failure=self._failure)
        names = {*(self._names or ()), *self._read}
        kept = {name: self._read[name] for name in sorted(self._read)}
        return Found(tuple(sorted(names)), kept)

    async def _begin(self) -> None:
        try:
            await self._reader.prepare()
        except CallError as error:
            self._fail(error)
            return
        self._has_begun = True
        self._add(self._wanted.names)
        if self._wanted.lists:
            self._tasks.start(self._list(), self)
        for work in self._wanted.beside:
            self._tasks.start(self._do(work), self)

    async def _list(self) -> None:
        try:
            names = await self._listed()
        except CallError as error:
            self._fail(error)
            return
        self._names = frozenset(names)
        for repository in self._missing:
            self._keep(repository)
        self._add(self._wanted.select(names))

    async def _listed(self) -> tuple[str, ...]:
        try:
            return await self._reader.listed()
        except CallError as error:
            if error.kind is FailureKind.DENIED:
                await in_thread(self._wanted.on_denied)
            raise

    async def _do(self, work: Callable[[], None]) -> None:
        try:
            await in_thread(work)
        except CallError as error:
            self._fail(error)

    def _add(self, names: Iterable[str]) -> None:
        new = [name for name in dict.fromkeys(names) if name not in self._asked]
        self._asked.update(new)
        self._todo.extend(new)
        self._share()

    @property
    def is_over(self) -> bool:
        """Whether no more policies are to be read."""
        is_known = self._names is not None and not self._todo and not self._workers
        return (is_known and self._has_begun) or self._failure is not None

    def work_on(self, at_once: int) -> None:
        """Read the policies that are left, so many at once, or as many as the transport can."""
        free = min(at_once, self._reader.at_once) - self._workers
        for _ in range(min(free, len(self._todo) - self._starting)):
            self._workers += 1
            self._starting += 1
            self._tasks.start(self._work(), self)

    async def _work(self) -> None:
        self._starting -= 1
        while self._todo:
            name = self._todo.popleft()
            try:
                text: str | ReadFailure | None = await self._reader.policy(name)
            except CallError as error:
                is_silent = error.kind is FailureKind.UNANSWERED
                self._unanswered = self._unanswered + 1 if is_silent else 0
                is_over = self._unanswered >= min(_MOST_UNANSWERED, len(self._asked))
                if CONSEQUENCES[error.kind].stops_region or is_over:
                    self._fail(error)
                    return
                text = failure_of(error)
            else:
                self._unanswered = 0
            self._keep(LiveRepository(name, text))
        self._workers -= 1
        if not self._workers:
            self._share()

    def _keep(self, repository: LiveRepository) -> None:
        """Keep what was read, unless the listing says that there is no such repository."""
        if repository.is_missing and self._names is None:
            self._missing.append(repository)
        elif repository.is_missing and repository.name not in (self._names or ()):
            self._asked.discard(repository.name)
        else:
            self._read[repository.name] = repository
        self._wanted.progress(len(self._read), len(self._asked))

    def _fail(self, error: CallError) -> None:
        """End the reading of this registry, without waiting for its calls in flight."""
        self._failure = self._failure or error
        self._tasks.cancel(self)
        self._share()
