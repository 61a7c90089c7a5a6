"""A plan in words: the one traversal that every format of a plan is rendered from."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import RegistryScope
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import Change, ChangeKind, Plan, Risk
from reconciler.plan.saved_plan import GrantsJson
from reconciler.report.access import AccessLine, LineKind, access_lines, grants_json
from reconciler.report.words import principal_label

Body = TypeVar("Body", bound=Hashable)

_KINDS: tuple[LineKind, ...] = ("granted", "widened", "revoked", "narrowed", "changed", "gone")


@dataclass(frozen=True, slots=True, order=True)
class RefusalView:
    """A guard's refusal: the guard, and one line that ends with what allows it."""

    guard: str
    message: str


class RiskView(NamedTuple):
    """A risk, its principal in words, and the reason where one is needed."""

    name: RuleId
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, its access in words and as JSON, and its risks."""

    change: Change
    lines: tuple[AccessLine, ...]
    grants: GrantsJson
    risks: tuple[RiskView, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, its changes in words, and the guards' refusals."""

    plan: Plan
    changes: tuple[ChangeView, ...]
    refusals: tuple[RefusalView, ...] = ()

    def count(self, kind: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(change.change == kind for change in self.plan.changes)

    def access(self) -> dict[LineKind, int]:
        """Count the lines of access by kind: the figures of every format.

        A deleted principal that loses access counts as `gone` and as `revoked`.
        """
        found = Counter(line.kind for view in self.changes for line in view.lines)
        found["revoked"] += found["gone"]
        return {kind: found[kind] for kind in _KINDS}

    def unmanaged(self) -> list[str]:
        """Return the names of the repositories that the file does not manage, sorted."""
        return sorted({target.repository for target in self.plan.unmanaged})


def view_plan(
    plan: Plan, display_names: DisplayNames, refusals: tuple[RefusalView, ...] = ()
) -> PlanView:
    """Return the view of a plan and of the guards' refusals; risks are those of what is new."""
    views = (_view(change, change.risks, display_names) for change in plan.changes)
    return PlanView(plan, tuple(views), refusals)


def view_drift(plan: Plan, display_names: DisplayNames) -> PlanView:
    """Return the view of drift: its risks are those of what is live."""
    views = (_view(change, change.live_risks, display_names) for change in plan.changes)
    return PlanView(plan, tuple(views))


def equal_changes(
    bodies: Iterable[tuple[ChangeView, Body]], *, grouped: bool
) -> Iterable[tuple[Sequence[ChangeView], Body]]:
    """Group the changes of one region that a format shows with equal bodies, in their order.

    Unless `grouped`, each change is alone.
    """
    equal: defaultdict[tuple[RegistryScope, str, Body], list[ChangeView]] = defaultdict(list)
    for view, body in bodies:
        alone = "" if grouped else view.change.target.repository
        equal[view.change.target.scope, alone, body].append(view)
    for (_, _, body), views in equal.items():
        yield views, body


def _view(change: Change, risks: Iterable[Risk], names: DisplayNames) -> ChangeView:
    return ChangeView(
        change,
        access_lines(change.access, names),
        grants_json(change.access, names),
        tuple(dict.fromkeys(_risk(risk, names) for risk in risks)),
    )


def _risk(risk: Risk, names: DisplayNames) -> RiskView:
    named = names.find(risk.principal, risk.condition)
    return RiskView(risk.name, principal_label(risk.principal, named, names.accounts), risk.why)
