"""The plan that restores what a journal's writes replaced."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.apply.journal_format import JournaledWrite
from reconciler.apply.model import Done
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.model.rules import RuleId
from reconciler.plan.compute import compute_change
from reconciler.plan.desired_policy import DesiredPolicy, PlanInputs
from reconciler.plan.model import (
    NOTHING_KEPT,
    CurrentPolicy,
    Finding,
    Plan,
    PlanError,
    finding,
    merge_plans,
)
from reconciler.plan.not_kept import dropped_statements
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    Facts,
    MalformedError,
    Policy,
    Unreadable,
    deleted_kind,
    difference,
    facts_of_policy,
    load_json,
    minified,
    parse_arn,
    same_policy,
)

_MAX_IN_FLIGHT = timedelta(minutes=5)
"""How long a write may take that a killed run has sent; far longer than any that was seen."""

_PRINCIPALS = ("Principal", "NotPrincipal")


@dataclass(frozen=True, slots=True)
class Rollback:
    """The plan that restores what a journal's writes replaced.

    In the plan, a repository that is as it was before counts as in sync, and so does one that the
    journal's runs did not write. `left_alone` are those that can't be restored without undoing a
    change of another writer; the plan has a finding for each.
    """

    plan: Plan
    left_alone: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class MergedWrites:
    """The writes of one repository that are undone together.

    `before` is the policy before them, None for no policy. `possible_after` are those that may be
    live after them if no other writer wrote: more than one if a run was killed before it recorded
    the outcome. `created`: they created the repository. `unknown_since` is when the last of them
    was begun, if its outcome is unknown.
    """

    before: str | None
    possible_after: tuple[str | None, ...]
    created: bool
    unknown_since: datetime | None = None


def plan_rollback(
    writes: Iterable[JournaledWrite], live: Iterable[LiveRegistry], now: datetime
) -> Rollback:
    """Plan a rollback of writes, from what is live `now` (UTC) of every repository in them.

    A write of unknown outcome is settled by what is live. Repositories that a run created are kept:
    they may hold images by now.
    """
    of_target: defaultdict[Target, list[JournaledWrite]] = defaultdict(list)
    for write in writes:
        of_target[write.target].append(write)
    texts = {
        Target(name, registry.scope): repository.policy_text
        for registry in live
        for name, repository in registry.repositories.items()
    }
    plans = {
        target: _plan_one(target, of_target[target], text, now) for target, text in texts.items()
    }
    left_alone = (
        target
        for target, plan in plans.items()
        if any(found.rule == RuleId.CHANGED_SINCE for found in plan.findings)
    )
    return Rollback(merge_plans(plans.values()), tuple(sorted(left_alone)))


def merge_writes(target: Target, writes: Sequence[JournaledWrite]) -> MergedWrites | None:
    """Merge a repository's writes, in the journal's order; None if nothing was written.

    From the last write back, a write is merged if the next one found the policy that it had
    written. If the next one found another policy, another writer wrote in between: that policy is
    restored, and the merge ends. A write of unknown outcome did not happen if the next write found
    the same policy as this one.
    """
    done = [write for write in writes if write.written is not Done.NO]
    if not done:
        return None
    merged = [done.pop()]
    while done:
        earlier, found = done.pop(), merged[-1].before
        if _is_same_text(target, earlier.after, found):
            merged.append(earlier)
        elif earlier.written is Done.YES or not _is_same_text(target, earlier.before, found):
            break
    possible_after = []
    for write in merged:
        possible_after.append(write.after)
        if write.written is Done.YES:
            break
    first, last = merged[-1], merged[0]
    unknown_since = last.at if last.written is Done.UNKNOWN else None
    return MergedWrites(
        first.before, tuple(possible_after), first.change == "create", unknown_since
    )


def _is_same_text(target: Target, left: str | None, right: str | None) -> bool:
    return left == right or same_policy(target.read(left), target.read(right))


def _plan_one(
    target: Target, writes: Sequence[JournaledWrite], text: str | ReadFailure | None, now: datetime
) -> Plan:
    merged = merge_writes(target, writes)
    if isinstance(text, ReadFailure):
        return _unread(target, merged, text)
    live = target.read(text)
    if merged is None:
        return _unwritten(target, writes[-1], live)
    findings = _created(target) if merged.created else ()
    if same_policy(live, target.read(merged.before)):
        return Plan(in_sync=1, findings=(*findings, *_unsettled(target, merged, now)))
    if not any(same_policy(live, target.read(after)) for after in merged.possible_after):
        message = "another writer has changed the policy since; the rollback does not change it"
        return Plan(findings=(finding(target, RuleId.CHANGED_SINCE, message),))
    facts = facts_of_policy(live)
    return _restore(merged.before, CurrentPolicy(target, text, live, facts, facts), findings)


def _unsettled(target: Target, merged: MergedWrites, now: datetime) -> Iterable[Finding]:
    """Yield a finding if a write may still be done to a repository that is as it was before."""
    begun = merged.unknown_since
    if begun is not None and now - begun < _MAX_IN_FLIGHT:
        message = (
            f"the outcome of the write of {begun:%H:%M:%S} UTC is unknown, and it may still be "
            "done: roll back again in a few minutes"
        )
        yield finding(target, RuleId.UNSETTLED_WRITE, message)


def _unread(target: Target, merged: MergedWrites | None, failure: ReadFailure) -> Plan:
    if failure.rule != RuleId.MISSING_REPOSITORY:
        return Plan(errors=(PlanError(target, failure.rule, failure.message),))
    if merged is None or merged.created:
        return Plan(in_sync=1)
    message = "the repository no longer exists; its policy can't be restored"
    return Plan(errors=(PlanError(target, failure.rule, message),))


def _unwritten(target: Target, last: JournaledWrite, live: Policy) -> Plan:
    """Plan for a repository that no run wrote: its desired policy may be live all the same."""
    desired, before = target.read(last.after), target.read(last.before)
    if same_policy(live, before) or not same_policy(live, desired):
        return Plan(in_sync=1)
    message = (
        "the live policy is the one that this run intended, but by its journal another writer set "
        "it; the rollback does not change it"
    )
    return Plan(in_sync=1, findings=(finding(target, RuleId.NOT_WRITTEN, message),))


def _restore(old: str | None, current: CurrentPolicy, findings: tuple[Finding, ...]) -> Plan:
    target = current.target
    after_text = None if old is None else _shorten(old, target)
    if old is not None and after_text is None:
        message = (
            f"the policy to restore has {len(old):,} characters, and can't be shortened to the "
            f"{MAX_POLICY_CHARACTERS:,} that the service accepts"
        )
        return Plan(errors=(PlanError(target, RuleId.POLICY_TOO_LARGE, message),))
    policy = target.read(after_text)
    after = DesiredPolicy(after_text, facts_of_policy(policy), ())
    access = difference(current.facts, after.facts)
    dropped = dropped_statements(target, current.policy, after.facts, {}, NOTHING_KEPT)
    change = compute_change(current, after, access, dropped, PlanInputs())
    # The reason of a risk names a remedy in the access file, and a rollback reads none.
    change = replace(change, risks=tuple(risk._replace(why="") for risk in change.risks))
    return Plan(changes=(change,), findings=(*findings, *_doubts(target, policy, after.facts)))


def _doubts(target: Target, after: Policy, facts: Facts) -> Iterable[Finding]:
    """Yield why the service may reject the old policy, or why its meaning is unknown."""
    if isinstance(after, Unreadable):
        message = f"the policy to restore is not understood ({after})"
        yield finding(target, RuleId.UNREADABLE_POLICY, message)
    for holder in facts:
        kind = deleted_kind(holder.principal)
        if kind:
            name = holder.principal.names[0]
            message = f"the policy to restore names {name}, a deleted {kind}"
            yield finding(target, RuleId.DEAD_PRINCIPAL, f"{message}; AWS may reject it")


def _created(target: Target) -> tuple[Finding, ...]:
    message = "the repository was created by the run; it is kept, since it may hold images"
    return (finding(target, RuleId.CREATED, message),)


def _shorten(text: str, target: Target) -> str | None:
    """Return a text of the same meaning that is not too long; None where there is none.

    The service returns a policy longer than it was sent: indented, and an account's bare id as its
    root ARN.
    """
    if len(text) <= MAX_POLICY_CHARACTERS:
        return text
    policy = target.read(text)
    for shorter in _spellings(text, target.partition):
        if len(shorter) <= MAX_POLICY_CHARACTERS and same_policy(target.read(shorter), policy):
            return shorter
    return None


def _spellings(text: str, partition: str) -> Iterable[str]:
    try:
        value = load_json(text)
    except MalformedError:
        return
    yield minified(value)
    yield minified(_with_bare_ids(value, partition))


def _with_bare_ids(value: object, partition: str) -> object:
    """Replace each root ARN of the partition that is a principal by its account's id."""
    statements = value.get("Statement") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(statements, list):
        return value
    return {**value, "Statement": [_with_short_principals(s, partition) for s in statements]}


def _with_short_principals(statement: object, partition: str) -> object:
    if not isinstance(statement, Mapping):
        return statement
    shorter = {
        key: {kind: _shortened(names, partition) for kind, names in principals.items()}
        for key in _PRINCIPALS
        if isinstance(principals := statement.get(key), Mapping)
    }
    return {**statement, **shorter}


def _shortened(names: object, partition: str) -> object:
    if isinstance(names, list):
        return [_shortened(name, partition) for name in names]
    arn = parse_arn(names) if isinstance(names, str) else None
    is_account = arn and (arn.resource_type, arn.partition) == ("root", partition)
    return arn.account if arn and is_account else names
