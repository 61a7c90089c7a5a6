"""Carry out a plan's changes, several repositories at a time."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from reconciler.apply.model import Outcome, ReaderWriter
from reconciler.apply.run import Run
from reconciler.apply.write import apply_change
from reconciler.plan.model import Change
from reconciler.registry.model import RegistryScope

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
    work any more, no more are begun. Never raises for what AWS answers.
    """

    def work(change: Change) -> Outcome:
        reason = run.reason_to_stop()
        if reason is not None:
            return Outcome(change, "skipped", reason)
        try:
            return apply_change(change, registries[change.target.scope], run)
        except Exception as bug:  # noqa: BLE001 - what became of the others must still be told
            message = f"{type(bug).__name__}: {bug} (a bug; look at what is live)"
            return Outcome(change, "failed", message, written=None)

    outcomes = []
    with ThreadPoolExecutor(WRITERS) as pool:
        for outcome in pool.map(work, changes):
            outcomes.append(outcome)
            progress(outcome)
    return tuple(outcomes)
