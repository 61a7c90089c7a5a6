"""Carry out a plan's changes, several repositories at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import SimpleQueue
from threading import Lock, Thread

from reconciler.apply.model import Outcome, ReaderWriter
from reconciler.apply.run import Run
from reconciler.apply.write import apply_change
from reconciler.model.registry import RegistryScope
from reconciler.plan.model import Change
from reconciler.redaction import redacted

WRITERS = 4
"""Repositories worked on at the same time."""


def execute(
    changes: Iterable[Change],
    registries: Mapping[RegistryScope, ReaderWriter],
    run: Run,
    progress: Callable[[Outcome], None],
) -> tuple[Outcome, ...]:
    """Apply changes and say what became of each, in the order given.

    One repository's failure leaves the others going; once the run is to stop, or nothing can
    work any more, no more are begun. `progress` is told each outcome as it comes. Never raises for
    what AWS answers.
    """

    def work(change: Change) -> Outcome:
        reason = run.reason_to_stop(change.target.scope)
        if reason is not None:
            return Outcome(change, "skipped", reason)
        try:
            return apply_change(change, registries[change.target.scope], run)
        except Exception as bug:  # noqa: BLE001 - what became of the others must still be told
            message = redacted(f"{type(bug).__name__}: {bug} (a bug; look at what is live)")
            return Outcome(change, "failed", message, written=None)

    return _work_through(tuple(changes), work, progress)


def _work_through(
    changes: Sequence[Change],
    work: Callable[[Change], Outcome],
    progress: Callable[[Outcome], None],
) -> tuple[Outcome, ...]:
    """Work on several changes at a time, with as many threads as there can be, or none."""
    waiting, taking = iter(enumerate(changes)), Lock()
    done: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()

    def take_turns() -> None:
        while True:
            with taking:
                taken = next(waiting, None)
            if taken is None:
                return
            number, change = taken
            done.put((number, work(change)))

    started = [_is_started(Thread(target=take_turns)) for _ in changes[:WRITERS]]
    if not any(started):
        take_turns()
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(changes):
        number, outcome = done.get()
        outcomes[number] = outcome
        progress(outcome)
    return tuple(outcomes[number] for number in range(len(changes)))


def _is_started(thread: Thread) -> bool:
    """Start a thread; False where the system has no more of them to give."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
