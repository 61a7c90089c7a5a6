"""Whether a plan is carried out, and how that went."""

from collections.abc import Mapping, Sequence

from reconciler.apply.execute import Access, Outcome, execute
from reconciler.cli.exits import Exit
from reconciler.cli.signals import finishing_first
from reconciler.cli.survey import Line
from reconciler.cli.terminal import confirm, is_interactive, note, progress_bar
from reconciler.plan.guards import Refusal
from reconciler.plan.model import Change, Plan
from reconciler.registry.model import RegistryScope
from reconciler.registry.writer import RegistryWriter


def reason_to_skip(plan: Plan, refusals: tuple[Refusal, ...], *, sure: bool) -> str | None:
    """Say why nothing is to be written, None to go on; asks where nobody is sure."""
    if refusals:
        return "a guard refused the plan"
    if sure or not plan.changes:
        return None
    if not is_interactive():
        note("refused: apply asks before it writes, and nobody is there to answer; add --yes")
        return "nobody was there to confirm"
    if confirm("Apply these changes?"):
        return None
    note("declined; nothing was written")
    return "declined"


def carry_out(
    changes: tuple[Change, ...], lines: Mapping[RegistryScope, Line], skipped: str | None
) -> tuple[Outcome, ...]:
    """Apply the changes, or none of them where there is a reason to skip."""
    if skipped is not None:
        return tuple(Outcome(change, "skipped", skipped) for change in changes)
    registries = {
        scope: Access(line.reader, RegistryWriter(line.connection, line.pace))
        for scope, line in lines.items()
    }
    done = 0
    with progress_bar("applying") as progress, finishing_first() as stopped:

        def count(_outcome: Outcome) -> None:
            nonlocal done
            done += 1
            progress(done, len(changes))

        return execute(changes, registries, count, stopped)


def exits_of(plan: Plan, outcomes: Sequence[Outcome], skipped: str | None) -> list[Exit]:
    """Give the exit codes that an apply's outcomes call for."""
    if skipped is not None:
        return [Exit.REFUSED]
    results = {outcome.result for outcome in outcomes}
    written = any(outcome.result == "applied" or outcome.written for outcome in outcomes)
    if written and (plan.errors or results != {"applied"}):
        return [Exit.PARTLY_APPLIED]
    codes = {"stale": Exit.REFUSED, "failed": Exit.FAILED, "skipped": Exit.FAILED}
    return [codes[result] for result in results if result in codes]
