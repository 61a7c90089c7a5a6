"""Desired and live policy of one repository in, what is to be done about it out."""

from dataclasses import dataclass, replace

from reconciler.plan.counts import count_granted, count_live, count_revoked, leaves_somebody
from reconciler.plan.findings import (
    expired_findings,
    gone_findings,
    public_findings,
    unreadable_findings,
)
from reconciler.plan.model import Change, Finding, PlanError, Target
from reconciler.plan.never import Planned, broken_anew
from reconciler.plan.risks import find_risks
from reconciler.plan.wanted import NotPlannableError, Rules, check_writable, work_out
from reconciler.policy.difference import difference
from reconciler.policy.document import (
    NO_POLICY,
    Policy,
    Unreadable,
)
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


def plan_repository(wanted: Desired, live: LiveRegistry, rules: Rules) -> RepositoryPlan:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target = Target(wanted.repository, live.scope)
    settings = rules.to_create.get(wanted.repository)
    before: Policy = NO_POLICY
    try:
        if settings is not None and wanted.repository not in live.repositories:
            compared = _compare(wanted, target, None, NO_POLICY, rules)
            return _made_first(_checked(compared, wanted, target, rules), target, settings)
        before_text = _live_text(live, wanted.repository)
        before = target.read(before_text)
        compared = _compare(wanted, target, before_text, before, rules)
        return _checked(replace(compared, before=before), wanted, target, rules)
    except NotPlannableError as problem:
        return RepositoryPlan(
            error=PlanError(target, problem.rule, problem.message),
            findings=tuple(public_findings(target, facts_of_policy(before), rules.vocabulary)),
            before=before,
        )


def _checked(
    outcome: RepositoryPlan, wanted: Desired, target: Target, rules: Rules
) -> RepositoryPlan:
    """Raise where the policy to come breaks a `never` rule that is not broken live."""
    planned = Planned(target, outcome.before, wanted.expired, outcome.change)
    told = broken_anew(planned, rules.never, rules.vocabulary)
    if told:
        raise NotPlannableError("never", "; ".join(told))
    return outcome


def _made_first(
    outcome: RepositoryPlan, target: Target, settings: RepositorySettings
) -> RepositoryPlan:
    """Let a repository be made before its policy is set, if it is to have one."""
    change = outcome.change or Change(target, "create", (), None, None, NO_POLICY)
    return replace(outcome, change=replace(change, change="create", settings=settings))


def _live_text(live: LiveRegistry, repository: str) -> str | None:
    found = live.repositories.get(repository)
    if found is None:
        raise NotPlannableError(
            "missing-repository",
            "the repository does not exist; create it (create: true does), or take it out of the "
            "file",
        )
    if isinstance(found.policy_text, ReadFailure):
        raise NotPlannableError(found.policy_text.rule, found.policy_text.message)
    return found.policy_text


def _compare(
    wanted: Desired, target: Target, before_text: str | None, before: Policy, rules: Rules
) -> RepositoryPlan:
    after = work_out(wanted, target, before, rules)
    before_facts = facts_of_policy(before)
    access = difference(before_facts, after.facts)
    effective = without(before_facts, grant_facts(wanted.expired))
    live_grants = count_live(before, effective)
    change = None
    if access or isinstance(before, Unreadable):
        check_writable(after, before)
        lasting = difference(effective, after.facts)
        lost = count_revoked(effective, lasting)
        back = difference(after.facts, before_facts)
        change = Change(
            target=target,
            change="delete" if after.text is None else "set",
            access=access,
            before_text=before_text,
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
        )
    return RepositoryPlan(
        change=change,
        findings=(
            *expired_findings(target, wanted.expired, before_facts),
            *gone_findings(target, before_facts, access, rules.vocabulary),
            *unreadable_findings(target, before),
            *public_findings(target, facts_of(after.kept), rules.vocabulary),
        ),
        live_grants=live_grants,
    )
