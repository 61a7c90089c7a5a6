"""What an apply would change, and where what is live differs from the file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.access_file.desired import (
    add_up,
    desired_policies,
    desired_registry_policy,
    desired_templates,
    entries_by_name,
    managed_names,
    patterns_without_match,
    reads_templates,
    to_create,
    watched_names,
)
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.access_file.versions import narrowed
from reconciler.closest import did_you_mean
from reconciler.errors import Status
from reconciler.model.access import Desired, DisplayNames
from reconciler.model.registry import (
    LiveRegistry,
    LiveTemplates,
    ReadFailure,
    RegistryScope,
    Target,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.model.transport import Transport
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.guards import Refusal, UnusedAllowance, check_guards, unused_allowances
from reconciler.plan.model import ChangedSince, Finding, Plan, PlanError, merge_plans
from reconciler.plan.saved_plan import Origin, origin_of
from reconciler.policy import globs_intersect
from reconciler.workflow.changed import ChangedPart, changed_parts, subjects_of
from reconciler.workflow.listener import LOG, LimitedToChanges, Listener, NoEarlierVersion
from reconciler.workflow.registries import (
    Connections,
    ToRead,
    caller_arn,
    connect_registries,
    read_registries,
    reads_registry_policy,
    sources_of,
)
from reconciler.workflow.revisions import EarlierVersion
from reconciler.workflow.source import (
    AccessSource,
    Globs,
    exact_names,
    require_known,
    selected,
    without_match,
)

_NO_ENTRY = "no entry of the file matches it"
_UNKNOWN = "neither the file nor the registry has such a repository"


@dataclass(frozen=True, slots=True)
class ComputedPlan:
    """A plan that no guard has checked, and the file's names for what is in it.

    `fails_unmanaged` is whether the file makes unmanaged repositories a failure.
    """

    plan: Plan
    display_names: DisplayNames
    origin: Origin
    fails_unmanaged: bool

    @property
    def statuses(self) -> frozenset[Status]:
        """What the plan amounts to; changes alone are no status."""
        return _statuses(self)


@dataclass(frozen=True, slots=True)
class PlanResult(ComputedPlan):
    """A plan, and the guards' refusals of it; without any, it may be applied."""

    refusals: tuple[Refusal, ...]
    unused_allowances: tuple[UnusedAllowance, ...] = ()

    @property
    def statuses(self) -> frozenset[Status]:
        """What the plan amounts to, and whether a guard refuses it."""
        return _statuses(self) | ({Status.REFUSED} if self.refusals else set())


def _statuses(computed: ComputedPlan) -> frozenset[Status]:
    holds = {
        Status.FAILED: bool(computed.plan.errors),
        Status.DIFFERS: computed.fails_unmanaged and bool(computed.plan.unmanaged),
    }
    return frozenset(status for status, it_does in holds.items() if it_does)


def plan(
    source: AccessSource,
    *,
    repositories: Globs = (),
    changed_since: EarlierVersion | None = None,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PlanResult:
    """Return what an apply would change. Reads only.

    `repositories` are names and patterns that limit the plan, `profile` is the AWS profile,
    `transport` makes the calls that read. `changed_since` limits it to what the file asks for
    differently since then. Raises ArgumentError for a name that neither the file nor the registry
    has, CallError where no region can be read.
    """
    connections = connect_registries(sources_of(source.registries, profile), listener, transport)
    computed = compute(source, connections, repositories, listener, changed_since=changed_since)
    return guarded(computed, source, lambda: caller_arn(connections))


def drift(
    source: AccessSource,
    *,
    repositories: Globs = (),
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> ComputedPlan:
    """Return where what is live differs from the file, without grants that have expired.

    Also reads the unmanaged repositories that a never rule is about. Reads only; raises as `plan`.
    """
    connections = connect_registries(sources_of(source.registries, profile), listener, transport)
    computed = compute(source, connections, repositories, listener, to_read=watched_names)
    return replace(computed, plan=without_expired(computed.plan))


def compute(
    source: AccessSource,
    connections: Connections,
    repositories: Globs,
    listener: Listener,
    *,
    to_read: Callable[[AccessFile, tuple[str, ...]], Iterable[str]] = managed_names,
    changed_since: EarlierVersion | None = None,
) -> ComputedPlan:
    """Compare what the file asks for with what is live.

    Of the selected repositories, those that `to_read` chooses are read; with `changed_since`, only
    what differs from that version. Raises as `read_registries`, and ArgumentError for names that
    neither the file nor a registry has.
    """
    if changed_since is not None:
        limited = _compute_changed(source, changed_since, connections, repositories, listener)
        return with_names(limited, source)

    def wanted(access: AccessFile) -> ToRead:
        def select(names: tuple[str, ...]) -> list[str]:
            return [name for name in to_read(access, names) if selected(name, repositories)]

        return ToRead(
            select,
            tuple(one.repository for one in access.entries if not one.is_pattern),
            registry_policy=reads_registry_policy(access.registry, listener),
            templates=reads_templates(access),
        )

    by_scope = {
        scope: to_read_there
        for access in source.parts
        for to_read_there in [wanted(access)]
        for scope in access.registry.scopes
    }
    live = read_registries(connections, by_scope, listener)
    computed = merge_plans(
        plan_registries(access, here, source.now, repositories)
        for access in source.parts
        for here in [[one for one in live if one.scope in access.registry.scopes]]
    )
    _require_public_known(source, live)
    _require_selected_known(computed, repositories, live)
    return with_names(computed, source)


def _compute_changed(
    source: AccessSource,
    changed_since: EarlierVersion,
    connections: Connections,
    globs: Globs,
    listener: Listener,
) -> Plan:
    """Compare what the file asks for differently from an earlier version with what is live.

    Raises as `read_parts`, and ArgumentError for a name that no entry of the file matches.
    """
    names = exact_names(globs)
    managed = {one for access in source.parts for one in managed_names(access, names)}
    require_known("repositories", names, managed, _NO_ENTRY)
    revision, older, missing = changed_since
    parts = changed_parts(source, older, globs)
    if missing:
        listener.notify(NoEarlierVersion(missing))
    listener.notify(LimitedToChanges(revision, tuple(subjects_of(parts.values()))))
    to_read = {
        scope: parts[scope].to_read(registry_policy=reads)
        for access in source.parts
        for reads in [reads_registry_policy(access.registry, listener)]
        for scope in access.registry.scopes
    }
    return plan_changed(source, read_registries(connections, to_read, listener), parts, revision)


def plan_changed(
    source: AccessSource,
    registries: Iterable[LiveRegistry],
    parts: Mapping[RegistryScope, ChangedPart],
    revision: str,
) -> Plan:
    """Compute the plan for what the file changes in each registry and region, and merge them.

    `revision` is what the file was compared with. Each repository of `parts` that exists must have
    been read.
    """
    live = {one.scope: one for one in registries}
    plan = merge_plans(
        _plan_part(live[scope], parts[scope], source.now, inputs)
        for access in source.parts
        for inputs in [plan_inputs(access, source.now)]
        for scope in access.registry.scopes
    )
    not_read = [parts[scope].not_read(one) for scope, one in live.items()]
    known = [number for number in not_read if number is not None]
    number = sum(known) if len(known) == len(not_read) else None
    return replace(plan, changed_since=ChangedSince(revision, number))


def _plan_part(live: LiveRegistry, part: ChangedPart, now: datetime, inputs: PlanInputs) -> Plan:
    access, scope = part.difference.newer, live.scope
    if live.failure is not None:
        names = sorted(part.named | part.patterns) or [EVERY_REPOSITORY]
        return _failed((Target(name, scope) for name in names), live.failure)
    wanted = part.among(live.names)
    desired = [
        add_up(name, entries, now)
        for name, entries in entries_by_name(narrowed(access, wanted), wanted & {*live.names})
    ]
    in_scope = tuple(n for n in live.names if n != access.registry.probe_repository)
    seen = replace(live, names=in_scope, templates=part.live_templates(live))
    plan = compute_plan(desired, seen, part.inputs(inputs))
    idle = _idle_patterns(access, live) if part.lists else ()
    findings = tuple(one for one in idle if one.repository in part.patterns)
    # Those that are not read are no unmanaged ones.
    return merge_plans([replace(plan, unmanaged=()), Plan(findings=findings)])


def with_names(computed: Plan, source: AccessSource) -> ComputedPlan:
    """Return a plan with what the access file says of it."""
    registry = source.access.registry
    return ComputedPlan(
        computed,
        display_names_of(source.access),
        origin_of(source.path, source.content, registry.account, registry.regions),
        fails_unmanaged=source.access.unmanaged_repositories == "fail",
    )


def guarded(computed: ComputedPlan, source: AccessSource, caller: Callable[[], str]) -> PlanResult:
    """Check a plan against the guards; `caller` returns the ARN of who would write."""
    return PlanResult(
        computed.plan,
        computed.display_names,
        computed.origin,
        computed.fails_unmanaged,
        check_guards(computed.plan, source.access.guards, source.allowances, caller),
        unused_allowances(computed.plan, source.allowances),
    )


def _require_public_known(source: AccessSource, live: Sequence[LiveRegistry]) -> None:
    """Raise ArgumentError for an allowed name that nothing has, where all registries were read."""
    known = {entry.repository for entry in source.access.entries}
    known.update(name for registry in live for name in registry.names)
    if all(registry.failure is None for registry in live):
        names = sorted(exact_names(source.allowances.public))
        require_known("allow_public", names, known, _UNKNOWN, lambda n: did_you_mean(n, known))


def _require_selected_known(
    computed: Plan, repositories: Globs, live: Sequence[LiveRegistry]
) -> None:
    """Raise ArgumentError for a name that nothing has; a pattern may match nothing."""
    idle = [f.repository for f in computed.findings if f.rule is RuleId.NOTHING_SELECTED]
    listed = sum(registry.failure is None for registry in live)
    names = exact_names(repositories)
    known = [name for name in names if idle.count(name) != listed]
    require_known("repositories", names, known, _UNKNOWN)


def plan_registries(
    access: AccessFile, registries: Iterable[LiveRegistry], now: datetime, globs: Globs = ()
) -> Plan:
    """Compute the plan for each region's registry, and merge them.

    Only repositories that match one of `globs` count, all where there is none. Of those, each
    managed one that exists must have been read.
    """
    inputs = _selected_inputs(plan_inputs(access, now), globs)
    plan = merge_plans(_plan_one(access, live, now, globs, inputs) for live in registries)
    return replace(plan, unmanaged=()) if access.unmanaged_repositories == "ignore" else plan


def plan_inputs(access: AccessFile, now: datetime) -> PlanInputs:
    """Return what a plan needs of the file besides the grants of repositories."""
    is_managed = access.registry.policy == "manage"
    return PlanInputs(
        access.ownership,
        display_names_of(access),
        to_create(access),
        never=tuple(placed.rule for placed in access.never_rules),
        registry_policy=desired_registry_policy(access, now) if is_managed else None,
        registry_ownership=access.registry_ownership,
        templates=desired_templates(access, now) if reads_templates(access) else None,
    )


def _selected_inputs(inputs: PlanInputs, globs: Globs) -> PlanInputs:
    """Leave out what is not of the selected repositories; `*` alone selects the registry's."""
    if not globs:
        return inputs
    of_registry = inputs.registry_policy if selected(EVERY_REPOSITORY, globs) else None
    templates = inputs.templates
    if templates is not None:
        templates = tuple(one for one in templates if selected(one.pattern, globs))
    return replace(inputs, registry_policy=of_registry, templates=templates)


def _plan_one(
    access: AccessFile, live: LiveRegistry, now: datetime, globs: Globs, inputs: PlanInputs
) -> Plan:
    if live.failure is not None:
        return _unlisted(access, live.scope, live.failure, globs)
    asked_for = desired_policies(access, live.names, now=now)
    desired = [one for one in asked_for if selected(one.repository, globs)]
    probe = access.registry.probe_repository
    in_scope = tuple(name for name in live.names if selected(name, globs) and name != probe)
    templates = _selected_templates(live, globs)
    plan = compute_plan(desired, replace(live, names=in_scope, templates=templates), inputs)
    idle = _idle_globs(globs, live, desired) if globs else _idle_patterns(access, live)
    findings = (*idle, *_missing_probe(access, live))
    return merge_plans([plan, Plan(findings=findings)])


def _selected_templates(live: LiveRegistry, globs: Globs) -> LiveTemplates:
    if live.templates is None or isinstance(live.templates, ReadFailure):
        return live.templates
    patterns = ((one, template_target(one.prefix, live.scope).pattern) for one in live.templates)
    return tuple(one for one, pattern in patterns if selected(pattern, globs))


def _unlisted(access: AccessFile, scope: RegistryScope, failure: ReadFailure, globs: Globs) -> Plan:
    """Report for each selected entry that its registry could not be listed."""
    entries = (entry.repository for entry in access.entries)
    names = [
        name for name in entries if not globs or any(globs_intersect(glob, name) for glob in globs)
    ]
    return _failed((Target(name, scope) for name in names or globs or ("*",)), failure)


def _failed(targets: Iterable[Target], failure: ReadFailure) -> Plan:
    """Return the error of several targets that were not read for the same reason."""
    errors = (PlanError(target, failure.rule, failure.message) for target in targets)
    return Plan(errors=tuple(sorted(errors)))


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
    for glob in without_match(globs, names):
        yield Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN, live.scope.region)
