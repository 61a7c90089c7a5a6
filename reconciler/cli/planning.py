"""Where the access file and the live registry meet: from both of them to a plan, without I/O."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from reconciler.access.desired import desired_policies, patterns_without_match
from reconciler.access.model import AccessFile
from reconciler.access.model import Limit as FileLimit
from reconciler.access.words import vocabulary
from reconciler.plan.compute import Rules, compute_plan, merge_plans
from reconciler.plan.guards import Guards, Limit
from reconciler.plan.model import Finding, Plan
from reconciler.policy.glob import glob_matches
from reconciler.registry.model import LiveRegistry


def plan_registries(
    access: AccessFile, registries: Iterable[LiveRegistry], today: date, glob: str = "*"
) -> Plan:
    """Compute the plan for each region's registry, and put them together.

    Only repositories that match `glob` count; of those, each that the file manages and that
    exists was read.
    """
    rules = Rules(access.ownership, vocabulary(access))
    plan = merge_plans(_plan_one(access, live, today, glob, rules) for live in registries)
    return replace(plan, unmanaged=()) if access.unmanaged_repositories == "ignore" else plan


def plan_guards(access: AccessFile) -> Guards:
    """Give the guards of the file that a plan is held against."""
    guards = access.guards
    return Guards(max_revoked=_limit(guards.max_revoked), max_granted=_limit(guards.max_granted))


def _limit(limit: FileLimit | None) -> Limit | None:
    return Limit(percent=limit.percent, count=limit.count) if limit else None


def _plan_one(access: AccessFile, live: LiveRegistry, today: date, glob: str, rules: Rules) -> Plan:
    desired = [
        wanted
        for wanted in desired_policies(access, live.names, today=today)
        if glob_matches(glob, wanted.repository)
    ]
    in_scope = tuple(name for name in live.names if glob_matches(glob, name))
    plan = compute_plan(desired, replace(live, names=in_scope), rules)
    return merge_plans([plan, Plan(findings=_idle_patterns(access, live.names))])


def _idle_patterns(access: AccessFile, names: Iterable[str]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            entry.repository, "pattern-matches-nothing", "no live repository matches this pattern"
        )
        for entry in patterns_without_match(access, names)
    )
