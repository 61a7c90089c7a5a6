"""What is shown of a run on a registry: its plan, refusals, events and outcomes."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler import report
from reconciler.cli.option_hints import allowance_option, as_argument
from reconciler.cli.outputs import TEXT, Output, write
from reconciler.cli.progress import progress_bar
from reconciler.cli.terminal import (
    is_interactive,
    note,
    paint_for,
    print_message,
    show,
    show_error,
)
from reconciler.model.registry import RegistryScope
from reconciler.plan.origin import Origin
from reconciler.printable import printable
from reconciler.report.plans.plan_text import (
    no_diff,
    render_drift,
    render_outcomes,
    render_plan,
    render_refusals,
)
from reconciler.report.plans.plan_view import PlanView, RefusalView, view_drift, view_plan
from reconciler.report.text import unbroken
from reconciler.workflow.listener import (
    Event,
    JournalDamaged,
    JournalKept,
    JournalStarted,
    Progress,
    never,
)

if TYPE_CHECKING:
    from reconciler.plan.checks.guards import Refusal
    from reconciler.workflow import ApplyResult, ComputedPlan, PlanResult

_ELSEWHERE = "`--write text=PATH` and `--write json=PATH` write all of it to files."


class Shown(NamedTuple):
    """How a run is shown: its format on stdout, and the other outputs.

    `grouped` shows equal changes of several repositories once.
    """

    format: str
    outputs: Sequence[Output]
    grouped: bool


def show_plan(view: PlanView, origin: Origin, shown: Shown, *, policies: bool) -> None:
    """Write a plan; `policies` shows each policy's JSON as a diff, too."""
    diff = report.diff_of_change if policies else no_diff
    grouped = shown.grouped
    write(
        shown.format,
        lambda paint: render_plan(view, paint, diff, grouped=grouped),
        shown.outputs,
        json=lambda: report.render_plan_json(view, origin),
        html=lambda: report.render_plan_html(view, origin, diff, grouped=grouped),
        markdown=lambda: report.render_plan_markdown(
            view, origin, _ELSEWHERE, diff, grouped=grouped
        ),
        github=lambda: report.render_plan_github(view, origin.path),
    )


def show_before_writing(result: "PlanResult", view: PlanView, shown: Shown, *, sure: bool) -> None:
    """Show a plan, as text on stdout where that is the format, and its refusals.

    A user who is asked to confirm sees the plan on stderr where stdout does not show it.
    """
    as_text = partial(render_plan, view, grouped=shown.grouped)
    if shown.format == TEXT:
        show(as_text(paint_for(sys.stdout)))
    is_seen = shown.format == TEXT and sys.stdout.isatty()
    if not sure and is_interactive() and not is_seen:
        print_message(as_text(paint_for(sys.stderr)))
    show_refusals(result, view)


def show_drift(result: "ComputedPlan", shown: Shown) -> None:
    """Write how the live access differs from the file, and to stderr what else makes it fail."""
    view = view_drift(result.plan, result.display_names, fails_unmanaged=result.fails_unmanaged)
    origin, grouped = result.origin, shown.grouped
    write(
        shown.format,
        lambda paint: render_drift(view, paint, grouped=grouped),
        shown.outputs,
        json=lambda: report.render_drift_json(view, origin),
        html=lambda: report.render_drift_html(view, origin, grouped=grouped),
        markdown=lambda: report.render_drift_markdown(view, origin, _ELSEWHERE, grouped=grouped),
        github=lambda: report.render_drift_github(view, origin.path),
    )
    _show_unmanaged(view)


def show_outcomes(applied: "ApplyResult", view: PlanView, shown: Shown) -> None:
    """Write what became of each change, and how many repositories were left alone."""
    prepared, outcomes = applied.prepared, applied.outcomes
    origin, left_alone = prepared.result.origin, len(prepared.left_alone)
    write(
        shown.format,
        lambda paint: render_outcomes(
            outcomes,
            len(view.plan.errors),
            paint,
            prepared.command.capitalize(),
            left_alone,
            registries=view.registries,
        ),
        shown.outputs,
        json=lambda: report.render_outcomes_json(view, outcomes, origin),
        markdown=lambda: report.render_outcomes_markdown(
            view,
            outcomes,
            origin,
            _ELSEWHERE,
            command=prepared.command,
            left_alone=left_alone,
            grouped=shown.grouped,
        ),
    )


def show_refusals(result: "PlanResult", view: PlanView) -> None:
    """Write to stderr what makes a plan fail: each guard's refusal, and unmanaged repositories.

    Before them, the allowances that the plan does not need.
    """
    for unused in result.unused_allowances:
        name = printable(unused.repository)
        note(f"{allowance_option(unused.guard)} {name} has no effect on this plan")
    if view.refusals:
        print_message(render_refusals(view.refusals, paint_for(sys.stderr)))
    _show_unmanaged(view)


def _show_unmanaged(view: PlanView) -> None:
    if view.unmanaged_failure:
        print_message(view.unmanaged_failure)


def refusal_views(
    refusals: "Iterable[Refusal]", registries: Mapping[RegistryScope, str] = MappingProxyType({})
) -> tuple[RefusalView, ...]:
    """Return each refusal with the option that allows it.

    Of several registries, whose names are `registries`, it begins with the registry's.
    """
    return tuple(
        RefusalView(
            one.guard,
            f"{_registry_of(one, registries)}{one.message}",
            f"{allowance_option(one.guard)} {one.target.repository if one.target else one.figure}",
        )
        for one in refusals
    )


def _registry_of(refusal: "Refusal", registries: Mapping[RegistryScope, str]) -> str:
    name = registries.get(refusal.target.scope) if refusal.target else refusal.registry
    return f"in {name}: " if name else ""


def view_of(result: "PlanResult") -> PlanView:
    """Return what every format shows of a plan."""
    names = result.display_names
    refusals = refusal_views(result.refusals, names.registries)
    return view_plan(result.plan, names, refusals, fails_unmanaged=result.fails_unmanaged)


class TerminalListener:
    """Shows events and progress."""

    def notify(self, event: Event) -> None:
        """Show an event as a note, a damaged journal as an error."""
        match event:
            case JournalDamaged():
                show_error(str(event), event.extent)
            case JournalStarted(path):
                note(f"journal: {unbroken(printable(str(path)))}")
            case JournalKept(path):
                note(f"to undo: {unbroken(f'reconcile rollback {as_argument(path)}')}")
            case _:
                note(printable(str(event)))

    def progress(
        self, task: str, is_held_back: Callable[[], bool] = never
    ) -> AbstractContextManager[Progress]:
        """Show a bar where the task takes a while."""
        return progress_bar(printable(task), is_held_back)
