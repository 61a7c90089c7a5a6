"""Desired and live policies in, a plan out."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from reconciler.model.access import Desired, grant_facts
from reconciler.model.registry import LiveRegistry, ReadFailure, RepositorySettings, Target
from reconciler.model.rules import RuleId
from reconciler.plan.counts import count_granted, count_live, count_revoked, gives_access
from reconciler.plan.desired_policy import (
    DesiredPolicy,
    NotPlannableError,
    PlanInputs,
    check_writable,
    compute_policy,
)
from reconciler.plan.findings import (
    deleted_findings,
    denied_findings,
    expired_findings,
    policy_findings,
    unchanged_findings,
)
from reconciler.plan.model import Change, ChangeKind, Plan, PlanError
from reconciler.plan.never import (
    PolicyStates,
    check_never,
    check_unmanaged,
    require_no_new_violation,
)
from reconciler.plan.not_kept import Dropped, dropped_statements, lambda_risks, not_kept_findings
from reconciler.plan.risks import find_risks
from reconciler.policy import (
    NO_POLICY,
    AccessChange,
    Facts,
    Policy,
    Unreadable,
    difference,
    facts_of,
    facts_of_policy,
    subtract_facts,
)


class CurrentPolicy(NamedTuple):
    """One repository as it was read; `settings` where it does not exist and is to be created.

    `facts` are what its policy means; `effective` are these without the file's expired grants.
    """

    target: Target
    text: str | None
    policy: Policy
    facts: Facts
    effective: Facts
    settings: RepositorySettings | None = None


def plan_repository(desired: Desired, live: LiveRegistry, inputs: PlanInputs) -> Plan:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target, names = Target(desired.repository, live.scope), inputs.display_names
    try:
        current = _current(desired, target, live, inputs)
    except NotPlannableError as error:
        return _failed(target, error)
    try:
        plan = _compare(desired, current, inputs)
        require_no_new_violation(target, _states(current, plan), inputs.never, names)
    except NotPlannableError as error:
        unchanged = unchanged_findings(target, current.facts, current.facts, names)
        plan = replace(_failed(target, error), findings=tuple(unchanged))
    never = check_never(target, _states(current, plan), inputs.never, names)
    return merge_plans([plan, never])


def _current(
    desired: Desired, target: Target, live: LiveRegistry, inputs: PlanInputs
) -> CurrentPolicy:
    repository = live.repositories.get(target.repository)
    settings = inputs.to_create.get(target.repository)
    if repository is None and settings is not None:
        return CurrentPolicy(target, None, NO_POLICY, {}, {}, settings)
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
    return CurrentPolicy(
        target, text, policy, facts, subtract_facts(facts, grant_facts(desired.expired))
    )


def _states(current: CurrentPolicy, plan: Plan) -> PolicyStates:
    after = current.effective
    if plan.changes:
        after = facts_of_policy(plan.changes[0].after)
    return PolicyStates(current.policy, current.effective, after)


def _failed(target: Target, error: NotPlannableError) -> Plan:
    return Plan(errors=(PlanError(target, error.rule, error.message),))


def _compare(desired: Desired, current: CurrentPolicy, inputs: PlanInputs) -> Plan:
    target, before, names = current.target, current.policy, inputs.display_names
    after = compute_policy(desired, target, before, inputs)
    access = difference(current.facts, after.facts)
    expired = grant_facts(desired.expired)
    dropped = dropped_statements(target, before, after.facts, expired, inputs.ownership)
    changes: tuple[Change, ...] = ()
    if access or current.settings or isinstance(before, Unreadable):
        check_writable(after, before)
        changes = (compute_change(current, after, access, dropped, inputs),)
    return Plan(
        changes=changes,
        in_sync=int(not changes),
        findings=(
            *expired_findings(target, desired.expired, current.facts),
            *deleted_findings(target, current.facts, access, names),
            *policy_findings(target, before),
            *not_kept_findings(target, dropped),
            *unchanged_findings(target, facts_of(after.kept), after.facts, names),
            *denied_findings(target, desired, after.kept),
        ),
        live_grants=count_live(before, current.effective),
    )


def compute_change(
    current: CurrentPolicy,
    after: DesiredPolicy,
    access: tuple[AccessChange, ...],
    dropped: Iterable[Dropped],
    inputs: PlanInputs,
) -> Change:
    """Compute the change from the live policy to the desired one.

    `access` is their difference, `dropped` are the live statements that it does not keep.
    """
    target, before, names = current.target, current.facts, inputs.display_names
    policy_change: ChangeKind = "delete" if after.text is None else "set"
    lambda_loses = tuple(lambda_risks(target, current.policy, after.facts, dropped))
    back = difference(after.facts, before)
    lasting = difference(current.effective, after.facts)
    live_grants = count_live(current.policy, current.effective)
    is_unreadable = isinstance(current.policy, Unreadable)
    return Change(
        target=target,
        change="create" if current.settings else policy_change,
        access=access,
        before_text=current.text,
        after_text=after.text,
        before=current.policy,
        risks=(*find_risks(before, after.facts, access, target, names), *lambda_loses),
        live_risks=(*find_risks(after.facts, before, back, target, names), *lambda_loses),
        lasting=lasting,
        revoked=live_grants if is_unreadable else count_revoked(current.effective, lasting),
        granted=count_granted(after.facts, access),
        emptied=0 if gives_access(after.facts) else live_grants,
        ownership=inputs.ownership,
        kept=tuple(sorted(s.sid or "" for s in after.kept)),
        settings=current.settings,
    )


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, inputs: PlanInputs) -> Plan:
    """Compare what is desired with one live registry.

    A desired repository that was not read does not exist. An error on one leaves the others
    planned.
    """
    by_name = {one.repository: one for one in desired}
    managed = [plan_repository(one, live, inputs) for one in by_name.values()]
    others = check_unmanaged(live, by_name, inputs.never, inputs.display_names)
    unmanaged = tuple(Target(name, live.scope) for name in live.names if name not in by_name)
    return merge_plans([*managed, *others, Plan(unmanaged=unmanaged)])


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Merge the plans of several repositories or regions."""
    parts = tuple(plans)
    return Plan(
        changes=tuple(sorted((c for p in parts for c in p.changes), key=lambda c: c.target)),
        in_sync=sum(p.in_sync for p in parts),
        findings=tuple(sorted({f for p in parts for f in p.findings})),
        errors=tuple(sorted(e for p in parts for e in p.errors)),
        violations=tuple(sorted(v for p in parts for v in p.violations)),
        unmanaged=tuple(sorted(t for p in parts for t in p.unmanaged)),
        live_grants=sum(p.live_grants for p in parts),
    )


def without_expired(plan: Plan) -> Plan:
    """Leave out the expired grants: they have no effect, so they are no drift."""
    lasting = tuple(
        replace(change, access=change.lasting)
        for change in plan.changes
        if change.lasting or change.settings or isinstance(change.before, Unreadable)
    )
    expired = len(plan.changes) - len(lasting)
    return replace(plan, changes=lasting, in_sync=plan.in_sync + expired)
