"""From an access file and live registries to a plan, without I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.access_file.desired import desired_policies, patterns_without_match, to_create
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.model.grants import Desired
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope, Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.compute import PlanInputs, compute_plan, merge_plans
from reconciler.plan.model import Finding, Plan, PlanError
from reconciler.policy import globs_intersect
from reconciler.workflow.selection import Globs, selected, without_match


def plan_registries(
    access: AccessFile, registries: Iterable[LiveRegistry], now: datetime, globs: Globs = ()
) -> Plan:
    """Compute the plan for each region's registry, and merge them.

    Only repositories that match one of `globs` count, all where there is none. Of those, each
    managed one that exists must have been read.
    """
    inputs = plan_inputs(access)
    plan = merge_plans(_plan_one(access, live, now, globs, inputs) for live in registries)
    return replace(plan, unmanaged=()) if access.unmanaged_repositories == "ignore" else plan


def plan_inputs(access: AccessFile) -> PlanInputs:
    """Return what a plan needs of the file besides the grants."""
    never = tuple(placed.rule for placed in access.never_rules)
    return PlanInputs(access.ownership, display_names_of(access), to_create(access), never)


def _plan_one(
    access: AccessFile, live: LiveRegistry, now: datetime, globs: Globs, inputs: PlanInputs
) -> Plan:
    if live.failure is not None:
        return _unlisted(access, live.scope, live.failure, globs)
    desired = [
        one
        for one in desired_policies(access, live.names, now=now)
        if selected(one.repository, globs)
    ]
    in_scope = tuple(
        name
        for name in live.names
        if selected(name, globs) and name != access.registry.probe_repository
    )
    plan = compute_plan(desired, replace(live, names=in_scope), inputs)
    idle = _idle_globs(globs, live, desired) if globs else _idle_patterns(access, live)
    findings = (*idle, *_missing_probe(access, live))
    return merge_plans([plan, Plan(findings=findings)])


def _unlisted(access: AccessFile, scope: RegistryScope, failure: ReadFailure, globs: Globs) -> Plan:
    """Report for each selected entry that its registry could not be listed."""
    names = [entry.repository for entry in access.entries if _may_select(globs, entry.repository)]
    targets = (Target(name, scope) for name in names or globs or ("*",))
    errors = (PlanError(target, failure.rule, failure.message) for target in targets)
    return Plan(errors=tuple(sorted(errors)))


def _may_select(globs: Globs, name: str) -> bool:
    return not globs or any(globs_intersect(glob, name) for glob in globs)


def _idle_patterns(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    message = "no live repository matches this pattern"
    for entry in patterns_without_match(access, live.names):
        yield Finding(entry.repository, RuleId.PATTERN_MATCHES_NOTHING, message, live.scope.region)


def _missing_probe(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    probe = access.registry.probe_repository
    if probe is not None and probe not in live.names:
        message = "the probe repository does not exist: it can't be used to find unknown principals"
        yield Finding(probe, RuleId.MISSING_PROBE_REPOSITORY, message, live.scope.region)


def _idle_globs(globs: Globs, live: LiveRegistry, desired: Sequence[Desired]) -> Iterable[Finding]:
    names = {*live.names, *(one.repository for one in desired)}
    message = "neither the file nor the registry has such a repository"
    for glob in without_match(globs, names):
        yield Finding(glob, RuleId.NOTHING_SELECTED, message, live.scope.region)
