"""From a journal and what is live to the plan that puts back what was there before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from reconciler.apply.chain import Chain, chain_of
from reconciler.apply.journal_reading import Written
from reconciler.apply.looking import is_same
from reconciler.apply.sendable import sendable
from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.compute import merge_plans
from reconciler.plan.counts import count_granted, count_revoked
from reconciler.plan.dropped import dropped_statements, lambda_risks
from reconciler.plan.model import NOTHING_KEPT, Change, Finding, Plan, PlanError, finding
from reconciler.plan.risks import find_risks
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS, Policy, Unreadable
from reconciler.policy.language.principals import gone_kind
from reconciler.policy.meaning.difference import difference
from reconciler.policy.meaning.facts import Facts, facts_of_policy

_ON_ITS_WAY = timedelta(minutes=5)
"""How long a write may take that a killed run has sent; far longer than any that was seen."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What it takes to put back what a journal's writes replaced.

    In the plan, a repository that is as it was before counts as in sync, and so does one that the
    journal's runs did not write. `left_alone` are those that can't be put back without undoing what
    others did; the plan's findings say so of each.
    """

    plan: Plan
    left_alone: tuple[Target, ...]


class _Live(NamedTuple):
    text: str | None
    policy: Policy


def plan_rollback(
    writes: Iterable[Written], live: Iterable[LiveRegistry], now: datetime
) -> Rollback:
    """Plan the way back, by what is live `now` (UTC); of each registry, every repository was read.

    A write of which the journal does not say what became is settled by what is live. Repositories
    that a run made stay: they may hold images by now.
    """
    of_target: defaultdict[Target, list[Written]] = defaultdict(list)
    for write in writes:
        of_target[write.target].append(write)
    found = {
        Target(name, registry.scope): repository.policy_text
        for registry in live
        for name, repository in registry.repositories.items()
    }
    plans = {
        target: _plan_one(target, of_target[target], text, now) for target, text in found.items()
    }
    left = (
        target
        for target, plan in plans.items()
        if any(found.rule == RuleId.CHANGED_SINCE for found in plan.findings)
    )
    return Rollback(merge_plans(plans.values()), tuple(sorted(left)))


def _plan_one(
    target: Target, writes: Sequence[Written], text: str | ReadFailure | None, now: datetime
) -> Plan:
    chain = chain_of(target, writes)
    if isinstance(text, ReadFailure):
        return _unread(target, chain, text)
    live = target.read(text)
    if chain is None:
        return _unwritten(target, writes[-1], live)
    findings = _created(target) if chain.created else ()
    if is_same(live, target.read(chain.old)):
        return Plan(in_sync=1, findings=(*findings, *_unsettled(target, chain, now)))
    if not any(is_same(live, target.read(new)) for new in chain.news):
        message = "others have changed it since; it is left alone"
        return Plan(findings=(finding(target, RuleId.CHANGED_SINCE, message),))
    return _put_back(target, chain.old, _Live(text, live), findings)


def _unsettled(target: Target, chain: Chain, now: datetime) -> Iterable[Finding]:
    """Say of what is as it was before that a write may still be on its way."""
    if chain.open_at is not None and now - chain.open_at < _ON_ITS_WAY:
        message = (
            f"what became of the write of {chain.open_at:%H:%M:%S} UTC is not known; if it is "
            "still on its way, it may yet be done: roll back again in some minutes"
        )
        yield finding(target, RuleId.UNSETTLED_WRITE, message)


def _unread(target: Target, chain: Chain | None, failure: ReadFailure) -> Plan:
    if failure.rule != RuleId.MISSING_REPOSITORY:
        return Plan(errors=(PlanError(target, failure.rule, failure.message),))
    if chain is None or chain.created:
        return Plan(in_sync=1)
    message = "the repository does not exist any more; its policy can't be put back"
    return Plan(errors=(PlanError(target, failure.rule, message),))


def _unwritten(target: Target, last: Written, live: Policy) -> Plan:
    """Look at what no run wrote, as it says: if what it wanted is live, who knows whose it is?"""
    wanted, before = target.read(last.after), target.read(last.before)
    if is_same(live, before) or not is_same(live, wanted):
        return Plan(in_sync=1)
    message = (
        "what was to be written is live, though by this journal it was not written: another run or "
        "somebody else did; it is left alone"
    )
    return Plan(in_sync=1, findings=(finding(target, RuleId.NOT_WRITTEN, message),))


def _put_back(target: Target, old: str | None, live: _Live, findings: tuple[Finding, ...]) -> Plan:
    after_text = None if old is None else sendable(old, target)
    if old is not None and after_text is None:
        message = (
            f"the policy to put back has {len(old):,} characters, and can't be made to fit the "
            f"{MAX_POLICY_CHARACTERS:,} that the service takes"
        )
        return Plan(errors=(PlanError(target, RuleId.POLICY_TOO_LARGE, message),))
    after = target.read(after_text)
    before_facts, after_facts = facts_of_policy(live.policy), facts_of_policy(after)
    access = difference(before_facts, after_facts)
    cut_off = dropped_statements(target, live.policy, after_facts, {}, NOTHING_KEPT)
    change = Change(
        target=target,
        change="delete" if after_text is None else "set",
        access=access,
        before_text=live.text,
        after_text=after_text,
        before=live.policy,
        risks=(
            *find_risks(before_facts, after_facts, access, target, DisplayNames()),
            *(r._replace(why="") for r in lambda_risks(target, live.policy, after_facts, cut_off)),
        ),
        lasting=access,
        revoked=count_revoked(before_facts, access),
        granted=count_granted(after_facts, access),
    )
    return Plan(changes=(change,), findings=(*findings, *_doubts(target, after, after_facts)))


def _doubts(target: Target, after: Policy, facts: Facts) -> Iterable[Finding]:
    """Say why the service may refuse the old policy, or why nobody knows what it allows."""
    if isinstance(after, Unreadable):
        message = f"the policy to put back is not understood ({after})"
        yield finding(target, RuleId.UNREADABLE_POLICY, message)
    for holder in facts:
        kind = gone_kind(holder.principal)
        if kind:
            name = holder.principal.names[0]
            message = f"the policy to put back names {name}, a {kind} that was deleted"
            yield finding(target, RuleId.DEAD_PRINCIPAL, f"{message}; AWS may refuse it")


def _created(target: Target) -> tuple[Finding, ...]:
    message = "the repository was made by the run; it stays, for it may hold images"
    return (finding(target, RuleId.CREATED, message),)
