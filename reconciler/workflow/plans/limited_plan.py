"""The plan of what the access file asks for differently since an earlier version of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from reconciler.access_file.desired import add_up, entries_by_name, managed_names
from reconciler.access_file.versions import narrowed
from reconciler.model.registry import LiveRegistry, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.plan.compute import PlanOf, compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import (
    ChangedSince,
    Finding,
    Plan,
    group_plan,
    merge_plans,
    unread_error,
)
from reconciler.workflow.file.left_out import entry_elsewhere
from reconciler.workflow.file.origin_and_names import origin_of_file
from reconciler.workflow.file.revisions import EarlierVersion
from reconciler.workflow.file.source import AccessSource, Globs, exact_names, require_known
from reconciler.workflow.listener import (
    LimitedToChanges,
    Listener,
    MoreTouched,
    NoEarlierVersion,
    RegistriesLeftOut,
)
from reconciler.workflow.live.connections import Connections, Reached
from reconciler.workflow.live.registries import (
    ToRead,
    read_registries,
    reading_own_policy,
    unlisted,
)
from reconciler.workflow.plans.changed import (
    ChangedPart,
    changed_parts,
    left_out,
    subjects_of,
    with_touched,
)
from reconciler.workflow.plans.plan_inputs import idle_patterns, plan_inputs
from reconciler.workflow.plans.replicas import with_replicas

_NO_ENTRY = "no entry of the file matches it"
_REMOVED = "the file has no entry for it any more; where it exists, its policy stays as it is"


def compute_limited(
    source: AccessSource,
    changed_since: EarlierVersion,
    reached: Reached,
    globs: Globs,
    listener: Listener,
    *,
    plan_of: PlanOf,
) -> Plan:
    """Compare what the file asks for differently from an earlier version with what is live.

    `plan_of` computes the plan of each registry and region. Raises as `read_registries`, and
    ArgumentError for a name that no entry of the file matches.
    """
    names = exact_names(globs)
    managed = {one for access in source.parts for one in managed_names(access, names)}
    require_known("repositories", names, managed, _NO_ENTRY, partial(entry_elsewhere, source))
    revision, older = changed_since.revision, changed_since.parts
    parts = changed_parts(source, older, globs)
    if changed_since.missing:
        listener.notify(NoEarlierVersion(changed_since.missing))
    if gone := left_out(source, older):
        listener.notify(RegistriesLeftOut(revision, gone))
    listener.notify(LimitedToChanges(revision, tuple(subjects_of(parts.values()))))
    reading_own = reading_own_policy(source.registries, listener)
    to_read = {
        scope: part.to_read(registry_policy=scope in reading_own) for scope, part in parts.items()
    }
    live = {
        one.scope: one
        for one in (
            *unlisted(reached.failures),
            *read_registries(reached.connections, to_read, listener),
        )
    }
    parts = _with_touched(source, live, parts)
    live |= _read_touched(reached.connections, live, parts, listener)
    plan = plan_changed(source, live.values(), parts, revision, plan_of)
    return plan._replace(findings=(*map(_left_out, gone), *plan.findings))


def _left_out(scope: RegistryScope) -> Finding:
    """Report a registry and region that the file does not have; a plan is about others only."""
    message = f"the file does not have {scope.account} {scope.region} any more; policies there stay"
    return Finding(EVERY_REPOSITORY, RuleId.NO_LONGER_MANAGED, f"{message} as they are")


def _with_touched(
    source: AccessSource,
    live: Mapping[RegistryScope, LiveRegistry],
    parts: Mapping[RegistryScope, ChangedPart],
) -> dict[RegistryScope, ChangedPart]:
    return {
        scope: with_touched(parts[scope], live[scope], inputs)
        for access in source.parts
        for inputs in [plan_inputs(access, source.now)]
        for scope in access.registry.scopes
    }


def _read_touched(
    connections: Connections,
    live: Mapping[RegistryScope, LiveRegistry],
    parts: Mapping[RegistryScope, ChangedPart],
    listener: Listener,
) -> dict[RegistryScope, LiveRegistry]:
    """Read what is touched and was not read yet; the result has all that is known of a registry."""
    missing = {
        scope: sorted(part.touched - live[scope].repositories.keys())
        for scope, part in parts.items()
    }
    missing = {scope: names for scope, names in missing.items() if names}
    if not missing:
        return {}
    listener.notify(MoreTouched(sum(map(len, missing.values()))))
    to_read = {
        scope: ToRead(lambda declared: declared, tuple(names), lists=False)
        for scope, names in missing.items()
    }
    there = {scope: connections[scope] for scope in missing}
    found = read_registries(there, to_read, listener)
    return {more.scope: _together(live[more.scope], more) for more in found}


def _together(known: LiveRegistry, more: LiveRegistry) -> LiveRegistry:
    """Add what was read later; where that failed, the registry has failed."""
    if more.failure is not None:
        return more
    return known._replace(repositories={**known.repositories, **more.repositories})


def plan_changed(
    source: AccessSource,
    registries: Iterable[LiveRegistry],
    parts: Mapping[RegistryScope, ChangedPart],
    revision: str,
    plan_of: PlanOf = compute_plan,
) -> Plan:
    """Compute the plan for what the file changes in each registry and region, and merge them.

    `revision` is what the file was compared with. Each repository of `parts` that exists must have
    been read.
    """
    live = {one.scope: one for one in registries}
    plans = {
        scope: _plan_part(live[scope], parts[scope], source.now, inputs, plan_of)
        for access in source.parts
        for inputs in [plan_inputs(access, source.now)]
        for scope in access.registry.scopes
    }
    plans = with_replicas(plans, source.parts, live)
    plan = merge_plans(plans.values())
    if several := origin_of_file(source).names:
        plan = group_plan(plan, {scope: plans[scope].figures for scope in several})
    not_read = [parts[scope].not_read(one) for scope, one in live.items()]
    known = [number for number in not_read if number is not None]
    number = sum(known) if len(known) == len(not_read) else None
    return plan._replace(changed_since=ChangedSince(revision, number))


def _plan_part(
    live: LiveRegistry, part: ChangedPart, now: datetime, inputs: PlanInputs, plan_of: PlanOf
) -> Plan:
    access, scope = part.difference.newer, live.scope
    if live.failure is not None:
        return Plan(errors=(unread_error(scope, live.failure),))
    wanted = part.among(live.names)
    desired = [
        add_up(name, entries, now)
        for name, entries in entries_by_name(narrowed(access, wanted), wanted & {*live.names})
    ]
    in_scope = tuple(n for n in live.names if n != access.registry.probe_repository)
    seen = live._replace(names=in_scope, templates=part.live_templates(live))
    plan = plan_of(desired, seen, part.inputs(inputs))
    idle = idle_patterns(access, live) if part.lists else ()
    findings = (
        *(one for one in idle if one.repository in part.patterns),
        *(Finding(name, RuleId.NO_LONGER_MANAGED, _REMOVED, scope) for name in part.removed),
    )
    # Those that are not read are no unmanaged ones.
    return merge_plans([plan._replace(unmanaged=()), Plan(findings=findings)])
