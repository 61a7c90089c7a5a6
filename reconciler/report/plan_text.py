"""A plan, or drift, as text for people."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from reconciler.plan.model import RiskName
from reconciler.printable import printable, printable_name, unmistakable
from reconciler.report.access_text import Tell, access_block, as_change, as_drift
from reconciler.report.access_view import LineKind
from reconciler.report.causes import Failure, by_cause
from reconciler.report.paint import Paint
from reconciler.report.plan_view import ChangeView, PlanView
from reconciler.report.words import number_of, settings_words

_MARGIN = 56
_MOST_NAMES = 10
_MOST_RAW = 2_000
_RARE_KINDS: tuple[LineKind, ...] = ("narrowed", "changed")

_RISKS: Mapping[RiskName, str] = {
    "public": "includes strangers, from accounts that are not named",
    "admin": "may do everything",
    "can-rewrite": "may rewrite this policy, and so give itself any access",
    "deny-removed": "is denied no longer",
    "lambda-loses-access": "can no longer fetch images",
    "new-account": "had no access to this repository",
    "outside-organization": "need not belong to an organization that the file names",
}
_LIVE_RISKS: Mapping[RiskName, str] = {
    **_RISKS,
    "deny-removed": "is not denied, as the file asks",
    "lambda-loses-access": "can fetch images until the next apply",
    "new-account": "has no access to this repository in the file",
}


Explain = Callable[[object, object], Iterable[str]]
"""Explains how one policy's JSON becomes another, in lines."""


class _Manner(NamedTuple):
    """In which manner a plan is told."""

    tell: Tell
    make: str
    delete: str
    risks: Mapping[RiskName, str]
    explain: Explain


def explain_nothing(_before: object, _after: object) -> Iterable[str]:
    """Say nothing about the JSON: the access is what counts."""
    return ()


_AS_PLAN = _Manner(
    as_change,
    make="create the repository",
    delete="nobody is left: the policy is removed, and the repository stays",
    risks=_RISKS,
    explain=explain_nothing,
)
_AS_DRIFT = _Manner(
    as_drift,
    make="there is no such repository; the file says",
    delete="the file lets nobody in, so there is to be no policy",
    risks=_LIVE_RISKS,
    explain=explain_nothing,
)


def render_plan(view: PlanView, paint: Paint, explain: Explain = explain_nothing) -> str:
    """Tell a plan: what an apply would do, and why it can't do more."""
    return _render(view, paint, _AS_PLAN._replace(explain=explain), _plan_summary(view))


def render_drift(view: PlanView, paint: Paint) -> str:
    """Tell drift: how the live access differs from the file."""
    return _render(view, paint, _AS_DRIFT, _drift_summary(view))


def _render(view: PlanView, paint: Paint, manner: _Manner, summary: str) -> str:
    blocks = ["\n".join(_change_lines(change, paint, manner)) for change in view.changes]
    notes = [*_finding_lines(view, paint), *_error_lines(view, paint), *_unmanaged_lines(view)]
    if notes:
        blocks.append("\n".join(notes))
    return "\n\n".join([*blocks, summary]) + "\n"


def _change_lines(change: ChangeView, paint: Paint, manner: _Manner) -> Iterable[str]:
    where = printable(f"{change.account} {change.region}")
    yield f"{paint('heading', f'{printable_name(change.repository):<{_MARGIN}}')}{where}"
    if change.unreadable is not None:
        yield paint("warning", "  ! the live policy is not understood; it is replaced as a whole:")
        yield from _raw_lines(change.unreadable)
    if change.settings is not None:
        told = ", ".join(settings_words(change.settings))
        yield f"  {paint('added', '*')} {manner.make}: {printable(told)}"
    yield from access_block(change.lines, manner.tell, paint)
    if change.change == "delete":
        yield paint("faint", f"    {manner.delete}")
    for risk in change.risks:
        why = f": {risk.why}" if risk.why else ""
        told = f"{risk.name}: {risk.label} {manner.risks[risk.name]}{why}"
        yield paint("warning", f"  ! {printable(told)}")
    for sid in change.kept:
        yield paint(
            "faint",
            f"    kept: {printable(unmistakable(sid)) if sid else 'a statement without Sid'}",
        )
    for line in manner.explain(change.before, change.after):
        yield f"      {line}"


def _raw_lines(text: str) -> Iterable[str]:
    for line in text[:_MOST_RAW].splitlines():
        yield f"    | {printable(line)}"
    if len(text) > _MOST_RAW:
        yield f"    | … {len(text) - _MOST_RAW:,} more characters"


def _finding_lines(view: PlanView, paint: Paint) -> Iterable[str]:
    for finding in view.findings:
        region = f" ({printable(finding.region)})" if finding.region else ""
        where = f"{printable_name(finding.repository)}{region}"
        said = printable(f"{finding.rule}: {finding.message}")
        yield f"{where}: {paint('warning', 'finding')}: {said}"


def _error_lines(view: PlanView, paint: Paint) -> Iterable[str]:
    failures = (
        Failure(e.target.repository, e.target.scope.region, e.rule, e.message) for e in view.errors
    )
    for cause in by_cause(failures):
        rule = printable(cause.kind)
        if len(cause.repositories) == 1:
            yield f"{cause.names}: {paint('error', 'error')}: {rule}: {cause.message}"
            continue
        count = f"{len(cause.repositories)} repositories: {cause.names}"
        told = cause.of_call or f"{count}: {cause.why}"
        yield f"{paint('error', 'error')}: {rule}: {told}"


def _unmanaged_lines(view: PlanView) -> Iterable[str]:
    if view.unmanaged:
        names = ", ".join(map(printable_name, view.unmanaged[:_MOST_NAMES]))
        more = len(view.unmanaged) - _MOST_NAMES
        rest = f" and {more} more" if more > 0 else ""
        count = number_of(len(view.unmanaged), "repository", "repositories")
        yield f"{count} not in the file: {names}{rest}"


def _plan_summary(view: PlanView) -> str:
    return (
        f"Plan: {number_of(view.count('set'), 'policy', 'policies')} to set, "
        f"{number_of(view.count('delete'), 'policy', 'policies')} to remove, "
        f"{number_of(view.count('create'), 'repository', 'repositories')} to create; "
        f"{view.in_sync} in sync{_errors(view)}{_broken(view)}. Access: {_access(view.access())}."
    )


def _access(counts: Mapping[LineKind, int]) -> str:
    """Tell the figures; the kinds that most plans have none of only where there are some."""
    gone = f" ({counts['gone']} gone)" if counts["gone"] else ""
    told = [
        f"{counts['granted']} granted",
        f"{counts['widened']} widened",
        f"{counts['revoked']} revoked{gone}",
        *(f"{counts[kind]} {kind}" for kind in _RARE_KINDS if counts[kind]),
    ]
    return ", ".join(told)


def _drift_summary(view: PlanView) -> str:
    if not view.changes and not view.broken:
        told = "No drift found" if view.errors else "No drift"
        return f"{told}: {view.in_sync} in sync{_errors(view)}."
    differ = number_of(len(view.changes), "repository differs", "repositories differ")
    return f"Drift: {differ} from the file; {view.in_sync} in sync{_errors(view)}{_broken(view)}."


def _errors(view: PlanView) -> str:
    return f", {number_of(len(view.errors), 'error', 'errors')}" if view.errors else ""


def _broken(view: PlanView) -> str:
    return f"; never rules broken: {len(view.broken)}" if view.broken else ""
