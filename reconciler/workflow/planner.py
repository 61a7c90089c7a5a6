"""What an apply would change, and where what is live differs from the file."""

from collections import Counter, defaultdict
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
from reconciler.plan.model import (
    ChangedSince,
    Finding,
    Plan,
    PlanError,
    finding,
    group_plan,
    merge_plans,
)
from reconciler.plan.saved_plan import Origin
from reconciler.printable import some_of
from reconciler.workflow.callers import caller_of
from reconciler.workflow.changed import ChangedPart, changed_parts, left_out, subjects_of
from reconciler.workflow.connections import Reached, reach_registries, require_some, sources_of
from reconciler.workflow.left_out import with_doubtful_replicas
from reconciler.workflow.listener import (
    LOG,
    LimitedToChanges,
    Listener,
    NoEarlierVersion,
    RegistriesLeftOut,
)
from reconciler.workflow.live import ToRead, read_registries, reading_own_policy, unlisted
from reconciler.workflow.origin import names_of_file, origin_of_file
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
_REMOVED = "the file has no entry for it any more; where it exists, its policy stays as it is"
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
    differently since then. A registry or region that can't be read is an error of the plan. Raises
    ArgumentError for a name that neither the file nor a registry has, CallError where the only
    registry and region can't be read.
    """
    reached = reach(source, profile, transport, listener)
    computed = compute(source, reached, repositories, listener, changed_since=changed_since)
    return guarded(computed, source, caller_of(reached.connections))


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
    reached = reach(source, profile, transport, listener)
    computed = compute(source, reached, repositories, listener, to_read=watched_names)
    return replace(computed, plan=without_expired(computed.plan))


def reach(
    source: AccessSource, profile: str | None, transport: Transport, listener: Listener
) -> Reached:
    """Prepare the connections to the file's registries; of several, each may fail alone.

    Raises CallError for wrong AWS settings of the only one.
    """
    sources = sources_of(source.registries, profile)
    reached = reach_registries(sources, listener, transport, origin_of_file(source).names)
    require_some(reached.failures, sources)
    return reached


def compute(
    source: AccessSource,
    reached: Reached,
    repositories: Globs,
    listener: Listener,
    *,
    to_read: Callable[[AccessFile, tuple[str, ...]], Iterable[str]] = managed_names,
    changed_since: EarlierVersion | None = None,
) -> ComputedPlan:
    """Compare what the file asks for with what is live in each of its registries.

    Of the selected repositories, those that `to_read` chooses are read; with `changed_since`, only
    what differs from that version. A registry or region that fails does so alone. Raises as
    `read_registries`, and ArgumentError for names that neither the file nor a registry has.
    """
    if changed_since is not None:
        limited = _compute_changed(source, changed_since, reached, repositories, listener)
        return with_names(with_doubtful_replicas(limited, source), source)
    reading_own = reading_own_policy(source.registries, listener)

    def wanted(access: AccessFile, scope: RegistryScope) -> ToRead:
        def select(names: tuple[str, ...]) -> list[str]:
            return [name for name in to_read(access, names) if selected(name, repositories)]

        return ToRead(
            select,
            tuple(one.repository for one in access.entries if not one.is_pattern),
            registry_policy=scope in reading_own,
            templates=reads_templates(access),
        )

    by_scope = {
        scope: wanted(access, scope) for access in source.parts for scope in access.registry.scopes
    }
    live = [
        *unlisted(reached.failures),
        *read_registries(reached.connections, by_scope, listener),
    ]
    if all(one.failure is None for one in live):
        _require_public_known(source, live)
    plan = plan_all(source, live, repositories)
    return with_names(with_doubtful_replicas(plan, source), source)


def _compute_changed(
    source: AccessSource,
    changed_since: EarlierVersion,
    reached: Reached,
    globs: Globs,
    listener: Listener,
) -> Plan:
    """Compare what the file asks for differently from an earlier version with what is live.

    Raises as `read_registries`, and ArgumentError for a name that no entry of the file matches.
    """
    names = exact_names(globs)
    managed = {one for access in source.parts for one in managed_names(access, names)}
    require_known("repositories", names, managed, _NO_ENTRY)
    revision, older, missing = changed_since
    parts = changed_parts(source, older, globs)
    if missing:
        listener.notify(NoEarlierVersion(missing))
    if scopes := left_out(source, older):
        listener.notify(RegistriesLeftOut(revision, scopes))
    listener.notify(LimitedToChanges(revision, tuple(subjects_of(parts.values()))))
    reading_own = reading_own_policy(source.registries, listener)
    to_read = {
        scope: part.to_read(registry_policy=scope in reading_own) for scope, part in parts.items()
    }
    live = [*unlisted(reached.failures), *read_registries(reached.connections, to_read, listener)]
    return plan_changed(source, live, parts, revision)


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
    plans = {
        scope: _plan_part(live[scope], parts[scope], source.now, inputs)
        for access in source.parts
        for inputs in [plan_inputs(access, source.now)]
        for scope in access.registry.scopes
    }
    plans = _with_replicas(plans, source.parts, live)
    plan = merge_plans(plans.values())
    if several := origin_of_file(source).names:
        plan = group_plan(plan, {scope: plans[scope].in_sync for scope in several})
    not_read = [parts[scope].not_read(one) for scope, one in live.items()]
    known = [number for number in not_read if number is not None]
    number = sum(known) if len(known) == len(not_read) else None
    return replace(plan, changed_since=ChangedSince(revision, number))


def _plan_part(live: LiveRegistry, part: ChangedPart, now: datetime, inputs: PlanInputs) -> Plan:
    access, scope = part.difference.newer, live.scope
    if live.failure is not None:
        return Plan(errors=(unread_error(scope, live.failure),))
    wanted = part.among(live.names)
    desired = [
        add_up(name, entries, now)
        for name, entries in entries_by_name(narrowed(access, wanted), wanted & {*live.names})
    ]
    in_scope = tuple(n for n in live.names if n != access.registry.probe_repository)
    seen = replace(live, names=in_scope, templates=part.live_templates(live))
    plan = compute_plan(desired, seen, part.inputs(inputs))
    idle = _idle_patterns(access, live) if part.lists else ()
    findings = (
        *(one for one in idle if one.repository in part.patterns),
        *(Finding(name, RuleId.NO_LONGER_MANAGED, _REMOVED, scope) for name in part.removed),
    )
    # Those that are not read are no unmanaged ones.
    return merge_plans([replace(plan, unmanaged=()), Plan(findings=findings)])


def plan_all(source: AccessSource, live: Iterable[LiveRegistry], globs: Globs = ()) -> Plan:
    """Compute the plan of all registries of a file, each of which was read, or failed.

    Raises ArgumentError for a name among `globs` that neither the file nor a registry has.
    """
    found = {one.scope: one for one in live}
    plans: dict[RegistryScope, Plan] = {}
    for access in source.parts:
        here = [found[scope] for scope in access.registry.scopes]
        plans |= plan_each(access, here, source.now, globs)
    plans = _with_replicas(plans, source.parts, found)
    plan = merge_plans(plans.values())
    listed = sum(one.failure is None for one in found.values())
    nowhere = _selecting_nowhere(plan, listed)
    if listed == len(found):
        names = exact_names(globs)
        require_known("repositories", names, [n for n in names if n not in nowhere], _UNKNOWN)
    several = origin_of_file(source).names
    if not several:
        return plan
    others = (one for one in plan.findings if one.rule is not RuleId.NOTHING_SELECTED)
    idle = (Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN) for glob in nowhere)
    plan = replace(plan, findings=(*idle, *others))
    return group_plan(plan, {scope: plans[scope].in_sync for scope in several})


def with_names(plan: Plan, source: AccessSource) -> ComputedPlan:
    """Return a plan with what the access file says of it."""
    return ComputedPlan(plan, names_of_file(source), origin_of_file(source), source.fails_unmanaged)


def guarded(
    computed: ComputedPlan, source: AccessSource, caller: Callable[[RegistryScope], str]
) -> PlanResult:
    """Check a plan against the guards; `caller` returns the ARN of who would write somewhere."""
    return PlanResult(
        computed.plan,
        computed.display_names,
        computed.origin,
        computed.fails_unmanaged,
        check_guards(computed.plan, source.guards, source.allowances, caller),
        unused_allowances(computed.plan, source.allowances),
    )


def _require_public_known(source: AccessSource, live: Sequence[LiveRegistry]) -> None:
    """Raise ArgumentError for an allowed name that nothing has."""
    known = set(source.checked.repositories or ())  # of the whole file
    known.update(name for registry in live for name in registry.names)
    names = sorted(exact_names(source.allowances.public))
    require_known("allow_public", names, known, _UNKNOWN, lambda n: did_you_mean(n, known))


def _selecting_nowhere(plan: Plan, listed: int) -> list[str]:
    """Return the names and patterns that select nothing in all that were listed, sorted."""
    idle = Counter(f.repository for f in plan.findings if f.rule is RuleId.NOTHING_SELECTED)
    return sorted(one for one, number in idle.items() if number == listed)


def _with_replicas(
    plans: Mapping[RegistryScope, Plan],
    parts: Iterable[AccessFile],
    live: Mapping[RegistryScope, LiveRegistry],
) -> dict[RegistryScope, Plan]:
    """Replace the error on a missing repository that replication has not made there yet.

    That is so where the entry says that replication makes it, and where it exists in another
    registry or region in which the entry holds.
    """
    existing: defaultdict[str, list[RegistryScope]] = defaultdict(list)
    for access in parts:
        replicated = {entry.repository for entry in access.entries if entry.replicated}
        for scope in access.registry.scopes:
            for name in replicated.intersection(live[scope].names):
                existing[name].append(scope)
    return {scope: _with_replica(plan, existing) for scope, plan in plans.items()}


def _with_replica(plan: Plan, existing: Mapping[str, Sequence[RegistryScope]]) -> Plan:
    waiting = [
        error
        for error in plan.errors
        if error.rule is RuleId.MISSING_REPOSITORY and error.target.repository in existing
    ]
    errors = tuple(error for error in plan.errors if error not in waiting)
    found = list(plan.findings)
    for target in (error.target for error in waiting):
        where = some_of(f"{one.account} {one.region}" for one in existing[target.repository])
        message = f"replication has not made the repository here yet; it exists in {where}"
        found.append(finding(target, RuleId.NOT_REPLICATED_YET, message))
    return replace(plan, errors=errors, findings=tuple(sorted(found)))


def plan_registries(
    access: AccessFile, registries: Iterable[LiveRegistry], now: datetime, globs: Globs = ()
) -> Plan:
    """Compute the plan for each region's registry as `plan_each`, and merge them."""
    return merge_plans(plan_each(access, registries, now, globs).values())


def plan_each(
    access: AccessFile, registries: Iterable[LiveRegistry], now: datetime, globs: Globs = ()
) -> dict[RegistryScope, Plan]:
    """Compute the plan for each region's registry.

    Only repositories that match one of `globs` count, all where there is none. Of those, each
    managed one that exists must have been read.
    """
    inputs = _selected_inputs(plan_inputs(access, now), globs)
    plans = {live.scope: _plan_one(access, live, now, globs, inputs) for live in registries}
    if access.unmanaged_repositories == "ignore":
        return {scope: replace(plan, unmanaged=()) for scope, plan in plans.items()}
    return plans


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
        return Plan(errors=(unread_error(live.scope, live.failure),))
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


def unread_error(scope: RegistryScope, failure: ReadFailure) -> PlanError:
    """Return the one error on all of a registry and region that can't be read."""
    return PlanError(Target(EVERY_REPOSITORY, scope), failure.rule, failure.message)


def _idle_patterns(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    message = "no live repository matches this pattern"
    for entry in patterns_without_match(access, live.names):
        yield Finding(entry.repository, RuleId.PATTERN_MATCHES_NOTHING, message, live.scope)


def _missing_probe(access: AccessFile, live: LiveRegistry) -> Iterable[Finding]:
    probe = access.registry.probe_repository
    if probe is not None and probe not in live.names:
        message = "the probe repository does not exist: it can't be used to find unknown principals"
        yield Finding(probe, RuleId.MISSING_PROBE_REPOSITORY, message, live.scope)


def _idle_globs(globs: Globs, live: LiveRegistry, desired: Sequence[Desired]) -> Iterable[Finding]:
    names = {*live.names, *(one.repository for one in desired)}
    for glob in without_match(globs, names):
        yield Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN, live.scope)
