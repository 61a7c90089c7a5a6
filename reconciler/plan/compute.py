"""Desired and live policies in, a plan out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from reconciler.model.access import Desired, grant_facts
from reconciler.model.registry import (
    LiveRegistry,
    LiveRepository,
    ReadFailure,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.checks.findings import (
    deleted_findings,
    denied_findings,
    expired_findings,
    policy_findings,
    unchanged_findings,
)
from reconciler.plan.checks.never import (
    check_never,
    check_unmanaged,
    require_no_new_violation,
)
from reconciler.plan.checks.not_kept import (
    Dropped,
    dropped_statements,
    lambda_risks,
    not_kept_findings,
)
from reconciler.plan.checks.risks import find_risks
from reconciler.plan.counts import count_granted, count_live, count_revoked, gives_access
from reconciler.plan.desired_policy import (
    DesiredMeaning,
    DesiredPolicy,
    PlanInputs,
    check_writable,
    desired_meaning,
    policy_text,
    write_policy,
)
from reconciler.plan.model import (
    NOTHING_BESIDE,
    Beside,
    Change,
    ChangeKind,
    CurrentPolicy,
    NotPlannableError,
    Plan,
    PlanError,
    merge_plans,
)
from reconciler.plan.registry_policy.access import (
    JudgedRepository,
    check_registry_policy,
    read_registry_access,
)
from reconciler.plan.registry_policy.change import (
    PlannedRegistryPolicy,
    plan_registry_policy,
    withheld,
)
from reconciler.plan.registry_policy.effect import OwnAccess, moves, settle
from reconciler.plan.templates import plan_templates
from reconciler.policy import (
    NO_POLICY,
    AccessChange,
    Facts,
    Unreadable,
    add_facts,
    difference,
    facts_of,
    facts_of_policy,
    subtract_facts,
    uncovered_facts,
)

PlanOf = Callable[[Iterable[Desired], LiveRegistry, PlanInputs], Plan]
"""How the plan of one registry and region is computed: as by `compute_plan`."""


class _Planned(NamedTuple):
    """The plan for one repository, and what its own policy means before and after it.

    `judged` where the registry's own policy concerns it.
    """

    desired: Desired
    plan: Plan
    own: OwnAccess
    judged: JudgedRepository | None


_Compared = dict[tuple[object, ...], Plan]
"""Plans that say nothing of their repository, by what they depend on."""


def _plan_repositories(
    desired: Iterable[Desired],
    live: LiveRegistry,
    registry: PlannedRegistryPolicy,
    inputs: PlanInputs,
) -> dict[str, _Planned]:
    """Return the plan for each repository, by its name."""
    known = _Compared()
    return {one.repository: _plan_repository(one, live, registry, inputs, known) for one in desired}


def _plan_repository(
    desired: Desired,
    live: LiveRegistry,
    registry: PlannedRegistryPolicy,
    inputs: PlanInputs,
    known: _Compared,
) -> _Planned:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target, names = Target(desired.repository, live.scope), inputs.display_names
    repository = live.repositories.get(desired.repository)
    exists = repository is not None or desired.repository in inputs.to_create
    beside = registry.beside(target) if exists else (NOTHING_BESIDE, NOTHING_BESIDE)
    current = CurrentPolicy(target, None, NO_POLICY, {}, {}, None, *beside)
    try:
        current = _current(desired, current, repository, inputs)
        plan = _compare_once(desired, current, registry.change, inputs, known)
        require_no_new_violation(current, _facts_after(current, plan), inputs.never, names)
    except NotPlannableError as error:
        live_facts = add_facts(current.facts, current.beside_after.facts)
        unchanged = unchanged_findings(target, current.facts, live_facts, names)
        plan = _failed(target, error)._replace(findings=tuple(unchanged))
    after_facts = _facts_after(current, plan)
    if inputs.never:
        plan = merge_plans([plan, check_never(current, after_facts, inputs.never, names)])
    own, judged = OwnAccess(current.effective, after_facts), None
    if current.beside_after.facts:
        asked = add_facts(_asked(desired, target, inputs), registry.own.beside(target).facts)
        judged = JudgedRepository(target, _whole(desired), asked, after_facts, current.beside_after)
    return _Planned(desired, plan, own, judged)


def _whole(desired: Desired) -> Desired:
    """Return what is desired on a repository with what the registry's policy carries of it."""
    if not desired.by_registry:
        return desired
    return desired._replace(grants=(*desired.grants, *desired.by_registry))


def _asked(desired: Desired, target: Target, inputs: PlanInputs) -> Facts:
    """Return what the file asks for; raw statements are read as they would be from a policy."""
    if not desired.statements:
        return grant_facts(_whole(desired).grants)
    own = facts_of_policy(target.read(policy_text(desired, (), inputs)))
    return add_facts(own, grant_facts(desired.by_registry))


def _current(
    desired: Desired, unread: CurrentPolicy, repository: LiveRepository | None, inputs: PlanInputs
) -> CurrentPolicy:
    """Return a repository as it was read. Raises NotPlannableError."""
    target = unread.target
    settings = inputs.to_create.get(target.repository)
    if repository is None and settings is not None:
        return unread._replace(settings=settings)
    if repository is None:
        raise NotPlannableError(
            RuleId.MISSING_REPOSITORY,
            "the repository does not exist; create it (create: true does), or remove it from the "
            "file",
        )
    text = repository.policy_text
    if isinstance(text, ReadFailure):
        raise NotPlannableError(text.rule, text.message)
    policy = target.read(text)
    facts = facts_of_policy(policy)
    effective = subtract_facts(facts, grant_facts(desired.expired))
    beside, beside_after = unread.beside, unread.beside_after
    return CurrentPolicy(target, text, policy, facts, effective, None, beside, beside_after)


def _facts_after(current: CurrentPolicy, plan: Plan) -> Facts:
    return facts_of_policy(plan.changes[0].after) if plan.changes else current.effective


def _failed(target: Target, error: NotPlannableError) -> Plan:
    return Plan(errors=(PlanError(target, error.rule, error.message),))


def _compare_once(
    desired: Desired,
    current: CurrentPolicy,
    of_registry: Change | None,
    inputs: PlanInputs,
    known: _Compared,
) -> Plan:
    """Return `_compare`; a plan that says nothing of its repository is that of all that are alike.

    Most are in sync, and ask for what many ask for.
    """
    if desired.statements or current.beside.facts or current.beside_after.facts or inputs.edited:
        return _compare(desired, current, of_registry, inputs)
    grants = desired.grants, desired.expired, desired.by_registry
    alike = (*grants, current.policy, current.settings)
    if alike in known:
        return known[alike]
    plan = _compare(desired, current, of_registry, inputs)
    if plan == Plan(in_sync=plan.in_sync, live_grants=plan.live_grants):
        known[alike] = plan
    return plan


def _compare(
    desired: Desired, current: CurrentPolicy, of_registry: Change | None, inputs: PlanInputs
) -> Plan:
    target, before, names = current.target, current.policy, inputs.display_names
    asked = desired_meaning(desired, target, before, inputs)
    is_replaced = current.settings is not None or isinstance(before, Unreadable)
    written = desired if inputs.edited is None else inputs.edited.limit(desired)
    after = asked if written is desired else _limited_meaning(written, current, inputs)
    access = difference(current.facts, after.facts)
    together = add_facts(after.facts, current.beside_after.facts)
    staying = {} if after is asked else uncovered_facts(after.facts, by=asked.facts)
    unchanged = add_facts(facts_of(asked.kept), staying)
    carried = _carried(desired, current.beside_after)
    remaining = add_facts(after.facts, carried)
    _require_carried(desired, current.effective, remaining)
    dropped: tuple[Dropped, ...] = ()
    if access:  # else every statement stays
        expired = grant_facts(desired.expired)
        dropped = dropped_statements(target, before, remaining, expired, inputs.ownership)
    changes: tuple[Change, ...] = ()
    if written is not None and (access or is_replaced):
        policy = write_policy(written, after, inputs)
        check_writable(policy, before)
        change = compute_change(current, policy, access, dropped, inputs, carried=carried)
        lost = uncovered_facts(current.effective, by=after.facts)
        of_both = OwnAccess(current.beside.facts, carried)
        if of_registry and moves(lost, of_both):
            change = replace(change, relies_on=(of_registry.target,))
        changes = (change,)
    return Plan(
        changes=changes,
        in_sync=int(not is_replaced and asked.facts == current.facts),
        findings=(
            *expired_findings(target, desired.expired, current.facts),
            *deleted_findings(target, current.facts, access, names),
            *policy_findings(target, before),
            *not_kept_findings(target, dropped),
            *unchanged_findings(target, unchanged, together, names),
            *denied_findings(target, _whole(desired), asked.kept),
        ),
        live_grants=count_live(before, current.effective),
    )


def _limited_meaning(
    written: Desired | None, current: CurrentPolicy, inputs: PlanInputs
) -> DesiredMeaning:
    """Return what a policy means of which a plan changes only a part, or nothing (None)."""
    if written is None:
        return DesiredMeaning(current.facts, ())
    return desired_meaning(written, current.target, current.policy, inputs)


def _carried(desired: Desired, beside: Beside) -> Facts:
    """Return what the registry's own policy gives for certain because the file asks for it there.

    What else it gives, others can remove at any time.
    """
    if not desired.by_registry:
        return {}
    asked = grant_facts(desired.by_registry)
    return subtract_facts(asked, uncovered_facts(asked, by=beside.certain))


def _require_carried(desired: Desired, before: Facts, remaining: Facts) -> None:
    """Raise NotPlannableError where the registry's policy is to give what a change takes away.

    `remaining` is what both policies give for certain after the plan.
    """
    if not desired.by_registry:
        return
    pending = uncovered_facts(grant_facts(desired.by_registry), by=remaining)
    if moves(uncovered_facts(before, by=remaining), OwnAccess({}, pending)):
        raise NotPlannableError(
            RuleId.NOT_CARRIED,
            "the policy has access that the registry's policy is to give instead, which it would "
            "not do after this run: plan both together, or see the error on the registry's policy",
        )


def compute_change(
    current: CurrentPolicy,
    after: DesiredPolicy,
    access: tuple[AccessChange, ...],
    dropped: Iterable[Dropped],
    inputs: PlanInputs,
    *,
    carried: Facts = MappingProxyType({}),
) -> Change:
    """Compute the change from the live policy to the desired one.

    `access` is their difference, `dropped` are the live statements that it does not keep.
    `carried` is what the registry's own policy gives instead: nobody loses that.
    """
    target, before, names = current.target, current.facts, inputs.display_names
    policy_change: ChangeKind = "delete" if after.text is None else "set"
    lambda_loses = tuple(lambda_risks(target, current.policy, after.facts, dropped))
    back = difference(after.facts, before)
    lasting = difference(current.effective, after.facts)
    losing = difference(current.effective, add_facts(after.facts, carried)) if carried else lasting
    # A Deny keeps its principals from what the registry's policy gives, too.
    revoked = count_revoked(add_facts(current.effective, current.beside.facts), losing)
    live_grants = count_live(current.policy, current.effective)
    is_unreadable = isinstance(current.policy, Unreadable)
    beside = current.beside
    return Change(
        target=target,
        change="create" if current.settings else policy_change,
        access=access,
        before_text=current.text,
        after_text=after.text,
        risks=(
            *find_risks(before, after.facts, access, target, names, beside=beside),
            *lambda_loses,
        ),
        live_risks=(
            *find_risks(after.facts, before, back, target, names, beside=beside),
            *lambda_loses,
        ),
        lasting=lasting,
        revoked=live_grants if is_unreadable else revoked,
        granted=count_granted(add_facts(after.facts, current.beside_after.facts), access),
        emptied=0 if gives_access(after.facts) or (carried and not revoked) else live_grants,
        ownership=inputs.ownership,
        kept=tuple(sorted(s.sid or "" for s in after.kept)),
        settings=current.settings,
    )


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, inputs: PlanInputs) -> Plan:
    """Compare what is desired with one live registry.

    A desired repository that was not read does not exist. An error on one leaves the others
    planned. The registry's own policy, where it was read, counts for each of them.
    """
    registry = plan_registry_policy(live, read_registry_access(live), inputs)
    managed = _plan_repositories(desired, live, registry, inputs)
    needing = sorted(n for n, one in managed.items() if _needs(one, live, registry, inputs))
    if needing:
        registry = withheld(registry, live, needing)
        wanted = [one.desired for one in managed.values()]
        managed = _plan_repositories(wanted, live, registry, inputs)
    names = inputs.display_names
    others = check_unmanaged(live, managed, inputs.never, names, registry.beside)
    judged = (one.judged for one in managed.values() if one.judged)
    is_managed = inputs.registry_policy is not None
    findings = check_registry_policy(live, registry.after, judged, names, is_managed=is_managed)
    unmanaged = tuple(Target(name, live.scope) for name in live.names if name not in managed)
    own = dict(_own(live, managed)) if is_managed else {}
    relying = {name for name, one in managed.items() if any(c.relies_on for c in one.plan.changes)}
    plans = (*(one.plan for one in managed.values()), *others, findings)
    of_registry = settle(registry, live, inputs, own, relying)
    templates = plan_templates(live, inputs)
    return merge_plans([*plans, of_registry, templates, Plan(unmanaged=unmanaged)])


def _needs(
    planned: _Planned, live: LiveRegistry, registry: PlannedRegistryPolicy, inputs: PlanInputs
) -> bool:
    """Whether the registry's policy must keep what a repository's own one will not give instead."""
    desired = planned.desired
    is_as_desired = not planned.plan.errors and inputs.edited is None
    if is_as_desired or desired.repository not in live.names:
        return False
    before, after = registry.beside(Target(desired.repository, live.scope))
    lost = uncovered_facts(before.facts, by=after.facts)
    remaining = add_facts(planned.own.after, after.facts)
    pending = uncovered_facts(grant_facts(desired.grants), by=remaining)
    return moves(lost, OwnAccess({}, pending))


def _own(live: LiveRegistry, managed: Mapping[str, _Planned]) -> Iterator[tuple[str, OwnAccess]]:
    """Yield what the own policy of each repository that was read means."""
    for name, repository in live.repositories.items():
        if isinstance(repository.policy_text, ReadFailure):
            continue
        if name in managed:
            yield name, managed[name].own
        else:
            facts = facts_of_policy(Target(name, live.scope).read(repository.policy_text))
            yield name, OwnAccess(facts, facts)


def without_expired(plan: Plan) -> Plan:
    """Leave out the expired grants: they have no effect, so they are no drift."""
    lasting = tuple(
        change if change.access == change.lasting else replace(change, access=change.lasting)
        for change in plan.changes
        if change.lasting or change.settings or change.unreadable or _changes_template(change)
    )
    expired = Counter(change.target.scope for change in plan.changes)
    expired.subtract(change.target.scope for change in lasting)
    return plan._replace(
        changes=lasting,
        in_sync=plan.in_sync + expired.total(),
        by_scope={
            scope: own._replace(in_sync=own.in_sync + expired[scope])
            for scope, own in plan.by_scope.items()
        },
    )


def _changes_template(change: Change) -> bool:
    """Whether a creation template is made or removed, or changes in more than its policy."""
    if change.target.subject != "creation-template":
        return False
    if change.before_text is None or change.after_text is None:
        return True
    before, after = read_template(change.before_text), read_template(change.after_text)
    return before.applied_for != after.applied_for
