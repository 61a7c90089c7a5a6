"""The result of a command: written in the format that was asked for, and its exit code."""

import sys
from collections.abc import Callable, Iterable
from functools import partial

from reconciler.access_file.load import Loaded
from reconciler.apply.model import AS_DESIRED, Done
from reconciler.cli.exits import Exit, worst
from reconciler.cli.option_hints import allowance_option, problems_with_options, refusal_views
from reconciler.cli.options import Format
from reconciler.cli.terminal import (
    is_interactive,
    is_piped,
    note,
    out,
    page_of,
    paint_for,
    print_message,
    show,
)
from reconciler.model.comparison import Comparison
from reconciler.printable import printable
from reconciler.report.comparison import render_comparison, render_comparison_json
from reconciler.report.outcomes import render_outcomes
from reconciler.report.plan_json import render_drift_json, render_outcomes_json, render_plan_json
from reconciler.report.plan_text import Explain, explain_nothing, render_drift, render_plan
from reconciler.report.plan_view import PlanView, view_drift, view_plan
from reconciler.report.problems import render_problems, render_problems_json, render_verdict
from reconciler.report.spans import Paint
from reconciler.workflow import ApplyResult, PlanResult

_BY_OUTCOME = {"stale": Exit.REFUSED, "failed": Exit.FAILED, "skipped": Exit.FAILED}


def exit_of(
    result: Loaded | Comparison | PlanResult | ApplyResult, *, differs: bool = False
) -> Exit:
    """Return the exit code of a result; `differs` is whether it shows a difference that counts."""
    codes = [Exit.DIFFERS] if differs else []
    match result:
        case Loaded():
            codes += [Exit.INVALID] if result.access is None else []
        case Comparison():
            codes += [Exit.INVALID] if result.unreadable else []
            codes += [Exit.DIFFERS] if result.access else []
        case PlanResult():
            codes += _plan_codes(result)
        case ApplyResult():
            codes += [*_plan_codes(result.prepared.result), *_outcome_codes(result)]
    return worst(codes)


def _plan_codes(result: PlanResult) -> Iterable[Exit]:
    if result.refusals:
        yield Exit.REFUSED
    if result.plan.errors:
        yield Exit.FAILED
    if result.fails_unmanaged and result.plan.unmanaged:
        yield Exit.DIFFERS


def _outcome_codes(applied: ApplyResult) -> Iterable[Exit]:
    if applied.refused:
        yield Exit.REFUSED
        return
    prepared, outcomes = applied.prepared, applied.outcomes
    results = {outcome.result for outcome in outcomes}
    written = any(o.written is not Done.NO or o.created is not Done.NO for o in outcomes)
    incomplete = prepared.result.plan.errors or prepared.left_alone or not results <= AS_DESIRED
    if written and (incomplete or applied.unrecorded):
        yield Exit.PARTLY_APPLIED
        return
    if prepared.left_alone:
        yield Exit.REFUSED
    if applied.interrupted or applied.unrecorded:
        yield Exit.FAILED
    yield from (_BY_OUTCOME[result] for result in results if result in _BY_OUTCOME)


def write(
    format_: Format, as_json: Callable[[], str] | None, as_text: Callable[[Paint], str]
) -> bool:
    """Write a result to stdout, and return whether that was text; without `as_json`, only text."""
    if format_ is Format.TEXT:
        show(as_text(paint_for(sys.stdout)))
    elif as_json is not None:
        out(as_json())
    return format_ is Format.TEXT


def show_problems(path: str, checked: Loaded, format_: Format) -> None:
    """Write a file's problems, and whether it is valid."""
    problems = problems_with_options(checked.problems)

    def as_text(paint: Paint) -> str:
        found = render_problems(problems, checked.lines, paint, page_of(sys.stdout))
        return found + render_verdict(path, problems, paint)

    write(format_, partial(render_problems_json, problems), as_text)


def show_comparison(comparison: Comparison, format_: Format) -> None:
    """Write how two policy documents compare."""
    write(
        format_,
        partial(render_comparison_json, comparison),
        partial(render_comparison, comparison),
    )


def plan_json(result: PlanResult) -> str:
    """Return a plan as the JSON text that can be saved and applied."""
    return render_plan_json(view_of(result), result.origin)


def show_plan(result: PlanResult, format_: Format, *, grouped: bool, policies: bool) -> None:
    """Write a plan; `grouped` shows equal changes once, `policies` each policy's JSON as a diff."""
    explain: Explain = explain_nothing
    if policies:
        from reconciler.report.structure import explain_json  # noqa: PLC0415 - costs

        explain = explain_json
    view = view_of(result)
    write(
        format_,
        partial(plan_json, result),
        lambda paint: render_plan(view, paint, explain, grouped=grouped),
    )


def show_before_writing(result: PlanResult, format_: Format, *, sure: bool, grouped: bool) -> None:
    """Show a plan before anything is written: as text on stdout, where that is the format.

    A user who is asked to confirm sees it on stderr where stdout does not show it.
    """
    as_text = partial(render_plan, view_of(result), grouped=grouped)
    is_seen = write(format_, None, as_text) and not is_piped()
    if not sure and is_interactive() and not is_seen:
        print_message(as_text(paint_for(sys.stderr)).rstrip("\n"))


def show_drift(result: PlanResult, format_: Format, *, grouped: bool) -> None:
    """Write how the live access differs from the file."""
    view = view_drift(result.plan, result.display_names)
    write(
        format_,
        lambda: render_drift_json(view, result.origin),
        lambda paint: render_drift(view, paint, grouped=grouped),
    )


def show_outcomes(applied: ApplyResult, format_: Format) -> None:
    """Write what became of each change, and how many repositories were left alone."""
    prepared = applied.prepared
    view = view_of(prepared.result)
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


def show_refusals(result: PlanResult) -> None:
    """Write to stderr what makes a plan fail: each guard's refusal, and unmanaged repositories.

    Before them, the allowances that the plan does not need.
    """
    for unused in result.unused_allowances:
        name = printable(unused.repository)
        note(f"{allowance_option(unused.guard)} {name}: nothing in this plan needs it")
    paint = paint_for(sys.stderr)
    for refusal in refusal_views(result.refusals):
        print_message(f"{paint('error', 'refused')}: {refusal.guard}: {printable(refusal.message)}")
    if result.fails_unmanaged and result.plan.unmanaged:
        count = len(result.plan.unmanaged)
        print_message(f"unmanaged repositories: {count}; the file says that this fails")


def view_of(result: PlanResult) -> PlanView:
    """Return what every format shows of a plan."""
    return view_plan(result.plan, result.display_names, refusal_views(result.refusals))
