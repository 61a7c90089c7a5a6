"""The results that show access: comparisons, plans, drift and outcomes."""

import sys
from collections.abc import Iterable
from functools import partial

from reconciler.cli.option_hints import allowance_option
from reconciler.cli.options import Format, PageFormat
from reconciler.cli.results import write
from reconciler.cli.terminal import (
    is_interactive,
    is_piped,
    note,
    paint_for,
    print_message,
)
from reconciler.model.comparison import Comparison
from reconciler.plan.guards import Refusal
from reconciler.plan.saved_plan import Origin
from reconciler.printable import printable
from reconciler.report.comparison import render_comparison, render_comparison_json
from reconciler.report.outcomes import render_outcomes
from reconciler.report.plan_json import render_drift_json, render_outcomes_json, render_plan_json
from reconciler.report.plan_text import (
    PolicyDiff,
    no_diff,
    render_drift,
    render_plan,
    render_refusals,
)
from reconciler.report.plan_view import PlanView, RefusalView, view_drift, view_plan
from reconciler.report.words import number_of
from reconciler.workflow import ApplyResult, ComputedPlan, PlanResult


def show_comparison(comparison: Comparison, format_: Format) -> None:
    """Write how two policy documents compare."""
    write(
        format_,
        partial(render_comparison_json, comparison),
        partial(render_comparison, comparison),
    )


def show_plan(
    view: PlanView, origin: Origin, format_: PageFormat, *, grouped: bool, policies: bool
) -> None:
    """Write a plan; `grouped` shows equal changes once, `policies` each policy's JSON as a diff."""
    diff: PolicyDiff = no_diff
    if policies:
        from reconciler.report.policy_diff import diff_of_change  # noqa: PLC0415 - costs

        diff = diff_of_change
    write(
        format_,
        partial(render_plan_json, view, origin),
        lambda paint: render_plan(view, paint, diff, grouped=grouped),
        lambda: _plan_html(view, origin, diff, grouped=grouped),
    )


def show_before_writing(
    result: PlanResult, view: PlanView, format_: Format, *, sure: bool, grouped: bool
) -> None:
    """Show a plan, as text on stdout where that is the format, and its refusals.

    A user who is asked to confirm sees the plan on stderr where stdout does not show it.
    """
    as_text = partial(render_plan, view, grouped=grouped)
    is_seen = write(format_, None, as_text) and not is_piped()
    if not sure and is_interactive() and not is_seen:
        print_message(as_text(paint_for(sys.stderr)).rstrip("\n"))
    show_refusals(result, view)


def show_drift(result: ComputedPlan, format_: PageFormat, *, grouped: bool) -> None:
    """Write how the live access differs from the file."""
    view = view_drift(result.plan, result.display_names)
    write(
        format_,
        lambda: render_drift_json(view, result.origin),
        lambda paint: render_drift(view, paint, grouped=grouped),
        lambda: _drift_html(view, result.origin, grouped=grouped),
    )


def _plan_html(view: PlanView, origin: Origin, diff: PolicyDiff, *, grouped: bool) -> str:
    from reconciler.report.html.plan_page import render_plan_html  # noqa: PLC0415 - an extra

    return render_plan_html(view, origin, diff, grouped=grouped)


def _drift_html(view: PlanView, origin: Origin, *, grouped: bool) -> str:
    from reconciler.report.html.plan_page import render_drift_html  # noqa: PLC0415 - an extra

    return render_drift_html(view, origin, grouped=grouped)


def show_outcomes(applied: ApplyResult, view: PlanView, format_: Format) -> None:
    """Write what became of each change, and how many repositories were left alone."""
    prepared = applied.prepared
    write(
        format_,
        lambda: render_outcomes_json(view, applied.outcomes, prepared.result.origin),
        lambda paint: render_outcomes(
            applied.outcomes,
            len(view.plan.errors),
            paint,
            prepared.command.capitalize(),
            len(prepared.left_alone),
        ),
    )


def show_refusals(result: PlanResult, view: PlanView) -> None:
    """Write to stderr what makes a plan fail: each guard's refusal, and what `show_unmanaged` says.

    Before them, the allowances that the plan does not need.
    """
    for unused in result.unused_allowances:
        name = printable(unused.repository)
        note(f"{allowance_option(unused.guard)} {name} has no effect on this plan")
    if view.refusals:
        shown = render_refusals(view.refusals, paint_for(sys.stderr))
        print_message(shown.rstrip("\n"))
    show_unmanaged(result)


def show_unmanaged(result: ComputedPlan) -> None:
    """Write to stderr how many repositories are unmanaged, where the file makes that a failure."""
    if result.fails_unmanaged and result.plan.unmanaged:
        are = number_of(len(result.plan.unmanaged), "repository is", "repositories are")
        print_message(f"{are} not in the file, which 'unmanaged.repositories: fail' forbids")


def refusal_views(refusals: Iterable[Refusal]) -> tuple[RefusalView, ...]:
    """Return each refusal as one line that ends with the option that allows it."""
    return tuple(
        RefusalView(
            refusal.guard,
            f"{refusal.message}; {allowance_option(refusal.guard)} "
            f"{refusal.target.repository if refusal.target else refusal.figure} allows it once",
        )
        for refusal in refusals
    )


def view_of(result: PlanResult) -> PlanView:
    """Return what every format shows of a plan."""
    return view_plan(result.plan, result.display_names, refusal_views(result.refusals))
