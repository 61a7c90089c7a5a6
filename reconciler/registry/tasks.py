"""Coroutines that wait for sockets, for a time and for threads: one alone, or many in one thread.

They are not those of asyncio: the same coroutine also runs alone, in a thread that waits with it.
And a connection stays a socket of `ssl`, where asyncio's TLS is written in Python.
"""

import heapq
import selectors
import socket
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import partial
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Pause(NamedTuple):
    """So many seconds pass."""

    seconds: float


class SocketWait(NamedTuple):
    """A socket can be read or written, or so many seconds pass."""

    socket: socket.socket
    event: int
    seconds: float


class ThreadWait(NamedTuple):
    """A thread of its own has done `work`, which raises nothing, or so many seconds pass."""

    work: Callable[[], None]
    seconds: float | None


Wait = Pause | SocketWait | ThreadWait
Task = Coroutine[Wait, bool | None, T]
"""Is sent whether what it waits for came to be, False where the time had passed before."""


class OverdueError(Exception):
    """The work of a thread takes too long."""


@types.coroutine
def _wait(wait: Wait) -> Generator[Wait, bool, bool]:
    return (yield wait)


async def pause(seconds: float) -> None:
    """Let so many seconds pass."""
    await _wait(Pause(seconds))


async def until_ready(connection: socket.socket, event: int, seconds: float) -> None:
    """Wait until a socket can be read (`READ`) or written; TimeoutError after so many seconds."""
    if not await _wait(SocketWait(connection, event, seconds)):
        raise TimeoutError


_thread = threading.local()


class _Work(Generic[T]):
    """What a thread does, and what came of it; `is_left` if nobody waits for it any more."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.returned: list[T] = []
        self.raised: list[BaseException] = []
        self.is_left = False

    def do(self) -> None:
        _thread.work = self
        try:
            self.returned.append(self.work())
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            self.raised.append(error)


async def in_thread(work: Callable[[], T], seconds: float | None = None) -> T:
    """Do blocking work in a thread; return what it returns, raise what it raises.

    Raises OverdueError after so many seconds; the thread, a daemon, is then left alone, and
    `is_left` is true in it.
    """
    own = _Work(work)
    try:
        if not await _wait(ThreadWait(own.do, seconds)):
            raise OverdueError
    finally:
        own.is_left = True
    for error in own.raised:
        raise error
    return own.returned[0]


def is_left() -> bool:
    """Whether nobody waits any more for what this thread does."""
    work: _Work[object] | None = getattr(_thread, "work", None)
    return work is not None and work.is_left


def run_alone(task: Task[T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Run a task in this thread, which waits with it; return what it returns."""
    came_to_be: bool | None = None
    try:
        while True:
            try:
                wait = task.send(came_to_be)
            except StopIteration as over:
                result: T = over.value
                return result
            came_to_be = _blocking(wait, sleep)
    finally:
        task.close()


_AloneSelector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)
"""It takes no open file of its own, of which each waiting thread would need one."""


def _blocking(wait: Wait, sleep: Callable[[float], None]) -> bool:
    match wait:
        case Pause(seconds):
            sleep(seconds)
            return False
        case SocketWait(connection, event, seconds):
            with _AloneSelector() as selector:
                selector.register(connection, event)
                return bool(selector.select(seconds))
        case ThreadWait(work, limit):
            thread = _started(work)
            thread.join(limit)
            return not thread.is_alive()


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)  # leaving the process does not wait for it
    thread.start()
    return thread


class _Waiting(NamedTuple):
    task: Task[None]
    group: object


class _Watched:
    """A socket, and the number of who waits for it; None for nobody."""

    def __init__(self, connection: socket.socket, event: int, number: int) -> None:
        self.socket = connection
        self.event = event
        self.number: int | None = number


class Sockets:
    """Sockets that are waited for; they stay registered, since most are waited for again soon."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._watched: dict[socket.socket, _Watched] = {}

    def watch(self, connection: socket.socket, event: int, number: int) -> None:
        """Let `ready` return a number, once, when a socket can be read or written."""
        watched = self._watched.get(connection)
        if watched is not None and watched.event == event:
            watched.number = number
            return
        self._forget_closed()  # one of them may have had the same file descriptor
        if watched is not None:
            self._forget(watched)
        self._watched[connection] = _Watched(connection, event, number)
        self._selector.register(connection, event, self._watched[connection])

    def ready(self, seconds: float | None) -> list[int]:
        """Wait for sockets, or until so many seconds pass; return the numbers of those ready."""
        self._forget_closed()  # select(2) fails for them
        numbers = []
        for key, _ in self._selector.select(seconds):
            watched: _Watched = key.data
            if watched.number is None:  # the other side has closed it, or TLS has sent a ticket
                self._forget(watched)
            else:
                numbers.append(watched.number)
                watched.number = None
        return numbers

    def _forget_closed(self) -> None:
        for watched in [one for one in self._watched.values() if one.socket.fileno() < 0]:
            self._forget(watched)

    def _forget(self, watched: _Watched) -> None:
        del self._watched[watched.socket]
        self._selector.unregister(watched.socket)

    def close(self) -> None:
        """Forget all of them."""
        self._selector.close()


_WOKEN = 0
"""The number of the socket by which threads wake the tasks; those of waits are higher."""


class Tasks:
    """Tasks that take turns in one thread, each until it waits."""

    def __init__(self) -> None:
        self._sockets = Sockets()
        self._ready: deque[tuple[Task[None], object, bool | None]] = deque()
        self._waiting: dict[int, _Waiting] = {}
        self._timers: list[tuple[float, int]] = []
        self._given = _WOKEN
        self._done: deque[int] = deque()  # by threads
        self._wakes, self._woken = socket.socketpair()

    def start(self, task: Task[None], group: object) -> None:
        """Let a task take part in `run`; `cancel` ends those of a group."""
        self._ready.append((task, group, None))

    def cancel(self, group: object) -> None:
        """End the tasks of a group where they wait; not the one that asks for it."""
        for task, own, _ in self._ready:
            if own == group:
                task.close()
        self._ready = deque(one for one in self._ready if one[1] != group)
        for number in [n for n, waiting in self._waiting.items() if waiting.group == group]:
            self._waiting.pop(number).task.close()

    def run(self) -> None:
        """Run all tasks to their end; what one raises ends all of them."""
        self._sockets.watch(self._woken, READ, _WOKEN)
        self._woken.setblocking(False)
        try:
            while self._ready or self._waiting:
                while self._ready:
                    self._go_on(*self._ready.popleft())
                self._look()
        finally:
            left = [one.task for one in self._waiting.values()]
            for task in [*left, *(one[0] for one in self._ready)]:
                task.close()
            self._sockets.close()
            self._woken.close()
            self._wakes.close()

    def _go_on(self, task: Task[None], group: object, came_to_be: bool | None) -> None:
        try:
            wait = task.send(came_to_be)
        except StopIteration:
            return
        self._given = number = self._given + 1
        self._waiting[number] = _Waiting(task, group)
        if wait.seconds is not None:
            heapq.heappush(self._timers, (time.monotonic() + wait.seconds, number))
        if isinstance(wait, SocketWait):
            self._sockets.watch(wait.socket, wait.event, number)
        elif isinstance(wait, ThreadWait):
            _started(partial(self._do, wait.work, number))

    def _do(self, work: Callable[[], None], number: int) -> None:
        work()
        self._done.append(number)
        with suppress(OSError):  # all is over
            self._wakes.send(b"x")

    def _look(self) -> None:
        """Wait until a task can go on."""
        while self._timers and self._timers[0][1] not in self._waiting:
            heapq.heappop(self._timers)
        if not self._waiting:
            return
        left = max(self._timers[0][0] - time.monotonic(), 0.0) if self._timers else None
        for number in self._sockets.ready(left):
            if number == _WOKEN:
                self._woken.recv(2**12)
                self._sockets.watch(self._woken, READ, _WOKEN)
            else:
                self._resume(number, came_to_be=True)
        while self._done:
            self._resume(self._done.popleft(), came_to_be=True)
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._resume(heapq.heappop(self._timers)[1], came_to_be=False)

    def _resume(self, number: int, *, came_to_be: bool) -> None:
        if number in self._waiting:
            waiting = self._waiting.pop(number)
            self._ready.append((waiting.task, waiting.group, came_to_be))
