"""Desired and live policies in, a plan out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.model.grants import Desired, grant_facts
from reconciler.model.registry import LiveRegistry, ReadFailure, RepositorySettings, Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.counts import count_granted, count_live, count_revoked, leaves_somebody
from reconciler.plan.desired_policy import NotPlannableError, PlanInputs, check_writable, work_out
from reconciler.plan.findings import (
    denied_findings,
    expired_findings,
    gone_findings,
    policy_findings,
    staying_findings,
)
from reconciler.plan.keeping import dropped_statements, lambda_risks, not_kept_findings
from reconciler.plan.live_never import PolicyStates, Verdict, broken_anew, judge, judge_unmanaged
from reconciler.plan.model import BrokenRule, Change, ChangeKind, Finding, Plan, PlanError
from reconciler.plan.risks import find_risks
from reconciler.policy.language.document import NO_POLICY, Policy, Unreadable
from reconciler.policy.meaning.difference import difference
from reconciler.policy.meaning.facts import Facts, facts_of, facts_of_policy, subtract_facts


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """What planning one repository gave; in sync where there is neither change nor error."""

    change: Change | None = None
    error: PlanError | None = None
    findings: tuple[Finding, ...] = ()
    broken: tuple[BrokenRule, ...] = ()
    live_grants: int = 0


class _Found(NamedTuple):
    """One repository as it was read; `settings` where it is not there and is to be made.

    `facts` are what its policy means, `effective` the same without the file's grants that are over.
    """

    target: Target
    text: str | None
    policy: Policy
    facts: Facts
    effective: Facts
    settings: RepositorySettings | None = None


def plan_repository(wanted: Desired, live: LiveRegistry, rules: PlanInputs) -> RepositoryPlan:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target = Target(wanted.repository, live.scope)
    try:
        found = _look_up(wanted, target, live, rules)
    except NotPlannableError as problem:
        return _failed(target, problem)
    try:
        planned = _compare(wanted, found, rules)
        sides = _sides(found, planned.change)
        _check_never(target, sides, rules)
    except NotPlannableError as problem:
        told = staying_findings(target, found.facts, found.facts, rules.display_names)
        planned, sides = _failed(target, problem, told), _sides(found, None)
    verdict = judge(target, sides, rules.never, rules.display_names)
    findings = (*planned.findings, *verdict.findings)
    return replace(planned, findings=findings, broken=verdict.broken)


def _look_up(wanted: Desired, target: Target, live: LiveRegistry, rules: PlanInputs) -> _Found:
    repository = live.repositories.get(target.repository)
    settings = rules.to_create.get(target.repository)
    if repository is None and settings is not None:
        return _Found(target, None, NO_POLICY, {}, {}, settings)
    if repository is None:
        raise NotPlannableError(
            RuleId.MISSING_REPOSITORY,
            "the repository does not exist; create it (create: true does), or take it out of the "
            "file",
        )
    text = repository.policy_text
    if isinstance(text, ReadFailure):
        raise NotPlannableError(text.rule, text.message)
    policy = target.read(text)
    facts = facts_of_policy(policy)
    return _Found(target, text, policy, facts, subtract_facts(facts, grant_facts(wanted.expired)))


def _failed(
    target: Target, problem: NotPlannableError, findings: Iterable[Finding] = ()
) -> RepositoryPlan:
    return RepositoryPlan(
        error=PlanError(target, problem.rule, problem.message), findings=tuple(findings)
    )


def _sides(found: _Found, change: Change | None) -> PolicyStates:
    after = facts_of_policy(change.after) if change else found.effective
    return PolicyStates(found.policy, found.effective, after)


def _check_never(target: Target, sides: PolicyStates, rules: PlanInputs) -> None:
    """Raise where the policy to come breaks a `never` rule that is not broken live."""
    told = broken_anew(target, sides, rules.never, rules.display_names)
    if told:
        raise NotPlannableError(RuleId.NEVER, "; ".join(told))


def _compare(wanted: Desired, found: _Found, rules: PlanInputs) -> RepositoryPlan:
    target, before = found.target, found.policy
    after = work_out(wanted, target, before, rules)
    access = difference(found.facts, after.facts)
    live_grants = count_live(before, found.effective)
    over = grant_facts(wanted.expired)
    dropped = dropped_statements(target, before, after.facts, over, rules.ownership)
    cut_off = tuple(lambda_risks(target, before, after.facts, dropped))
    change = None
    if access or found.settings or isinstance(before, Unreadable):
        check_writable(after, before)
        lasting = difference(found.effective, after.facts)
        lost = count_revoked(found.effective, lasting)
        back = difference(after.facts, found.facts)
        policy_change: ChangeKind = "delete" if after.text is None else "set"
        change = Change(
            target=target,
            change="create" if found.settings else policy_change,
            access=access,
            before_text=found.text,
            after_text=after.text,
            before=before,
            risks=(
                *find_risks(found.facts, after.facts, access, target, rules.display_names),
                *cut_off,
            ),
            live_risks=(
                *find_risks(after.facts, found.facts, back, target, rules.display_names),
                *cut_off,
            ),
            lasting=lasting,
            revoked=live_grants if isinstance(before, Unreadable) else lost,
            granted=count_granted(after.facts, access),
            emptied=0 if leaves_somebody(after.facts) else live_grants,
            ownership=rules.ownership,
            kept=tuple(sorted(s.sid or "" for s in after.kept)),
            settings=found.settings,
        )
    return RepositoryPlan(
        change=change,
        findings=(
            *expired_findings(target, wanted.expired, found.facts),
            *gone_findings(target, found.facts, access, rules.display_names),
            *policy_findings(target, before),
            *not_kept_findings(target, dropped),
            *staying_findings(target, facts_of(after.kept), after.facts, rules.display_names),
            *denied_findings(target, wanted, after.kept),
        ),
        live_grants=live_grants,
    )


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, rules: PlanInputs) -> Plan:
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
    others = judge_unmanaged(live, managed, rules.never, rules.display_names)
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
