"""Show a plan, in the format that was asked for."""

import hashlib
import sys
from collections.abc import Iterable

from reconciler import __version__
from reconciler.apply.model import Outcome
from reconciler.cli.load import AccessSource
from reconciler.cli.options import Format
from reconciler.cli.survey import Survey
from reconciler.cli.terminal import out, paint_for, show, tell
from reconciler.plan.guards import Refusal
from reconciler.printable import printable
from reconciler.report.outcomes import OutcomeView, render_outcomes, render_outcomes_json
from reconciler.report.plan_json import Origin, render_drift_json, render_plan_json
from reconciler.report.plan_text import Explain, explain_nothing, render_drift, render_plan
from reconciler.report.plan_view import view_drift, view_plan


def show_plan(
    survey: Survey,
    source: AccessSource,
    format_: Format,
    explain: Explain = explain_nothing,
    *,
    grouped: bool,
) -> None:
    """Write the plan to stdout; `explain` tells each policy's JSON, in text.

    `grouped` tells equal changes once.
    """
    if format_ is Format.JSON:
        out(plan_text(survey, source))
    else:
        view = view_plan(survey.plan, survey.vocabulary, survey.refusals)
        show(render_plan(view, paint_for(sys.stdout), explain, grouped=grouped))


def plan_text(survey: Survey, source: AccessSource) -> str:
    """Give the plan as it is saved: as JSON, with its digest."""
    return render_plan_json(
        view_plan(survey.plan, survey.vocabulary, survey.refusals), origin_of(source)
    )


def note_plan(survey: Survey, *, grouped: bool) -> None:
    """Tell the plan on stderr: whoever is asked must have seen it, whatever stdout is for."""
    view = view_plan(survey.plan, survey.vocabulary, survey.refusals)
    tell(render_plan(view, paint_for(sys.stderr), grouped=grouped).rstrip("\n"))


def show_drift(survey: Survey, source: AccessSource, format_: Format, *, grouped: bool) -> None:
    """Write how the live access differs to stdout."""
    view = view_drift(survey.plan, survey.vocabulary)
    if format_ is Format.JSON:
        out(render_drift_json(view, origin_of(source)))
    else:
        show(render_drift(view, paint_for(sys.stdout), grouped=grouped))


def outcome_views(outcomes: Iterable[Outcome]) -> list[OutcomeView]:
    """Give what reports say of outcomes."""
    return [
        OutcomeView(
            outcome.change.target.repository,
            outcome.change.target.scope.region,
            outcome.change.change,
            outcome.result,
            outcome.error,
        )
        for outcome in outcomes
    ]


def show_outcomes(
    outcomes: Iterable[Outcome], survey: Survey, source: AccessSource, format_: Format
) -> None:
    """Write what became of each change to stdout."""
    views = outcome_views(outcomes)
    if format_ is Format.JSON:
        view = view_plan(survey.plan, survey.vocabulary, survey.refusals)
        out(render_outcomes_json(view, views, origin_of(source)))
    else:
        show(render_outcomes(views, len(survey.plan.errors), paint_for(sys.stdout)))


def show_refusals(refusals: tuple[Refusal, ...]) -> None:
    """Write each guard's refusal to stderr, one line each."""
    paint = paint_for(sys.stderr)
    for refusal in refusals:
        tell(f"{paint('error', 'refused')}: {refusal.guard}: {printable(refusal.message)}")


def origin_of(source: AccessSource) -> Origin:
    """Say which file a plan is made from."""
    registry = source.access.registry
    sha256 = hashlib.sha256(source.content).hexdigest()
    return Origin(__version__, source.path, sha256, registry.account, registry.regions)
