"""Desired and live policy of one repository in, what is to be done about it out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.plan.counts import count_granted, count_live, count_revoked, leaves_somebody
from reconciler.plan.findings import (
    denied_findings,
    expired_findings,
    gone_findings,
    policy_findings,
    staying_findings,
)
from reconciler.plan.keeping import dropped_statements, lambda_risks, not_kept_findings
from reconciler.plan.model import BrokenRule, Change, ChangeKind, Finding, PlanError, Target
from reconciler.plan.never import Sides, broken_anew, judge
from reconciler.plan.risks import find_risks
from reconciler.plan.wanted import NotPlannableError, Rules, check_writable, work_out
from reconciler.policy.difference import difference
from reconciler.policy.document import NO_POLICY, Policy, Unreadable
from reconciler.policy.facts import Facts, facts_of, facts_of_policy, without
from reconciler.policy.grants import Desired, grant_facts
from reconciler.registry.model import LiveRegistry, ReadFailure, RepositorySettings


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


def plan_repository(wanted: Desired, live: LiveRegistry, rules: Rules) -> RepositoryPlan:
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
        told = staying_findings(target, found.facts, found.facts, rules.vocabulary)
        planned, sides = _failed(target, problem, told), _sides(found, None)
    verdict = judge(target, sides, rules.never, rules.vocabulary)
    findings = (*planned.findings, *verdict.findings)
    return replace(planned, findings=findings, broken=verdict.broken)


def _look_up(wanted: Desired, target: Target, live: LiveRegistry, rules: Rules) -> _Found:
    repository = live.repositories.get(target.repository)
    settings = rules.to_create.get(target.repository)
    if repository is None and settings is not None:
        return _Found(target, None, NO_POLICY, {}, {}, settings)
    if repository is None:
        raise NotPlannableError(
            "missing-repository",
            "the repository does not exist; create it (create: true does), or take it out of the "
            "file",
        )
    text = repository.policy_text
    if isinstance(text, ReadFailure):
        raise NotPlannableError(text.rule, text.message)
    policy = target.read(text)
    facts = facts_of_policy(policy)
    return _Found(target, text, policy, facts, without(facts, grant_facts(wanted.expired)))


def _failed(
    target: Target, problem: NotPlannableError, findings: Iterable[Finding] = ()
) -> RepositoryPlan:
    return RepositoryPlan(
        error=PlanError(target, problem.rule, problem.message), findings=tuple(findings)
    )


def _sides(found: _Found, change: Change | None) -> Sides:
    after = facts_of_policy(change.after) if change else found.effective
    return Sides(found.policy, found.effective, after)


def _check_never(target: Target, sides: Sides, rules: Rules) -> None:
    """Raise where the policy to come breaks a `never` rule that is not broken live."""
    told = broken_anew(target, sides, rules.never, rules.vocabulary)
    if told:
        raise NotPlannableError("never", "; ".join(told))


def _compare(wanted: Desired, found: _Found, rules: Rules) -> RepositoryPlan:
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
                *find_risks(found.facts, after.facts, access, target, rules.vocabulary),
                *cut_off,
            ),
            live_risks=(
                *find_risks(after.facts, found.facts, back, target, rules.vocabulary),
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
            *gone_findings(target, found.facts, access, rules.vocabulary),
            *policy_findings(target, before),
            *not_kept_findings(target, dropped),
            *staying_findings(target, facts_of(after.kept), after.facts, rules.vocabulary),
            *denied_findings(target, wanted, after.kept),
        ),
        live_grants=live_grants,
    )
