"""A clock for threads that moves only when all of them sleep; one runs at a time."""

import heapq
import threading
from collections.abc import Callable


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
        self._order += 1
        event = threading.Event()
        heapq.heappush(self._sleepers, (when, self._order, event))
        return event

    def _wake_next(self) -> None:
        self.now, _, event = heapq.heappop(self._sleepers)
        event.set()
