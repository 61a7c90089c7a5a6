"""Coroutines that wait: alone, and many in one thread."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from reconciler.registry.tasks import (
    READ,
    WRITE,
    Gate,
    OverdueError,
    Sockets,
    Task,
    Tasks,
    in_thread,
    is_left,
    pause,
    run_alone,
    until_ready,
)


class OwnError(Exception): ...


def run_together(task: Task[None]) -> None:
    tasks = Tasks()
    tasks.start(task, None)
    tasks.run()


both = pytest.mark.parametrize("run", [run_alone, run_together])
Run = Callable[[Task[None]], None]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


@both
def test_a_socket_that_is_ready_and_one_that_is_not(
    run: Run, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    seen: list[bytes] = []

    async def task() -> None:
        with pytest.raises(TimeoutError):
            await until_ready(ours, READ, 0.01)
        theirs.send(b"x")
        await until_ready(ours, READ, 60.0)
        await until_ready(ours, WRITE, 60.0)
        seen.append(ours.recv(1))

    run(task())
    assert seen == [b"x"]


def test_a_socket_is_waited_for_again(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    seen: list[bytes] = []

    async def task() -> None:
        for sent in (b"a", b"b"):
            with pytest.raises(TimeoutError):
                await until_ready(ours, READ, 0.01)
            await until_ready(ours, WRITE, 60.0)
            theirs.send(sent)
            await until_ready(ours, READ, 60.0)
            seen.append(ours.recv(1))

    run_together(task())
    assert seen == [b"a", b"b"]


def test_a_new_socket_with_the_number_of_a_closed_one() -> None:
    seen: list[bytes] = []
    numbers = set[int]()

    async def task() -> None:
        for _ in range(3):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                numbers.add(ours.fileno())
                theirs.send(b"x")
                await until_ready(ours, READ, 60.0)
                seen.append(ours.recv(1))

    run_together(task())
    assert seen == [b"x"] * 3
    assert len(numbers) == 1


def test_a_socket_that_is_closed_while_others_are_waited_for(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    seen: list[bytes] = []

    async def closes() -> None:
        one, other = socket.socketpair()
        with one, other:
            other.send(b"x")
            await until_ready(one, READ, 60.0)
        await pause(0.0)
        theirs.send(b"y")

    async def waits() -> None:
        await until_ready(ours, READ, 60.0)
        seen.append(ours.recv(1))

    tasks = Tasks()
    tasks.start(waits(), None)
    tasks.start(closes(), None)
    tasks.run()
    assert seen == [b"y"]


def test_what_nobody_waits_for_does_not_keep_the_others_awake(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    sockets, seconds = Sockets(), 0.05
    theirs.send(b"x")
    sockets.watch(ours, READ, 1)
    assert sockets.ready(60.0) == [1]
    assert sockets.ready(0.0) == []
    began = time.monotonic()
    assert sockets.ready(seconds) == []
    assert time.monotonic() - began >= seconds
    sockets.watch(ours, READ, 2)
    assert sockets.ready(60.0) == [2]
    sockets.close()


@both
def test_a_thread_returns_or_raises(run: Run) -> None:
    seen: list[object] = []

    def fail() -> None:
        raise OwnError

    async def task() -> None:
        seen.append(await in_thread(threading.get_ident))
        with pytest.raises(OwnError):
            await in_thread(fail)

    run(task())
    assert seen != [threading.get_ident()]
    assert len(seen) == 1


@both
def test_a_thread_that_takes_too_long_is_left(run: Run) -> None:
    given_up, looked = threading.Event(), threading.Event()
    seen: list[bool] = []

    def work() -> None:
        seen.append(is_left())
        given_up.wait()
        seen.append(is_left())
        looked.set()

    async def task() -> None:
        with pytest.raises(OverdueError):
            await in_thread(work, 0.01)

    run(task())
    given_up.set()
    assert looked.wait(60)
    assert seen == [False, True]
    assert not is_left()


def test_each_goes_on_when_it_can() -> None:
    seen: list[str] = []
    tasks = Tasks()

    async def slow() -> None:
        await pause(0.05)
        seen.append("slow")

    async def quick() -> None:
        seen.append("first")
        await pause(0.0)
        tasks.start(started(), None)
        seen.append("second")

    async def started() -> None:
        seen.append("third")

    tasks.start(slow(), None)
    tasks.start(quick(), None)
    tasks.run()
    assert seen == ["first", "second", "third", "slow"]


class Waiting:
    """Tasks that wait for ever, and how many of them were ended."""

    def __init__(self) -> None:
        self.ended = 0

    async def task(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                await until_ready(ours, READ, 3600.0)
            finally:
                self.ended += 1


def test_a_group_is_ended_alone() -> None:
    waiting, over = Waiting(), list[str]()
    tasks = Tasks()

    async def end() -> None:
        await pause(0.0)
        tasks.start(waiting.task(), "bad")  # has not begun when it is ended
        tasks.cancel("bad")
        over.append("bad")
        await pause(0.0)
        over.append("good")

    for _ in range(3):
        tasks.start(waiting.task(), "bad")
    tasks.start(end(), "good")
    tasks.run()
    assert waiting.ended == 3
    assert over == ["bad", "good"]


@pytest.mark.parametrize("error", [OwnError, KeyboardInterrupt])
def test_an_error_ends_all_and_waits_for_nothing(error: type[BaseException]) -> None:
    waiting, held = Waiting(), threading.Event()
    tasks = Tasks()

    async def fail() -> None:
        await pause(0.0)
        raise error

    async def hold() -> None:
        await in_thread(held.wait)

    for task in (waiting.task(), hold(), fail()):
        tasks.start(task, None)
    with pytest.raises(error):
        tasks.run()
    assert waiting.ended == 1
    held.set()


def test_alone_an_error_ends_it_too() -> None:
    ended: list[str] = []

    async def task() -> None:
        try:
            await pause(1.0)
        finally:
            ended.append("yes")

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_alone(task(), interrupt)
    assert ended == ["yes"]


class Crowd:
    """Coroutines that go through a gate of two places, and how many are inside."""

    def __init__(self) -> None:
        self.gate, self.lock = Gate(2), threading.Lock()
        self.inside = self.most = self.passed = 0

    async def go_through(self, seconds: float = 60.0, *, stay: float = 0.01) -> None:
        await self.gate.through(partial(self._stay, stay), seconds)

    async def _stay(self, seconds: float) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            await pause(seconds)
            self.passed += 1
        finally:
            with self.lock:
                self.inside -= 1

    def is_free(self) -> bool:
        """Whether two more go in at once, and no third."""
        self.most = 0
        tasks = Tasks()
        for _ in range(5):
            tasks.start(self.go_through(), None)
        tasks.run()
        return self.most == 2


def test_a_gate_lets_so_many_through_at_a_time() -> None:
    crowd, tasks = Crowd(), Tasks()
    for _ in range(9):
        tasks.start(crowd.go_through(), None)
    tasks.run()
    assert (crowd.most, crowd.passed) == (2, 9)


def test_a_gate_is_for_all_threads() -> None:
    crowd = Crowd()

    def together() -> None:
        tasks = Tasks()
        for _ in range(4):
            tasks.start(crowd.go_through(), None)
        tasks.run()

    def alone() -> None:
        for _ in range(4):
            run_alone(crowd.go_through())

    threads = [threading.Thread(target=work) for work in (together, together, alone, alone, alone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (crowd.most, crowd.passed) == (2, 20)


def test_who_fails_inside_or_is_ended_leaves_the_gate() -> None:
    crowd, tasks, seen = Crowd(), Tasks(), list[object]()

    async def fail() -> None:
        raise OwnError

    async def fails() -> None:
        with pytest.raises(OwnError):
            await crowd.gate.through(fail, 60.0)

    async def end() -> None:
        await pause(0.01)
        seen.append(crowd.inside)
        tasks.cancel("bad")

    tasks.start(fails(), "good")
    for _ in range(4):  # two inside, two in the row
        tasks.start(crowd.go_through(stay=3600.0), "bad")
    tasks.start(end(), "good")
    tasks.run()
    assert seen == [2]
    assert crowd.is_free()


def test_who_has_waited_too_long_goes_on_without_a_place() -> None:
    crowd, tasks = Crowd(), Tasks()
    for seconds in (60.0, 60.0, 0.01, 0.01):
        tasks.start(crowd.go_through(seconds, stay=0.1), None)
    tasks.run()
    assert (crowd.most, crowd.passed) == (4, 4)
    assert crowd.is_free()


def test_who_goes_on_without_a_place_takes_none_later() -> None:
    gate, tasks, seen = Gate(1), Tasks(), list[str]()

    async def first() -> None:
        await pause(0.05)
        seen.append("first")

    async def without_a_place() -> None:
        for _ in range(1_000):  # more than the others take; without a place, the last one waits
            if "last" in seen:
                break
            await pause(0.001)
        seen.append("without")

    async def last() -> None:
        seen.append("last")

    async def enters_last() -> None:
        await pause(0.02)
        await gate.through(last, 60.0)

    tasks.start(gate.through(first, 60.0), None)
    tasks.start(gate.through(without_a_place, 0.01), None)
    tasks.start(enters_last(), None)
    tasks.run()
    assert seen == ["first", "last", "without"]
