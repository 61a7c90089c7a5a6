"""Applying a plan's changes, several at a time, each after those that it relies on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import SimpleQueue
from threading import Event, Lock, Thread

from reconciler.apply.apply_change import apply_change
from reconciler.apply.model import AS_DESIRED, Done, Outcome, ReaderWriter, Run
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Change
from reconciler.printable import redacted


def execute(
    changes: Iterable[Change],
    registries: Mapping[RegistryScope, ReaderWriter],
    run: Run,
    progress: Callable[[Outcome], None],
) -> tuple[Outcome, ...]:
    """Apply changes and return their outcomes, in the same order.

    As many are worked on at once as each of the registries' writers can update at once. A change
    begins once those that it relies on have ended, and not at all if one of them is not in
    force then. Otherwise the others go on after a failure; once the run is to stop, or no call can
    work any more, no more begin. `progress` is called with each outcome as it comes. Never raises
    for an error of AWS.
    """

    def work(change: Change, relied_on: Sequence[Outcome]) -> Outcome:
        scope = change.target.scope
        reason = run.reason_to_stop(scope) or _unmet(relied_on)
        if reason is not None:
            return Outcome(change, "skipped", reason)
        try:
            return apply_change(change, registries[scope], run)
        except Exception as bug:  # noqa: BLE001 - the others' outcomes must still be reported
            message = redacted(f"{type(bug).__name__}: {bug} (a bug; check the live policy)")
            return Outcome(change, "failed", message, written=Done.UNKNOWN)

    planned = tuple(changes)
    at_once = min((registry.writer.writes_at_once for registry in registries.values()), default=0)
    outcomes = _in_threads(_in_order(planned), work, progress, at_once)
    return tuple(outcomes[change.target] for change in planned)


_AfterTargets = tuple[Change, tuple[Target, ...]]
"""A change, and the targets of earlier ones that it waits for."""


def _in_order(changes: Sequence[Change]) -> list[_AfterTargets]:
    """Sort changes so that each follows those that it relies on; else their order is kept.

    Where some rely on each other, each waits for the earlier ones only.
    """
    left = {change.target: change for change in changes}
    ordered: dict[Target, Change] = {}
    while left:
        ready = [one for one in left.values() if left.keys().isdisjoint(one.relies_on)]
        for one in ready or list(left.values()):
            ordered[one.target] = left.pop(one.target)
    place = {target: number for number, target in enumerate(ordered)}
    return [
        (change, tuple(t for t in change.relies_on if place.get(t, number) < number))
        for number, change in enumerate(ordered.values())
    ]


def _unmet(relied_on: Iterable[Outcome]) -> str | None:
    """Return why a change may not begin; None where all that it relies on is in force."""
    for outcome in relied_on:
        if outcome.result not in AS_DESIRED:
            return f"relies on {outcome.change.target}, which was not applied"
    return None


def _in_threads(
    ordered: Sequence[_AfterTargets],
    work: Callable[[Change, Sequence[Outcome]], Outcome],
    progress: Callable[[Outcome], None],
    at_once: int,
) -> Mapping[Target, Outcome]:
    """Work on so many changes at a time, or with as many threads as the system has, or none.

    A thread may wait for others only: what it waits for was taken before.
    """
    waiting, taking = iter(ordered), Lock()
    ended = {change.target: Event() for change, _ in ordered}
    outcomes: dict[Target, Outcome] = {}
    done: SimpleQueue[Outcome] = SimpleQueue()

    def work_off() -> None:
        while True:
            with taking:
                taken = next(waiting, None)
            if taken is None:
                return
            change, after = taken
            for target in after:
                ended[target].wait()
            outcome = work(change, [outcomes[target] for target in after])
            outcomes[change.target] = outcome
            ended[change.target].set()
            done.put(outcome)

    started = [_is_started(Thread(target=work_off)) for _ in ordered[:at_once]]
    if not any(started):
        work_off()
    for _ in ordered:
        progress(done.get())
    return outcomes


def _is_started(thread: Thread) -> bool:
    """Start a thread; False if the system has no more."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
