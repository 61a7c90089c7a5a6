"""Desired and live policy of one repository in, what is to be done about it out."""

from dataclasses import dataclass
from typing import NamedTuple

from reconciler.plan.counts import count_granted, count_live, count_revoked, leaves_somebody
from reconciler.plan.findings import (
    expired_findings,
    gone_findings,
    public_findings,
    unreadable_findings,
)
from reconciler.plan.model import Change, ChangeKind, Finding, PlanError, Target
from reconciler.plan.never import Planned, broken_anew
from reconciler.plan.risks import find_risks
from reconciler.plan.wanted import NotPlannableError, Rules, check_writable, work_out
from reconciler.policy.difference import difference
from reconciler.policy.document import NO_POLICY, Policy, Unreadable
from reconciler.policy.facts import facts_of, facts_of_policy, without
from reconciler.policy.grants import Desired, grant_facts
from reconciler.registry.model import LiveRegistry, ReadFailure, RepositorySettings


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """What planning one repository gave; in sync where there is neither change nor error.

    `before` is its live policy; none is known of one that could not be read.
    """

    change: Change | None = None
    error: PlanError | None = None
    findings: tuple[Finding, ...] = ()
    live_grants: int = 0
    before: Policy = NO_POLICY


class _Found(NamedTuple):
    """One repository as it was read; `settings` where it is not there and is to be made."""

    target: Target
    text: str | None
    policy: Policy
    settings: RepositorySettings | None = None


def plan_repository(wanted: Desired, live: LiveRegistry, rules: Rules) -> RepositoryPlan:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target = Target(wanted.repository, live.scope)
    before: Policy = NO_POLICY
    try:
        found = _look_up(target, live, rules)
        before = found.policy
        planned = _compare(wanted, found, rules)
        _check_never(planned, wanted, target, rules)
    except NotPlannableError as problem:
        return RepositoryPlan(
            error=PlanError(target, problem.rule, problem.message),
            findings=tuple(public_findings(target, facts_of_policy(before), rules.vocabulary)),
            before=before,
        )
    return planned


def _look_up(target: Target, live: LiveRegistry, rules: Rules) -> _Found:
    repository = live.repositories.get(target.repository)
    settings = rules.to_create.get(target.repository)
    if repository is None and settings is not None:
        return _Found(target, None, NO_POLICY, settings)
    if repository is None:
        raise NotPlannableError(
            "missing-repository",
            "the repository does not exist; create it (create: true does), or take it out of the "
            "file",
        )
    text = repository.policy_text
    if isinstance(text, ReadFailure):
        raise NotPlannableError(text.rule, text.message)
    return _Found(target, text, target.read(text))


def _check_never(planned: RepositoryPlan, wanted: Desired, target: Target, rules: Rules) -> None:
    """Raise where the policy to come breaks a `never` rule that is not broken live."""
    coming = Planned(target, planned.before, wanted.expired, planned.change)
    told = broken_anew(coming, rules.never, rules.vocabulary)
    if told:
        raise NotPlannableError("never", "; ".join(told))


def _compare(wanted: Desired, found: _Found, rules: Rules) -> RepositoryPlan:
    target, before = found.target, found.policy
    after = work_out(wanted, target, before, rules)
    before_facts = facts_of_policy(before)
    access = difference(before_facts, after.facts)
    effective = without(before_facts, grant_facts(wanted.expired))
    live_grants = count_live(before, effective)
    change = None
    if access or found.settings or isinstance(before, Unreadable):
        check_writable(after, before)
        lasting = difference(effective, after.facts)
        lost = count_revoked(effective, lasting)
        back = difference(after.facts, before_facts)
        policy_change: ChangeKind = "delete" if after.text is None else "set"
        change = Change(
            target=target,
            change="create" if found.settings else policy_change,
            access=access,
            before_text=found.text,
            after_text=after.text,
            before=before,
            risks=find_risks(before_facts, access, target, rules.vocabulary),
            live_risks=find_risks(after.facts, back, target, rules.vocabulary),
            lasting=lasting,
            revoked=live_grants if isinstance(before, Unreadable) else lost,
            granted=count_granted(access),
            emptied=0 if leaves_somebody(after.facts) else live_grants,
            ownership=rules.ownership,
            kept=tuple(sorted(s.sid or "" for s in after.kept)),
            settings=found.settings,
        )
    return RepositoryPlan(
        change=change,
        before=before,
        findings=(
            *expired_findings(target, wanted.expired, before_facts),
            *gone_findings(target, before_facts, access, rules.vocabulary),
            *unreadable_findings(target, before),
            *public_findings(target, facts_of(after.kept), rules.vocabulary),
        ),
        live_grants=live_grants,
    )
