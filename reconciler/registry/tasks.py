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
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Work(Generic[T]):
    """What a thread does, and what came of it; `is_left` if nobody waits for it any more."""

    work: Callable[[], T]
    returned: list[T] = field(default_factory=list)
    raised: list[BaseException] = field(default_factory=list)
    is_left: bool = False

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


def _blocking(wait: Wait, sleep: Callable[[float], None]) -> bool:
    match wait:
        case Pause(seconds):
            sleep(seconds)
            return False
        case SocketWait(connection, event, seconds):
            with selectors.DefaultSelector() as selector:
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
    wait: Wait


class Tasks:
    """Tasks that take turns in one thread, each until it waits."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._ready: deque[tuple[Task[None], object, bool | None]] = deque()
        self._waiting: dict[int, _Waiting] = {}
        self._timers: list[tuple[float, int]] = []
        self._given = 0
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
            self._take(number).task.close()

    def run(self) -> None:
        """Run all tasks to their end; what one raises ends all of them."""
        self._selector.register(self._woken, READ)
        self._woken.setblocking(False)
        try:
            while self._ready or self._waiting:
                while self._ready:
                    self._go_on(*self._ready.popleft())
                self._look()
        finally:
            for task in [one[0] for one in (*self._ready, *self._waiting.values())]:
                task.close()
            self._selector.close()
            self._woken.close()
            self._wakes.close()

    def _go_on(self, task: Task[None], group: object, came_to_be: bool | None) -> None:
        try:
            wait = task.send(came_to_be)
        except StopIteration:
            return
        self._given = number = self._given + 1
        self._waiting[number] = _Waiting(task, group, wait)
        if wait.seconds is not None:
            heapq.heappush(self._timers, (time.monotonic() + wait.seconds, number))
        if isinstance(wait, SocketWait):
            self._selector.register(wait.socket, wait.event, number)
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
        for key, _ in self._selector.select(left):
            if key.fileobj is self._woken:
                self._woken.recv(2**12)
            else:
                self._resume(key.data, came_to_be=True)
        while self._done:
            self._resume(self._done.popleft(), came_to_be=True)
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._resume(heapq.heappop(self._timers)[1], came_to_be=False)

    def _resume(self, number: int, *, came_to_be: bool) -> None:
        if number in self._waiting:
            task, group, _ = self._take(number)
            self._ready.append((task, group, came_to_be))

    def _take(self, number: int) -> _Waiting:
        waiting = self._waiting.pop(number)
        if isinstance(waiting.wait, SocketWait):
            self._selector.unregister(waiting.wait.socket)
        return waiting
