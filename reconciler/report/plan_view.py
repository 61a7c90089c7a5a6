"""A plan as plain values: the one traversal that every format of a plan is written from."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.plan.model import Change, ChangeKind, Finding, Plan, PlanError, Risk, RiskName
from reconciler.policy.document import Unreadable
from reconciler.policy.json_text import load_json
from reconciler.policy.vocabulary import Vocabulary
from reconciler.report.access_view import (
    AccessLine,
    GrantView,
    LineKind,
    access_lines,
    added_grants,
    removed_grants,
)
from reconciler.report.words import principal_label

ACCESS_KINDS: tuple[LineKind, ...] = (
    "granted",
    "widened",
    "changed",
    "narrowed",
    "revoked",
    "gone",
)


Risks = tuple[Risk, ...]


class RiskView(NamedTuple):
    """A risk, and who brings it, in words."""

    name: RiskName
    label: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, ready to be written in any format.

    Policies are JSON values, None for no policy; `unreadable` is the text of a live one that was
    not understood.
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


@dataclass(frozen=True, slots=True)
class PlanView:
    """A whole plan, ready to be written in any format."""

    changes: tuple[ChangeView, ...]
    in_sync: int
    findings: tuple[Finding, ...]
    errors: tuple[PlanError, ...]
    unmanaged: tuple[str, ...]

    def count(self, change: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(view.change == change for view in self.changes)

    def access(self) -> Counter[LineKind]:
        """Count the lines of access by what happens."""
        return Counter(line.kind for view in self.changes for line in view.lines)


def view_plan(plan: Plan, vocabulary: Vocabulary) -> PlanView:
    """Work out what every format says of a plan."""
    return _view(plan, vocabulary, lambda change: change.risks)


def view_drift(plan: Plan, vocabulary: Vocabulary) -> PlanView:
    """Work out what every format says of drift: its risks are those of what is live."""
    return _view(plan, vocabulary, lambda change: change.live_risks)


def _view(plan: Plan, vocabulary: Vocabulary, risks_of: Callable[[Change], Risks]) -> PlanView:
    return PlanView(
        changes=tuple(
            _view_change(change, vocabulary, risks_of(change)) for change in plan.changes
        ),
        in_sync=plan.in_sync,
        findings=plan.findings,
        errors=plan.errors,
        unmanaged=tuple(sorted({target.repository for target in plan.unmanaged})),
    )


def _view_change(change: Change, vocabulary: Vocabulary, risks: Risks) -> ChangeView:
    unreadable = change.before.text if isinstance(change.before, Unreadable) else None
    return ChangeView(
        repository=change.target.repository,
        account=change.target.scope.account,
        region=change.target.scope.region,
        change=change.change,
        lines=access_lines(change.access, vocabulary),
        added=added_grants(change.access, vocabulary),
        removed=removed_grants(change.access, vocabulary),
        risks=tuple(dict.fromkeys(_risk(risk, vocabulary) for risk in risks)),
        kept=change.kept,
        before=_json_value(change.before_text) if unreadable is None else unreadable,
        after=_json_value(change.after_text),
        unreadable=unreadable,
    )


def _risk(risk: Risk, vocabulary: Vocabulary) -> RiskView:
    named = vocabulary.find(risk.principal, risk.condition)
    return RiskView(risk.name, principal_label(risk.principal, named))


def _json_value(text: str | None) -> object:
    """Give the text of a policy that is understood as a JSON value; None is no policy."""
    return None if text is None else load_json(text)
