"""What an apply would change, and where what is live differs from the file."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.desired import (
    desired_policies,
    managed_names,
    reads_templates,
    watched_names,
)
from reconciler.access_file.model import AccessFile
from reconciler.closest import did_you_mean
from reconciler.errors import RefusedError, Remedy, Status, UsageError
from reconciler.model.access import Desired, DisplayNames
from reconciler.model.registry import (
    LiveRegistry,
    LiveTemplates,
    ReadFailure,
    RegistryScope,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.model.transport import Transport
from reconciler.plan.compute import PlanOf, compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import (
    Finding,
    Plan,
    group_plan,
    merge_plans,
    unread_error,
)
from reconciler.plan.origin import Origin
from reconciler.workflow.file.left_out import entry_elsewhere
from reconciler.workflow.file.origin_and_names import names_of_file, origin_of_file
from reconciler.workflow.file.source import (
    AccessSource,
    Globs,
    exact_names,
    require_known,
    selected,
    without_match,
)
from reconciler.workflow.listener import (
    LOG,
    Listener,
    NoEarlierVersion,
)
from reconciler.workflow.live.callers import caller_of
from reconciler.workflow.live.connections import Reached, reach_registries, require_some, sources_of
from reconciler.workflow.live.registries import (
    ToRead,
    read_registries,
    reading_own_policy,
    unlisted,
)
from reconciler.workflow.plans.plan_inputs import idle_patterns, missing_probe, plan_inputs
from reconciler.workflow.plans.replicas import with_doubtful_replicas, with_replicas

if TYPE_CHECKING:
    from reconciler.plan.checks.guards import Refusal, UnusedAllowance
    from reconciler.workflow.file.revisions import EarlierVersion

_UNKNOWN = "neither the file nor the registry has such a repository"


class ComputedPlan(NamedTuple):
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
        return _statuses(self.plan, fails_unmanaged=self.fails_unmanaged)


class PlanResult(NamedTuple):
    """A computed plan, and the guards' refusals of it; without any, it may be applied."""

    plan: Plan
    display_names: DisplayNames
    origin: Origin
    fails_unmanaged: bool
    refusals: "tuple[Refusal, ...]"
    unused_allowances: "tuple[UnusedAllowance, ...]" = ()

    @property
    def statuses(self) -> frozenset[Status]:
        """What the plan amounts to, and whether a guard refuses it."""
        found = _statuses(self.plan, fails_unmanaged=self.fails_unmanaged)
        return found | {Status.REFUSED} if self.refusals else found


def _statuses(plan: Plan, *, fails_unmanaged: bool) -> frozenset[Status]:
    holds = {
        Status.FAILED: bool(plan.errors),
        Status.DIFFERS: fails_unmanaged and bool(plan.unmanaged),
    }
    return frozenset(status for status, it_does in holds.items() if it_does)


def plan(
    source: AccessSource,
    *,
    repositories: Globs = (),
    changed_since: "EarlierVersion | None" = None,
    base: "EarlierVersion | None" = None,
    only_mine: bool = False,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PlanResult:
    """Return what an apply would change. Reads only.

    `repositories` are names and patterns that limit the plan, `profile` is the AWS profile,
    `transport` makes the calls that read. `changed_since` limits it to what the file asks for
    differently since then. With `base`, each change says whether it is of the edit since then, or
    drift; `only_mine` leaves drift as it is. A registry or region that can't be read is an error of
    the plan. Raises ArgumentError for a name that neither the file nor a registry has, UsageError
    for `only_mine` without `base`, CallError where the only registry and region can't be read.
    """
    plan_of = planning(source, base, listener, only_mine=only_mine)
    reached = reach(source, profile, transport, listener)
    computed = compute(
        source,
        reached,
        repositories,
        listener,
        changed_since=changed_since,
        base=base,
        plan_of=plan_of,
    )
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
    return computed._replace(plan=without_expired(computed.plan))


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
    changed_since: "EarlierVersion | None" = None,
    base: "EarlierVersion | None" = None,
    plan_of: PlanOf = compute_plan,
) -> ComputedPlan:
    """Compare what the file asks for with what is live in each of its registries.

    Of the selected repositories, those that `to_read` chooses are read; with `changed_since`, only
    what differs from that version. `plan_of` computes the plan of each registry and region, and
    compares it with `base` where that is given. One that fails does so alone. Raises as
    `read_registries`, and ArgumentError for names that neither the file nor a registry has.
    """
    if changed_since is not None:
        from reconciler.workflow.plans.limited_plan import compute_limited  # noqa: PLC0415 - costs

        plan = compute_limited(
            source, changed_since, reached, repositories, listener, plan_of=plan_of
        )
    else:
        plan = _compute_whole(source, reached, repositories, listener, to_read, plan_of=plan_of)
    plan = _with_missing(_with_missing(plan, changed_since), base)
    return with_names(with_doubtful_replicas(plan, source), source)


def _with_missing(plan: Plan, version: "EarlierVersion | None") -> Plan:
    """Report that there is no such version, or no valid one; once for each."""
    if version is None or not version.missing:
        return plan
    message = str(NoEarlierVersion(version.missing))
    found = Finding(EVERY_REPOSITORY, RuleId.NO_EARLIER_VERSION, message)
    return plan._replace(findings=tuple(dict.fromkeys((found, *plan.findings))))


def planning(
    source: AccessSource, base: "EarlierVersion | None", listener: Listener, *, only_mine: bool
) -> PlanOf:
    """Return how to compute a plan that is compared with an earlier version, where there is one.

    With `only_mine`, it is limited to the edit since then. For that it raises UsageError without
    `base`, and RefusedError where there was no valid file: all of it would count as edited.
    """
    if base is None:
        if only_mine:
            raise UsageError(
                "an edit is one since an earlier version of the file, and none is given",
                remedy=Remedy.NAME_EARLIER_VERSION,
            )
        return compute_plan
    from reconciler.workflow.plans.earlier_plan import edit_alone, with_causes  # noqa: PLC0415 - costs

    if base.missing and only_mine:
        raise RefusedError(
            f"{base.missing}, so the edit since then can't be told from drift",
            hint="plan all of the file, or compare it with another version",
        )
    if base.missing:
        listener.notify(NoEarlierVersion(base.missing))
    return (edit_alone if only_mine else with_causes)(base, source.now)


def _compute_whole(
    source: AccessSource,
    reached: Reached,
    repositories: Globs,
    listener: Listener,
    to_read: Callable[[AccessFile, tuple[str, ...]], Iterable[str]],
    *,
    plan_of: PlanOf,
) -> Plan:
    """Return the plan of all that is selected."""
    reading_own = reading_own_policy(source.registries, listener)

    def wanted(access: AccessFile, scope: RegistryScope) -> ToRead:
        def select(names: tuple[str, ...]) -> list[str]:
            return [name for name in to_read(access, names) if selected(name, repositories)]

        return ToRead(
            select,
            tuple(access.exact),
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
    return plan_all(source, live, repositories, plan_of)


def plan_all(
    source: AccessSource,
    live: Iterable[LiveRegistry],
    globs: Globs = (),
    plan_of: PlanOf = compute_plan,
) -> Plan:
    """Compute the plan of all registries of a file, each of which was read, or failed.

    Raises ArgumentError for a name among `globs` that neither the file nor a registry has.
    """
    found = {one.scope: one for one in live}
    plans: dict[RegistryScope, Plan] = {}
    for access in source.parts:
        here = [found[scope] for scope in access.registry.scopes]
        plans |= plan_each(access, here, source.now, globs, plan_of)
    plans = with_replicas(plans, source.parts, found)
    plan = merge_plans(plans.values())
    listed = sum(one.failure is None for one in found.values())
    nowhere = _selecting_nowhere(plan, listed)
    if listed == len(found):
        names = exact_names(globs)
        known = [name for name in names if name not in nowhere]
        elsewhere = partial(entry_elsewhere, source)
        require_known("repositories", names, known, _UNKNOWN, elsewhere)
    several = origin_of_file(source).names
    if not several:
        return plan
    others = (one for one in plan.findings if one.rule is not RuleId.NOTHING_SELECTED)
    idle = (Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN) for glob in nowhere)
    plan = plan._replace(findings=(*idle, *others))
    return group_plan(plan, {scope: plans[scope].figures for scope in several})


def with_names(plan: Plan, source: AccessSource) -> ComputedPlan:
    """Return a plan with what the access file says of it."""
    return ComputedPlan(plan, names_of_file(source), origin_of_file(source), source.fails_unmanaged)


def guarded(
    computed: ComputedPlan, source: AccessSource, caller: Callable[[RegistryScope], str]
) -> PlanResult:
    """Check a plan against the guards; `caller` returns the ARN of who would write somewhere."""
    from reconciler.plan.checks.guards import check_guards, unused_allowances  # noqa: PLC0415 - costs

    refusals = check_guards(
        computed.plan, source.guards, source.allowances, caller, computed.origin.names
    )
    return PlanResult(
        *computed,
        refusals=refusals,
        unused_allowances=unused_allowances(computed.plan, source.allowances),
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


def plan_each(
    access: AccessFile,
    registries: Iterable[LiveRegistry],
    now: datetime,
    globs: Globs = (),
    plan_of: PlanOf = compute_plan,
) -> dict[RegistryScope, Plan]:
    """Compute the plan for each region's registry.

    Only repositories that match one of `globs` count, all where there is none. Of those, each
    managed one that exists must have been read.
    """
    inputs = _selected_inputs(plan_inputs(access, now), globs)
    plans = {
        live.scope: _plan_one(access, live, now, globs, inputs, plan_of=plan_of)
        for live in registries
    }
    if access.unmanaged_repositories == "ignore":
        return {scope: plan._replace(unmanaged=()) for scope, plan in plans.items()}
    return plans


def _selected_inputs(inputs: PlanInputs, globs: Globs) -> PlanInputs:
    """Leave out what is not of the selected repositories; `*` alone selects the registry's."""
    if not globs:
        return inputs
    of_registry = inputs.registry_policy if selected(EVERY_REPOSITORY, globs) else None
    templates = inputs.templates
    if templates is not None:
        templates = tuple(one for one in templates if selected(one.pattern, globs))
    return inputs._replace(registry_policy=of_registry, templates=templates)


def _plan_one(
    access: AccessFile,
    live: LiveRegistry,
    now: datetime,
    globs: Globs,
    inputs: PlanInputs,
    *,
    plan_of: PlanOf,
) -> Plan:
    if live.failure is not None:
        return Plan(errors=(unread_error(live.scope, live.failure),))
    asked_for = desired_policies(access, live.names, now=now)
    desired = [one for one in asked_for if selected(one.repository, globs)]
    probe = access.registry.probe_repository
    in_scope = tuple(name for name in live.names if selected(name, globs) and name != probe)
    templates = _selected_templates(live, globs)
    plan = plan_of(desired, live._replace(names=in_scope, templates=templates), inputs)
    idle = _idle_globs(globs, live, desired) if globs else idle_patterns(access, live)
    findings = (*idle, *missing_probe(access, live))
    return merge_plans([plan, Plan(findings=findings)])


def _selected_templates(live: LiveRegistry, globs: Globs) -> LiveTemplates:
    if live.templates is None or isinstance(live.templates, ReadFailure):
        return live.templates
    patterns = ((one, template_target(one.prefix, live.scope).pattern) for one in live.templates)
    return tuple(one for one, pattern in patterns if selected(pattern, globs))


def _idle_globs(globs: Globs, live: LiveRegistry, desired: Sequence[Desired]) -> Iterable[Finding]:
    names = {*live.names, *(one.repository for one in desired)}
    for glob in without_match(globs, names):
        yield Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN, live.scope)
