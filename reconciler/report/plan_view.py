"""A plan as plain values: the one traversal that every format of a plan is written from."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import RepositorySettings
from reconciler.model.rule_ids import RuleId
from reconciler.plan.guards import Refusal
from reconciler.plan.model import (
    Change,
    ChangeKind,
    Finding,
    NeverViolation,
    Plan,
    PlanError,
    Risk,
)
from reconciler.policy.language.conditions import condition_json
from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.json_text import MalformedError, load_json
from reconciler.report.access_view import (
    AccessLine,
    GrantView,
    LineKind,
    access_lines,
    added_grants,
    as_written,
    removed_grants,
)
from reconciler.report.words import principal_label

Risks = tuple[Risk, ...]

_KINDS: tuple[LineKind, ...] = ("granted", "widened", "revoked", "narrowed", "changed", "gone")


class RiskView(NamedTuple):
    """A risk, and who brings it, in words; `why`, where it is not plain."""

    name: RuleId
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, ready to be written in any format.

    Policies are JSON values, None for no policy; `unreadable` is the text of a live one that was
    not understood. `settings` are those of a repository that is to be made.
    """

    repository: str
    account: str
    region: str
    change: ChangeKind
    lines: tuple[AccessLine, ...]
    added: tuple[GrantView, ...]
    removed: tuple[GrantView, ...]
    risks: tuple[RiskView, ...]
    kept: tuple[str, ...]
    before: object
    after: object
    unreadable: str | None
    settings: RepositorySettings | None
    origin: Change


@dataclass(frozen=True, slots=True)
class NeverView:
    """A `never` rule that is broken live, in the words of the JSON plan's `never_broken`."""

    repository: str
    account: str
    region: str
    tier: str
    principal: str
    name: str | None
    conditions: dict[str, dict[str, str | list[str]]]
    because: str
    repaired: bool
    by_rewriting: bool


@dataclass(frozen=True, slots=True)
class PlanView:
    """A whole plan, ready to be written in any format."""

    changes: tuple[ChangeView, ...]
    in_sync: int
    findings: tuple[Finding, ...]
    errors: tuple[PlanError, ...]
    unmanaged: tuple[str, ...]
    violations: tuple[NeverView, ...]
    live_grants: int
    refusals: tuple[Refusal, ...] = ()

    def count(self, change: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(view.change == change for view in self.changes)

    def access(self) -> dict[LineKind, int]:
        """Count the lines of access by what happens: the figures of every format.

        What a deleted principal loses is `gone`, and `revoked`, too.
        """
        found = Counter(line.kind for view in self.changes for line in view.lines)
        found["revoked"] += found["gone"]
        return {kind: found[kind] for kind in _KINDS}


def view_plan(
    plan: Plan, display_names: DisplayNames, refusals: tuple[Refusal, ...] = ()
) -> PlanView:
    """Work out what every format says of a plan, and of the guards' refusals of it."""
    return replace(_view(plan, display_names, lambda change: change.risks), refusals=refusals)


def view_drift(plan: Plan, display_names: DisplayNames) -> PlanView:
    """Work out what every format says of drift: its risks are those of what is live."""
    return _view(plan, display_names, lambda change: change.live_risks)


def _view(plan: Plan, display_names: DisplayNames, risks_of: Callable[[Change], Risks]) -> PlanView:
    return PlanView(
        changes=tuple(
            _view_change(change, display_names, risks_of(change)) for change in plan.changes
        ),
        in_sync=plan.in_sync,
        findings=plan.findings,
        errors=plan.errors,
        unmanaged=tuple(sorted({target.repository for target in plan.unmanaged})),
        violations=tuple(map(_broken, plan.violations)),
        live_grants=plan.live_grants,
    )


def _view_change(change: Change, display_names: DisplayNames, risks: Risks) -> ChangeView:
    unreadable = change.before.text if isinstance(change.before, Unreadable) else None
    return ChangeView(
        repository=change.target.repository,
        account=change.target.scope.account,
        region=change.target.scope.region,
        change=change.change,
        lines=access_lines(change.access, display_names),
        added=added_grants(change.access, display_names),
        removed=removed_grants(change.access, display_names),
        risks=tuple(dict.fromkeys(_risk(risk, display_names) for risk in risks)),
        kept=change.kept,
        before=_json_value(change.before_text) if unreadable is None else unreadable,
        after=_json_value(change.after_text),
        unreadable=unreadable,
        settings=change.settings,
        origin=change,
    )


def _broken(broken: NeverViolation) -> NeverView:
    return NeverView(
        repository=broken.target.repository,
        account=broken.target.scope.account,
        region=broken.target.scope.region,
        tier=broken.tier,
        principal=as_written(broken.principal),
        name=broken.name,
        conditions=condition_json(broken.condition),
        because=broken.because,
        repaired=broken.repaired,
        by_rewriting=broken.by_rewriting,
    )


def _risk(risk: Risk, display_names: DisplayNames) -> RiskView:
    named = display_names.find(risk.principal, risk.condition)
    label = principal_label(risk.principal, named, display_names.accounts)
    return RiskView(risk.name, label, risk.why)


def _json_value(text: str | None) -> object:
    """Give a policy's text as a JSON value, or as it is where it is none; None is no policy."""
    try:
        return None if text is None else load_json(text)
    except MalformedError:
        return text
