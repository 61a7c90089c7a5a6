"""A clock for threads that moves only when all of them sleep; one runs at a time."""

import heapq
import threading
from collections.abc import Callable

from reconciler.registry.tasks import Begin


class VirtualTime:
    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._order = 0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        mine = self._enqueue(self.now + seconds)
        self._wake_next()
        mine.wait()

    async def pause(self, seconds: float) -> None:
        self.sleep(seconds)

    async def nap(self, begin: Begin, seconds: float) -> None:
        """Sleep so long, or until what `begin` is given is called."""
        mine = self._enqueue(self.now + seconds)
        begin(lambda: self._add(self.now, mine))
        self._wake_next()
        mine.wait()

    def run(self, *tasks: Callable[[], None]) -> None:
        """Run the tasks, each in a thread of its own, to their end."""
        over = threading.Event()
        left = len(tasks)

        def body(task: Callable[[], None], turn: threading.Event) -> None:
            nonlocal left
            turn.wait()
            try:
                task()
            finally:
                left -= 1
                self._wake_next() if left else over.set()

        turns = [self._enqueue(0.0) for _ in tasks]
        for task, turn in zip(tasks, turns, strict=True):
            threading.Thread(target=body, args=(task, turn), daemon=True).start()
        self._wake_next()
        over.wait()

    def _enqueue(self, when: float) -> threading.Event:
        event = threading.Event()
        self._add(when, event)
        return event

    def _add(self, when: float, event: threading.Event) -> None:
        self._order += 1
        heapq.heappush(self._sleepers, (when, self._order, event))

    def _wake_next(self) -> None:
        when, _, event = heapq.heappop(self._sleepers)
        while event.is_set():  # has been woken before
            when, _, event = heapq.heappop(self._sleepers)
        self.now = when
        event.set()
