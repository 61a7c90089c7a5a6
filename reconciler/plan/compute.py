"""Desired and live policies in, a plan out."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.plan.model import Plan, Target
from reconciler.plan.never import Verdict, judge_unmanaged
from reconciler.plan.repository import RepositoryPlan, plan_repository
from reconciler.plan.wanted import Rules
from reconciler.policy.document import Unreadable
from reconciler.policy.grants import Desired
from reconciler.registry.model import LiveRegistry


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, rules: Rules) -> Plan:
    """Compare what is desired with one live registry.

    A desired repository that was not read does not exist. An error on one leaves the others
    planned.
    """
    planned = {
        Target(wanted.repository, live.scope): plan_repository(wanted, live, rules)
        for wanted in sorted(desired, key=lambda wanted: wanted.repository)
    }
    managed = {target.repository for target in planned}
    parts = planned.values()
    others = judge_unmanaged(live, managed, rules.never, rules.vocabulary)
    found: tuple[RepositoryPlan | Verdict, ...] = (*parts, *others)
    return Plan(
        changes=tuple(part.change for part in parts if part.change),
        in_sync=sum(not part.change and not part.error for part in parts),
        findings=tuple(sorted(f for part in found for f in part.findings)),
        errors=tuple(sorted(part.error for part in found if part.error)),
        broken=tuple(sorted(b for part in found for b in part.broken)),
        unmanaged=tuple(Target(name, live.scope) for name in live.names if name not in managed),
        live_grants=sum(part.live_grants for part in parts),
    )


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Put the plans of several regions together."""
    parts = tuple(plans)
    return Plan(
        changes=tuple(sorted((c for p in parts for c in p.changes), key=lambda c: c.target)),
        in_sync=sum(p.in_sync for p in parts),
        findings=tuple(sorted({f for p in parts for f in p.findings})),
        errors=tuple(sorted(e for p in parts for e in p.errors)),
        broken=tuple(sorted(b for p in parts for b in p.broken)),
        unmanaged=tuple(sorted(t for p in parts for t in p.unmanaged)),
        live_grants=sum(p.live_grants for p in parts),
    )


def without_expired(plan: Plan) -> Plan:
    """Leave out grants whose time is over: they have no effect, so they are no difference."""
    lasting = tuple(
        replace(change, access=change.lasting)
        for change in plan.changes
        if change.lasting or change.settings or isinstance(change.before, Unreadable)
    )
    over = len(plan.changes) - len(lasting)
    return replace(plan, changes=lasting, in_sync=plan.in_sync + over)
