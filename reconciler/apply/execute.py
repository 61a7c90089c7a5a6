"""Applying a plan's changes, several repositories at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import SimpleQueue
from threading import Lock, Thread

from reconciler.apply.apply_change import apply_change
from reconciler.apply.model import Done, Outcome, ReaderWriter, Run
from reconciler.model.registry import RegistryScope
from reconciler.plan.model import Change
from reconciler.printable import redacted

WRITERS = 4
"""Repositories worked on at the same time."""


def execute(
    changes: Iterable[Change],
    registries: Mapping[RegistryScope, ReaderWriter],
    run: Run,
    progress: Callable[[Outcome], None],
) -> tuple[Outcome, ...]:
    """Apply changes and return their outcomes, in the same order.

    After one repository's failure the others go on; once the run is to stop, or no call can work
    any more, no more begin. `progress` is called with each outcome as it comes. Never raises for
    an error of AWS.
    """

    def work(change: Change) -> Outcome:
        reason = run.reason_to_stop(change.target.scope)
        if reason is not None:
            return Outcome(change, "skipped", reason)
        try:
            return apply_change(change, registries[change.target.scope], run)
        except Exception as bug:  # noqa: BLE001 - the others' outcomes must still be reported
            message = redacted(f"{type(bug).__name__}: {bug} (a bug; check the live policy)")
            return Outcome(change, "failed", message, written=Done.UNKNOWN)

    return _in_threads(tuple(changes), work, progress)


def _in_threads(
    changes: Sequence[Change],
    work: Callable[[Change], Outcome],
    progress: Callable[[Outcome], None],
) -> tuple[Outcome, ...]:
    """Work on several changes at a time, with as many threads as the system has, or none."""
    waiting, taking = iter(enumerate(changes)), Lock()
    done: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()

    def work_off() -> None:
        while True:
            with taking:
                taken = next(waiting, None)
            if taken is None:
                return
            number, change = taken
            done.put((number, work(change)))

    started = [_is_started(Thread(target=work_off)) for _ in changes[:WRITERS]]
    if not any(started):
        work_off()
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(changes):
        number, outcome = done.get()
        outcomes[number] = outcome
        progress(outcome)
    return tuple(outcomes[number] for number in range(len(changes)))


def _is_started(thread: Thread) -> bool:
    """Start a thread; False if the system has no more."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
