"""A plan, drift, or the outcomes of an apply as text for people."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.apply.model import Outcome
from reconciler.model.registry import Subject
from reconciler.plan.model import Change, ChangeKind
from reconciler.printable import some_of, unmistakable
from reconciler.report.access import Describe, LineKind, render_access
from reconciler.report.plan_view import (
    POLICIES,
    ChangeView,
    Failure,
    PlanView,
    RefusalView,
    by_cause,
    equal_changes,
)
from reconciler.report.text import Line, Paint, Role, Span, render
from reconciler.report.words import (
    MOST_NAMES,
    NOUNS,
    listed,
    number_of,
    subject_name,
    target_name,
)

_MARGIN = 56
_MOST_RAW = 2_000
_DIFF_ROLES: Mapping[str, Role] = {"+": "added", "-": "removed", "@": "hint"}
_RARE_KINDS: tuple[LineKind, ...] = ("narrowed", "changed")
_Body = tuple[Line, ...]

PolicyDiff = Callable[[Change], Iterable[str]]
"""Returns the lines of a unified diff of a change's policies as JSON."""

_ROLES: dict[str, Role] = {"applied": "added", "failed": "error", "stale": "warning"}
_TEMPLATE: Subject = "creation-template"
_SET = ("policy set", "policies set")
_DONE: Mapping[tuple[bool, ChangeKind], tuple[str, str]] = {
    (False, "set"): _SET,
    (False, "delete"): ("policy removed", "policies removed"),
    (False, "create"): ("repository created", "repositories created"),
    (True, "create"): ("template created", "templates created"),
    (True, "set"): ("template updated", "templates updated"),
    (True, "delete"): ("template removed", "templates removed"),
}
"""What was done, for policies and repositories, and for creation templates."""

_VERBS: Mapping[ChangeKind, str] = {"create": "create", "set": "update", "delete": "remove"}


def no_diff(_change: Change) -> Iterable[str]:
    """Return no lines: the access is enough."""
    return ()


def render_plan(
    view: PlanView, paint: Paint, diff: PolicyDiff = no_diff, *, grouped: bool = True
) -> str:
    """Render a plan: its changes, findings and errors.

    `grouped` shows equal changes of several repositories once.
    """
    return _render(view, paint, diff, _plan_summary(view), grouped=grouped)


def render_drift(view: PlanView, paint: Paint, *, grouped: bool = True) -> str:
    """Render drift: how the live access differs from the file."""
    return _render(view, paint, no_diff, _drift_summary(view), grouped=grouped)


def render_refusals(refusals: Iterable[RefusalView], paint: Paint) -> str:
    """Render one line for each refusal."""
    refused = Span("refused", "error")
    return render(((refused, ": ", one.guard, ": ", one.message) for one in refusals), paint)


def _render(view: PlanView, paint: Paint, diff: PolicyDiff, summary: str, *, grouped: bool) -> str:
    bodies = (
        (change, tuple(_change_lines(change, view.wording.describe, diff)))
        for change in view.changes
    )
    end: list[Line] = [(summary,)]
    blocks = [*_blocks(bodies, grouped=grouped), list(_notes(view)), end]
    return "\n".join(render(block, paint) for block in blocks if block)


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
        yield (Span(notice, "warning"),)
        yield from _raw_lines(change.unreadable.text)
    for text in view.beside:
        yield "  ", Span("*", "added" if change.change == "create" else "changed"), " ", text
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


def _raw_lines(text: str) -> Iterable[Line]:
    for line in text[:_MOST_RAW].splitlines():
        yield "    | ", line
    if len(text) > _MOST_RAW:
        yield (f"    | … {len(text) - _MOST_RAW:,} more characters",)


def _notes(view: PlanView) -> Iterable[Line]:
    for finding in view.plan.findings:
        region = f" ({finding.region})" if finding.region else ""
        where = f"{subject_name(finding.subject, finding.repository)}{region}"
        yield where, ": ", Span("finding", "warning"), ": ", f"{finding.rule}: {finding.message}"
    yield from _error_lines(view)
    unmanaged = view.plan.unmanaged_names
    if unmanaged:
        count = number_of(len(unmanaged), "repository", "repositories")
        yield f"{count} not in the file: ", listed(unmanaged, MOST_NAMES)
    if view.limit:
        yield (Span(view.limit, "warning"),)


def _error_lines(view: PlanView) -> Iterable[Line]:
    error = Span("error", "error")
    for cause in by_cause(Failure(e.target, e.rule, e.message) for e in view.plan.errors):
        if len(cause.targets) == 1:
            yield cause.names, ": ", error, ": ", cause.kind, ": ", cause.message
            continue
        count = f"{len(cause.targets)} repositories: {cause.names}"
        yield error, ": ", cause.kind, ": ", cause.of_call or f"{count}: {cause.why}"


def _plan_summary(view: PlanView) -> str:
    repositories = number_of(view.count("create", *POLICIES), "repository", "repositories")
    changes = (*_policies(view), f"{repositories} to create", *_templates(view))
    return (
        f"Plan: {', '.join(changes)}; {view.plan.in_sync} in sync{_errors(view)}"
        f"{_violations(view)}. Access: {_access(view.access())}."
    )


def _policies(view: PlanView) -> Iterable[str]:
    """Count the policies to set and to remove, the registry's own among them."""
    kinds: tuple[tuple[ChangeKind, str], ...] = (("set", "set"), ("delete", "remove"))
    for kind, verb in kinds:
        own = view.count(kind, "registry-policy")
        of_registry = f" ({own} of the registry)" if own else ""
        policies = number_of(view.count(kind, *POLICIES), "policy", "policies")
        yield f"{policies} to {verb}{of_registry}"


def _templates(view: PlanView) -> Iterable[str]:
    """Count the creation templates by what is to be done, where there are any."""
    for kind, verb in _VERBS.items():
        count = view.count(kind, _TEMPLATE)
        if count:
            yield f"{number_of(count, *NOUNS[_TEMPLATE])} to {verb}"


def _access(counts: Mapping[LineKind, int]) -> str:
    """List the figures; the rare kinds only where there are any."""
    deleted = number_of(counts["gone"], "of a deleted principal", "of deleted principals")
    figures = [
        f"{counts['granted']} granted",
        f"{counts['widened']} widened",
        f"{counts['revoked']} revoked{f' ({deleted})' if counts['gone'] else ''}",
        *(f"{counts[kind]} {kind}" for kind in _RARE_KINDS if counts[kind]),
    ]
    return ", ".join(figures)


def _drift_summary(view: PlanView) -> str:
    plan = view.plan
    if not plan.changes and not plan.violations:
        drift = "No drift found" if plan.errors else "No drift"
        return f"{drift}: {plan.in_sync} in sync{_errors(view)}."
    differ = "differs" if len(plan.changes) == 1 else "differ"
    rest = f"{_errors(view)}{_violations(view)}"
    return f"Drift: {_differing(view)} {differ} from the file; {plan.in_sync} in sync{rest}."


def _differing(view: PlanView) -> str:
    """Count what differs by subject; repositories also where nothing does."""
    counts = view.differing()
    words = [
        number_of(counts[subject], *nouns) for subject, nouns in NOUNS.items() if counts[subject]
    ]
    return some_of(words) or "0 repositories"


def _errors(view: PlanView) -> str:
    errors = view.plan.errors
    return f", {number_of(len(errors), 'error', 'errors')}" if errors else ""


def _violations(view: PlanView) -> str:
    violations = view.plan.violations
    return f"; never rules broken: {len(violations)}" if violations else ""


def render_outcomes(
    outcomes: Sequence[Outcome],
    errors: int,
    paint: Paint,
    command: str = "Apply",
    left_alone: int = 0,
) -> str:
    """Render the outcome of each change, and a summary; nothing where there was no change.

    `errors` counts the repositories that could not be planned, `left_alone` those that others have
    changed since.
    """
    if not outcomes:
        return ""
    counts = Counter(outcome.result for outcome in outcomes)
    parts = [_counted(result, number, outcomes) for result, number in sorted(counts.items())]
    if left_alone:
        parts.append(f"{left_alone} left alone (see the findings above)")
    if errors:
        parts.append(f"{errors} not planned (see the errors above)")
    summary: Line = (f"{command}: {', '.join(parts)}.",)
    if set(counts) == {"skipped"} and len({outcome.error for outcome in outcomes}) == 1:
        return render([(), summary], paint)
    return render([(), *_lines(outcomes), (), summary], paint)


def _counted(result: str, number: int, outcomes: Sequence[Outcome]) -> str:
    """Count the changes with one result; applied ones by kind, too, unless all set a policy."""
    if result == "in-force":
        return f"{number} in force already"
    changes = [outcome.change for outcome in outcomes if outcome.result == result]
    done = Counter(_DONE[one.target.subject == _TEMPLATE, one.change] for one in changes)
    if result != "applied" or set(done) == {_SET}:
        return f"{number} {result}"
    parts = (number_of(done[words], *words) for words in _DONE.values() if done[words])
    return f"{number} {result} ({', '.join(parts)})"


def _lines(outcomes: Sequence[Outcome]) -> Iterable[Line]:
    """Return a line for each outcome without an error, and one for each cause of the others."""
    width = max(map(len, ("applied", *(outcome.result for outcome in outcomes))))
    for cause in by_cause(map(_failure, outcomes)):
        role = _ROLES.get(cause.kind, "faint")
        result = Span(cause.kind, role, width)
        if not cause.text:
            for target in cause.targets:
                yield result, "  ", target_name(target), f" ({cause.region})"
        elif len(cause.targets) == 1:
            yield result, "  ", cause.names, ": ", cause.message
        elif cause.of_call:
            yield result, "  ", cause.of_call
        else:
            count = f"{len(cause.targets)} repositories "
            yield count, Span(cause.kind, role), ": ", cause.why, ": ", cause.names


def _failure(outcome: Outcome) -> Failure:
    return Failure(outcome.change.target, outcome.result, outcome.error or "")
