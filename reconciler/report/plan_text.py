"""A plan, or drift, as text for people."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import Change
from reconciler.printable import printable, printable_name, unmistakable
from reconciler.report.access_text import Tell, access_block, as_change, as_drift
from reconciler.report.access_view import LineKind
from reconciler.report.causes import Failure, by_cause
from reconciler.report.paint import Paint, Role
from reconciler.report.plan_view import ChangeView, PlanView
from reconciler.report.words import MOST_NAMES, listed, number_of, settings_words

_MARGIN = 56
_MOST_RAW = 2_000
_DIFF_ROLES: Mapping[str, Role] = {"+": "added", "-": "removed", "@": "hint"}
_RARE_KINDS: tuple[LineKind, ...] = ("narrowed", "changed")

_RISKS: Mapping[RuleId, str] = {
    RuleId.PUBLIC: "includes strangers, from accounts that are not named",
    RuleId.ADMIN: "may do everything",
    RuleId.CAN_REWRITE: "may rewrite this policy, and so give itself any access",
    RuleId.DENY_REMOVED: "is denied no longer",
    RuleId.LAMBDA_LOSES_ACCESS: "can no longer fetch images",
    RuleId.NEW_ACCOUNT: "had no access to this repository",
    RuleId.OUTSIDE_ORGANIZATION: "need not belong to an organization that the file names",
}
_LIVE_RISKS: Mapping[RuleId, str] = {
    **_RISKS,
    RuleId.DENY_REMOVED: "is not denied, as the file asks",
    RuleId.LAMBDA_LOSES_ACCESS: "can fetch images until the next apply",
    RuleId.NEW_ACCOUNT: "has no access to this repository in the file",
}


Explain = Callable[[Change], Iterable[str]]
"""Explains how a change's policy becomes another as JSON, in the lines of a unified diff."""


class _Manner(NamedTuple):
    """In which manner a plan is told."""

    tell: Tell
    make: str
    delete: str
    risks: Mapping[RuleId, str]
    explain: Explain


def explain_nothing(_change: Change) -> Iterable[str]:
    """Say nothing about the JSON: the access is what counts."""
    return ()


_AS_PLAN = _Manner(
    as_change,
    make="create the repository",
    delete="no grants remain: the policy is removed, and the repository stays",
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


def render_plan(
    view: PlanView, paint: Paint, explain: Explain = explain_nothing, *, grouped: bool = True
) -> str:
    """Tell a plan: what an apply would do, and why it can't do more.

    `grouped` tells equal changes of several repositories once.
    """
    manner = _AS_PLAN._replace(explain=explain)
    return _render(view, paint, manner, _plan_summary(view), grouped=grouped)


def render_drift(view: PlanView, paint: Paint, *, grouped: bool = True) -> str:
    """Tell drift: how the live access differs from the file."""
    return _render(view, paint, _AS_DRIFT, _drift_summary(view), grouped=grouped)


def _render(view: PlanView, paint: Paint, manner: _Manner, summary: str, *, grouped: bool) -> str:
    blocks = list(_change_blocks(view, paint, manner, grouped=grouped))
    notes = [*_finding_lines(view, paint), *_error_lines(view, paint), *_unmanaged_lines(view)]
    if notes:
        blocks.append("\n".join(notes))
    return "\n\n".join([*blocks, summary]) + "\n"


def _change_blocks(
    view: PlanView, paint: Paint, manner: _Manner, *, grouped: bool
) -> Iterable[str]:
    """Tell each change; where grouped, equal changes of one region once."""
    equal: defaultdict[tuple[str, ...], list[ChangeView]] = defaultdict(list)
    for change in view.changes:
        told = "\n".join(_change_lines(change, paint, manner))
        alone = "" if grouped else change.repository
        equal[change.account, change.region, alone, told].append(change)
    for (_, _, _, told), changes in equal.items():
        yield "\n".join([*_heading_lines(changes, paint), *([told] if told else [])])


def _heading_lines(changes: Sequence[ChangeView], paint: Paint) -> Iterable[str]:
    """Name the repositories of equal changes: all of them where anything is a risk."""
    first = changes[0]
    name = printable_name(first.repository)
    title = name if len(changes) == 1 else f"{len(changes)} repositories"
    space = " " * max(_MARGIN - len(title), 2)
    yield f"{paint('heading', title)}{space}{printable(f'{first.account} {first.region}')}"
    if len(changes) > 1:
        names = [change.repository for change in changes]
        risky = first.risks or first.unreadable is not None
        yield f"  {listed(names, len(names) if risky else MOST_NAMES)}"


def _change_lines(change: ChangeView, paint: Paint, manner: _Manner) -> Iterable[str]:
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
    for line in manner.explain(change.origin):
        role = _DIFF_ROLES.get(line[:1])
        yield f"      {paint(role, line) if role else line}"


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
        count = number_of(len(view.unmanaged), "repository", "repositories")
        yield f"{count} not in the file: {listed(view.unmanaged, MOST_NAMES)}"


def _plan_summary(view: PlanView) -> str:
    return (
        f"Plan: {number_of(view.count('set'), 'policy', 'policies')} to set, "
        f"{number_of(view.count('delete'), 'policy', 'policies')} to remove, "
        f"{number_of(view.count('create'), 'repository', 'repositories')} to create; "
        f"{view.in_sync} in sync{_errors(view)}{_broken(view)}. Access: {_access(view.access())}."
    )


def _access(counts: Mapping[LineKind, int]) -> str:
    """Tell the figures; the rare kinds only where there are some."""
    gone = f" ({counts['gone']} gone)" if counts["gone"] else ""
    told = [
        f"{counts['granted']} granted",
        f"{counts['widened']} widened",
        f"{counts['revoked']} revoked{gone}",
        *(f"{counts[kind]} {kind}" for kind in _RARE_KINDS if counts[kind]),
    ]
    return ", ".join(told)


def _drift_summary(view: PlanView) -> str:
    if not view.changes and not view.violations:
        told = "No drift found" if view.errors else "No drift"
        return f"{told}: {view.in_sync} in sync{_errors(view)}."
    differ = number_of(len(view.changes), "repository differs", "repositories differ")
    return f"Drift: {differ} from the file; {view.in_sync} in sync{_errors(view)}{_broken(view)}."


def _errors(view: PlanView) -> str:
    return f", {number_of(len(view.errors), 'error', 'errors')}" if view.errors else ""


def _broken(view: PlanView) -> str:
    return f"; never rules broken: {len(view.violations)}" if view.violations else ""
