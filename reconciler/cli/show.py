"""Show a plan, in the format that was asked for."""

import hashlib
import sys
from collections.abc import Iterable, Sequence

from reconciler import __version__
from reconciler.apply.model import Outcome
from reconciler.cli.load import AccessSource
from reconciler.cli.options import Format
from reconciler.cli.survey import Survey
from reconciler.cli.terminal import is_interactive, is_piped, out, paint_for, show, tell
from reconciler.plan.guards import Refusal
from reconciler.plan.saved_plan import Origin
from reconciler.printable import printable
from reconciler.report.outcomes import render_outcomes
from reconciler.report.plan_json import render_drift_json, render_outcomes_json, render_plan_json
from reconciler.report.plan_text import Explain, explain_nothing, render_drift, render_plan
from reconciler.report.plan_view import PlanView, view_drift, view_plan


def show_plan(
    view: PlanView,
    origin: Origin,
    format_: Format,
    explain: Explain = explain_nothing,
    *,
    grouped: bool,
) -> None:
    """Write the plan to stdout; `explain` tells each policy's JSON, in text.

    `grouped` tells equal changes once.
    """
    if format_ is Format.JSON:
        out(render_plan_json(view, origin))
    else:
        show(render_plan(view, paint_for(sys.stdout), explain, grouped=grouped))


def show_before_writing(view: PlanView, format_: Format, *, sure: bool, grouped: bool) -> None:
    """Show a plan before anything is written: as text on stdout, where that is the format.

    Whoever is asked sees it on stderr where stdout does not show it.
    """
    if format_ is Format.TEXT:
        show(render_plan(view, paint_for(sys.stdout), grouped=grouped))
    if not sure and is_interactive() and (format_ is not Format.TEXT or is_piped()):
        tell(render_plan(view, paint_for(sys.stderr), grouped=grouped).rstrip("\n"))


def show_drift(survey: Survey, source: AccessSource, format_: Format, *, grouped: bool) -> None:
    """Write how the live access differs to stdout."""
    view = view_drift(survey.plan, survey.display_names)
    if format_ is Format.JSON:
        out(render_drift_json(view, origin_of(source)))
    else:
        show(render_drift(view, paint_for(sys.stdout), grouped=grouped))


def show_outcomes(
    outcomes: Sequence[Outcome],
    view: PlanView,
    origin: Origin,
    format_: Format,
    *,
    command: str = "Apply",
    left_alone: int = 0,
) -> None:
    """Write what became of each change to stdout, and how many others were left alone."""
    if format_ is Format.JSON:
        out(render_outcomes_json(view, outcomes, origin))
    else:
        paint = paint_for(sys.stdout)
        show(render_outcomes(outcomes, len(view.plan.errors), paint, command, left_alone))


def show_refusals(refusals: Iterable[Refusal]) -> None:
    """Write each guard's refusal to stderr, one line each."""
    paint = paint_for(sys.stderr)
    for refusal in refusals:
        tell(f"{paint('error', 'refused')}: {refusal.guard}: {printable(refusal.message)}")


def view_of(found: Survey) -> PlanView:
    """Give what every format says of a plan."""
    return view_plan(found.plan, found.display_names, found.refusals)


def origin_of(source: AccessSource) -> Origin:
    """Say which file a plan is made from."""
    registry = source.access.registry
    sha256 = hashlib.sha256(source.content).hexdigest()
    return Origin(__version__, source.path, sha256, registry.account, registry.regions)
