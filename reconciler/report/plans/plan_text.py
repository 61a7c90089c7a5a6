"""A plan, drift, or the outcomes of an apply as text for people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.model.registry import RegistryScope
from reconciler.plan.model import NO_SCOPE, Change, Plan
from reconciler.printable import number_of, unmistakable
from reconciler.report.plans.access import Describe, cause_mark, render_access
from reconciler.report.plans.failures import errors_by_cause, is_whole, outcomes_by_cause
from reconciler.report.plans.figures import (
    drift_counts,
    drift_summary,
    outcome_counts,
    outcomes_summary,
    plan_counts,
    plan_summary,
)
from reconciler.report.plans.plan_view import (
    ChangeView,
    PlanView,
    RefusalView,
    by_scope,
    equal_changes,
    raw_lines,
    registry_title,
    split_view,
)
from reconciler.report.text import Line, Paint, Role, Span, render, shown_width
from reconciler.report.words import MOST_NAMES, listed, subject_name, target_name

if TYPE_CHECKING:
    from reconciler.apply.model import Outcome

_MARGIN = 56
_DIFF_ROLES: Mapping[str, Role] = {"+": "added", "-": "removed", "@": "hint"}
_Body = tuple[Line, ...]

PolicyDiff = Callable[[Change], Iterable[str]]
"""Returns the lines of a unified diff of a change's policies as JSON."""

_ROLES: dict[str, Role] = {"applied": "added", "failed": "error", "stale": "warning"}


def no_diff(_change: Change) -> Iterable[str]:
    """Return no lines: the access is enough."""
    return ()


def render_plan(
    view: PlanView, paint: Paint, diff: PolicyDiff = no_diff, *, grouped: bool = True
) -> str:
    """Render a plan: its changes, findings and errors.

    `grouped` shows equal changes of several repositories once.
    """
    return _render(view, paint, diff, plan_summary(view), plan_counts, grouped=grouped)


def render_drift(view: PlanView, paint: Paint, *, grouped: bool = True) -> str:
    """Render drift: how the live access differs from the file."""
    return _render(view, paint, no_diff, drift_summary(view), drift_counts, grouped=grouped)


def render_refusals(refusals: Iterable[RefusalView], paint: Paint) -> str:
    """Render one line for each refusal."""
    refused = Span("refused", "error")
    return render(((refused, ": ", one.guard, ": ", one.message) for one in refusals), paint)


def _render(
    view: PlanView,
    paint: Paint,
    diff: PolicyDiff,
    summary: str,
    counts: Callable[[PlanView], str],
    *,
    grouped: bool,
) -> str:
    """Render a plan or drift; of several registries, each region under a heading of its own."""
    blocks: list[Sequence[Line]] = []
    for scope, part in split_view(view, lambda scope: scope).items():
        errors = tuple(one for one in part.plan.errors if not is_whole(one.target))
        own = part.plan._replace(errors=errors)
        notes = list(_notes(own))
        if part.changes or notes:
            title = registry_title(view.registries[scope], scope)
            blocks.append([(Span(title, "heading"), f": {counts(part)}")])
            blocks += [*_changes(part, diff, grouped=grouped), notes]
    if view.registries:
        common = _notes(_common(view.plan), view.registries)
    else:
        blocks += _changes(view, diff, grouped=grouped)
        common = _notes(view.plan)
    blocks.append([*common, *([(Span(view.limit, "warning"),)] if view.limit else [])])
    by_name = split_view(view, lambda scope: view.registries[scope])
    names = {name: counts(part) for name, part in by_name.items()}
    causes: list[Line] = [(view.causes,)] if view.causes else []
    blocks.append([(summary,), *_by_registry(names), *causes])
    return "\n".join(render(block, paint) for block in blocks if block)


def _common(plan: Plan) -> Plan:
    """Return what is said once of several registries: of none in particular, or of whole ones."""
    return Plan(
        findings=tuple(one for one in plan.findings if one.scope == NO_SCOPE),
        errors=tuple(one for one in plan.errors if is_whole(one.target)),
    )


def _by_registry(counts: Mapping[str, str]) -> Iterable[Line]:
    """Return a line for each of several registries."""
    width = max(map(shown_width, counts), default=0)
    for name, words in counts.items():
        yield "  ", Span(name, width=width), "  ", words


def _changes(view: PlanView, diff: PolicyDiff, *, grouped: bool) -> Iterable[list[Line]]:
    bodies = (
        (change, tuple(_change_lines(change, view.wording.describe, diff)))
        for change in view.changes
    )
    return _blocks(bodies, grouped=grouped)


def _blocks(bodies: Iterable[tuple[ChangeView, _Body]], *, grouped: bool) -> Iterable[list[Line]]:
    """Return a block for each change; where grouped, one for equal changes of one region."""
    for views, body in equal_changes(bodies, grouped=grouped):
        yield [*_heading(views), *body]


def _heading(views: Sequence[ChangeView]) -> Iterable[Line]:
    """Name the repositories of equal changes: all of them where there is any risk."""
    first, scope = views[0].change, views[0].change.target.scope
    names = [view.change.target.repository for view in views]
    title = target_name(first.target) if len(names) == 1 else f"{len(names)} repositories"
    space = " " * max(_MARGIN - len(title), 2)
    yield Span(title, "heading"), space, f"{scope.account} {scope.region}"
    if len(names) > 1:
        risky = views[0].risks or first.unreadable
        yield "  ", listed(names, len(names) if risky else MOST_NAMES)


def _change_lines(view: ChangeView, describe: Describe, diff: PolicyDiff) -> Iterable[Line]:
    change = view.change
    if change.unreadable:
        notice = "  ! the live policy is not understood; it is replaced as a whole:"
        yield Span(notice, "warning"), *cause_mark(view.cause_beside)
        yield from (("    ", line) for line in raw_lines(change.unreadable.text))
    for text in view.beside:
        yield (
            "  ",
            Span("*", "added" if change.change == "create" else "changed"),
            " ",
            text,
            *cause_mark(view.cause_beside),
        )
    yield from render_access(view.lines, describe)
    for note in view.notes:
        yield (Span(f"    {note}", "faint"),)
    for risk in view.risks:
        yield (Span(f"  ! {risk.name}: {risk.words}", "warning"),)
    for sid in change.kept:
        kept = unmistakable(sid) if sid else "a statement without Sid"
        yield (Span(f"    kept: {kept}", "faint"),)
    for line in diff(change):
        yield "      ", Span(line, _DIFF_ROLES.get(line[:1]))


def _notes(
    plan: Plan, registries: Mapping[RegistryScope, str] = MappingProxyType({})
) -> Iterable[Line]:
    """Return the findings, the errors, and the unmanaged repositories."""
    for finding in plan.findings:
        region = f" ({finding.scope.region})" if finding.scope.region else ""
        where = f"{subject_name(finding.subject, finding.repository)}{region}"
        yield where, ": ", Span("finding", "warning"), ": ", f"{finding.rule}: {finding.message}"
    yield from _error_lines(plan, registries)
    if names := plan.unmanaged_names:
        count = number_of(len(names), "unmanaged repository", "unmanaged repositories")
        yield f"{count}: ", listed(names, MOST_NAMES)


def _error_lines(plan: Plan, registries: Mapping[RegistryScope, str]) -> Iterable[Line]:
    error = Span("error", "error")
    for cause in errors_by_cause(plan.errors, registries):
        if cause.is_of_one:
            yield cause.names, ": ", error, ": ", cause.kind, ": ", cause.message
            continue
        count = f"{len(cause.targets):,} repositories: {cause.names}"
        yield error, ": ", cause.kind, ": ", cause.of_call or f"{count}: {cause.why}"


def render_outcomes(
    outcomes: Sequence["Outcome"],
    errors: int,
    paint: Paint,
    command: str = "Apply",
    left_alone: int = 0,
    *,
    registries: Mapping[RegistryScope, str] = MappingProxyType({}),
) -> str:
    """Render the outcome of each change, and a summary; nothing where there was no change.

    `errors` counts the repositories that could not be planned, `left_alone` those that others have
    changed since. `registries` are the names of several, whose outcomes are grouped.
    """
    if not outcomes:
        return ""
    summary: Line = (
        outcomes_summary(
            outcomes,
            command,
            f"{left_alone} left alone (see the findings above)" if left_alone else "",
            f"{errors} not planned (see the errors above)" if errors else "",
        ),
    )
    if len({(outcome.result, outcome.error) for outcome in outcomes}) == 1 and (
        outcomes[0].result == "skipped"
    ):
        return render([(), summary], paint)
    lines = list(_by_region(outcomes, registries)) if registries else [(), *_lines(outcomes)]
    of_registries = ((one.change.target.scope, one) for one in outcomes) if registries else ()
    by_name = by_scope(lambda scope: registries[scope], of_registries)
    names = {name: outcome_counts(found) for name, found in by_name.items()}
    return render([*lines, (), summary, *_by_registry(names)], paint)


def _by_region(
    outcomes: Iterable["Outcome"], registries: Mapping[RegistryScope, str]
) -> Iterable[Line]:
    """Return the outcomes in each region of several registries under a heading of its own."""
    own = by_scope(lambda scope: scope, ((one.change.target.scope, one) for one in outcomes))
    for scope, found in own.items():
        yield ()
        yield Span(registry_title(registries[scope], scope), "heading"), ":"
        yield from _lines(found)


def _lines(outcomes: Sequence["Outcome"]) -> Iterable[Line]:
    """Return a line for each outcome without an error, and one for each cause of the others."""
    width = max(map(len, ("applied", *(outcome.result for outcome in outcomes))))
    for cause in outcomes_by_cause(outcomes):
        role = _ROLES.get(cause.kind, "faint")
        result = Span(cause.kind, role, width)
        if not cause.text:
            for target in cause.targets:
                yield result, "  ", target_name(target), f" ({cause.where})"
        elif cause.is_of_one:
            yield result, "  ", cause.names, ": ", cause.message
        elif cause.of_call:
            yield result, "  ", cause.of_call
        else:
            count = f"{len(cause.targets):,} repositories "
            yield count, Span(cause.kind, role), ": ", cause.why, ": ", cause.names
