"""Whether a plan is carried out, and how that went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reconciler.apply.execute import execute
from reconciler.apply.model import AS_DESIRED, Done, Journal, Outcome, ReaderWriter
from reconciler.apply.rejected_principals import Probe, name_missing
from reconciler.apply.retry import Deadline
from reconciler.apply.run import Run
from reconciler.cli.exits import Exit
from reconciler.cli.signals import Interrupt, hold_signals
from reconciler.cli.survey import Line
from reconciler.cli.terminal import confirm, is_interactive, note, progress_bar, tell
from reconciler.model.registry import RegistryScope
from reconciler.plan.guards import Refusal
from reconciler.plan.model import Change, Plan
from reconciler.registry.writer import RegistryWriter


def reason_to_skip(
    changes: Sequence[Change], refusals: Sequence[Refusal], *, sure: bool
) -> str | None:
    """Say why nothing is to be written, None to go on; asks for confirmation unless `sure`.

    Raises Interrupt where Ctrl-C is the answer.
    """
    if refusals:
        return "a guard refused the plan"
    if sure or not changes:
        return None
    if not is_interactive():
        tell("refused: this needs confirmation, and no terminal is there to ask on; add --yes")
        return "nobody was there to confirm"
    try:
        if confirm("Apply these changes?"):
            return None
    except Interrupt:
        tell("")
        raise Interrupt("interrupted; nothing was written") from None
    tell("declined; nothing was written")
    return "declined"


@dataclass(frozen=True, slots=True)
class Carried:
    """The outcomes of changes that were carried out.

    `interrupted` tells that a signal came meanwhile, `unrecorded` that the journal was damaged.
    """

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    unrecorded: bool = False


def skip(changes: Sequence[Change], reason: str) -> Carried:
    """Give the outcomes of changes none of which is carried out."""
    return Carried(tuple(Outcome(change, "skipped", reason) for change in changes))


def carry_out(
    changes: Sequence[Change],
    lines: Mapping[RegistryScope, Line],
    journal: Journal,
    *,
    wait: float,
    probe_repository: str | None = None,
) -> Carried:
    """Apply the changes; `wait` is how many seconds a new role is waited for."""
    writers = {
        scope: RegistryWriter(line.connection, line.pace, line.reader)
        for scope, line in lines.items()
    }
    registries = {scope: ReaderWriter(line.reader, writers[scope]) for scope, line in lines.items()}
    done = 0
    stopped = hold_signals()
    with progress_bar("applying") as progress:

        def count(_outcome: Outcome) -> None:
            nonlocal done
            done += 1
            progress(done, len(changes))

        new_deadline = partial(Deadline, stopped=stopped)
        waiting = f"waiting up to {wait:g} s for new roles that AWS does not know yet"
        deadline = new_deadline(wait, on_first_wait=partial(note, waiting))
        run = Run(journal, deadline, stopped, new_deadline)
        outcomes = execute(changes, registries, run, count)

        def halted() -> bool:
            return run.reason_to_halt() is not None

        probes = {
            scope: Probe(probe_repository, lines[scope].reader, writer, halted, new_deadline)
            for scope, writer in writers.items()
            if probe_repository is not None and not halted()
        }
        outcomes = name_missing(outcomes, probes)
        return Carried(outcomes, stopped(), journal.damage() is not None)


def exits_of(plan: Plan, carried: Carried) -> list[Exit]:
    """Give the exit codes that the outcomes of changes that were carried out call for."""
    results = {outcome.result for outcome in carried.outcomes}
    in_part = plan.errors or carried.unrecorded or not results <= AS_DESIRED
    if may_be_written(carried) and in_part:
        return [Exit.PARTLY_APPLIED]
    codes = {"stale": Exit.REFUSED, "failed": Exit.FAILED, "skipped": Exit.FAILED}
    ended_early = [Exit.FAILED] if carried.interrupted or carried.unrecorded else []
    return ended_early + [codes[result] for result in results if result in codes]


def may_be_written(carried: Carried) -> bool:
    """Tell whether anything was written or made, or may have been."""
    return any(
        outcome.written is not Done.NO or outcome.created is not Done.NO
        for outcome in carried.outcomes
    )
