"""A plan or drift as annotations of the access file in a workflow of GitHub Actions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.model.registry import RegistryScope
from reconciler.model.rules import RuleId
from reconciler.printable import some_of
from reconciler.report.github import Annotation, Level, annotations
from reconciler.report.plans.failures import errors_by_cause
from reconciler.report.plans.figures import drift_summary, plan_summary
from reconciler.report.plans.plan_view import PlanView, RiskView, equal_changes
from reconciler.report.words import MOST_NAMES, listed, subject_name, target_name


class _Note(NamedTuple):
    """An annotation; its title is the rule that it is about, if there is one."""

    title: str
    message: str


def render_plan_github(view: PlanView, path: str) -> str:
    """Render a plan: what makes it fail, the risks, the figures, their causes and their limit.

    `path` is that of the access file. A plan knows no lines of it.
    """
    return "".join(
        [
            *_commands("error", path, (*_refusals(view), *_unmanaged(view), *_errors(view))),
            *_commands("warning", path, _risks(view)),
            *_commands("notice", path, [_Note("plan", _summary(view))]),
        ]
    )


def render_drift_github(view: PlanView, path: str) -> str:
    """Render drift: what makes it fail but the differences, the risks, and what differs."""
    return "".join(
        [
            *_commands("error", path, (*_violations(view), *_unmanaged(view), *_errors(view))),
            *_commands("warning", path, (*_risks(view), *_differences(view))),
            *_commands("notice", path, [_Note("drift", drift_summary(view))]),
        ]
    )


def _commands(level: Level, path: str, notes: Iterable[_Note]) -> Iterator[str]:
    return annotations(level, (Annotation(path, one.title, one.message) for one in notes))


def _summary(view: PlanView) -> str:
    return " ".join(filter(None, (plan_summary(view), view.causes, view.limit)))


def _refusals(view: PlanView) -> Iterator[_Note]:
    for one in view.refusals:
        yield _Note(one.guard, one.message)


def _unmanaged(view: PlanView) -> Iterator[_Note]:
    if view.unmanaged_failure:
        names = some_of(view.plan.unmanaged_names, MOST_NAMES)
        yield _Note("unmanaged", f"{view.unmanaged_failure}: {names}")


def _errors(view: PlanView) -> Iterator[_Note]:
    for cause in errors_by_cause(view.plan.errors, view.registries):
        text = f"{cause.names}: {cause.message if cause.is_of_one else cause.why}"
        yield _Note(cause.kind, text)


def _violations(view: PlanView) -> Iterator[_Note]:
    for one in view.plan.findings:
        if one.rule is RuleId.NEVER:
            name = subject_name(one.subject, one.repository)
            yield _Note(one.rule, f"{name} ({view.where(one.scope)}): {one.message}")


def _risks(view: PlanView) -> Iterator[_Note]:
    """Return each risk once in each region, with the repositories that have it."""
    names: defaultdict[tuple[RiskView, RegistryScope], list[str]] = defaultdict(list)
    for change in view.changes:
        target = change.change.target
        for risk in change.risks:
            names[risk, target.scope].append(target_name(target))
    for (risk, scope), found in names.items():
        where = f"{listed(found, MOST_NAMES)} ({view.where(scope)})"
        yield _Note(risk.name, f"{where}: {risk.words}")


def _differences(view: PlanView) -> Iterator[_Note]:
    """Return what differs, equal differences of several repositories once."""
    describe = view.wording.describe
    bodies = (
        (one, (*one.beside, *(f"{line.label}: {describe(line)}" for line in one.lines), *one.notes))
        for one in view.changes
    )
    for views, lines in equal_changes(bodies, grouped=True):
        names = [target_name(one.change.target) for one in views]
        where = f"{listed(names, MOST_NAMES)} ({view.where(views[0].change.target.scope)})"
        yield _Note("drift", "\n".join([where, *lines]))
