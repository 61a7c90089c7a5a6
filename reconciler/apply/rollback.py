"""The plan that restores what a journal's writes replaced.

What is live of a repository's policy, the registry's own or a creation template is its text.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.apply.journal_format import JournaledWrite
from reconciler.apply.model import Done
from reconciler.model.access import Desired, DisplayNames
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    ReadFailure,
    RegistryScope,
    Subject,
    Target,
    registry_target,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.checks.not_kept import dropped_statements
from reconciler.plan.compute import compute_change
from reconciler.plan.desired_policy import DesiredPolicy, PlanInputs
from reconciler.plan.model import (
    NOTHING_KEPT,
    Change,
    CurrentPolicy,
    Finding,
    Plan,
    PlanError,
    finding,
    merge_plans,
)
from reconciler.plan.registry_policy.access import read_registry_access
from reconciler.plan.registry_policy.change import WrittenPolicy, change_registry_policy
from reconciler.plan.registry_policy.effect import OwnAccess, moves
from reconciler.plan.templates import change_template
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    MalformedError,
    Policy,
    Unreadable,
    deleted_kind,
    difference,
    facts_of_policy,
    load_json,
    minified,
    parse_arn,
    read_registry_policy,
    registry_facts_of,
    uncovered_facts,
)

_MAX_IN_FLIGHT = timedelta(minutes=5)
"""How long a write may take that a killed run has sent; far longer than any that was seen."""

_PRINCIPALS = ("Principal", "NotPrincipal")

_NOT_READ = ReadFailure(RuleId.READ_FAILED, "it was not read")

_WHAT: Mapping[Subject, str] = {
    "repository-policy": "the policy",
    "registry-policy": "the registry's policy",
    "creation-template": "the template",
}


@dataclass(frozen=True, slots=True)
class Rollback:
    """The plan that restores what a journal's writes replaced.

    In the plan, a repository that is as it was before counts as in sync, and so does one that the
    journal's runs did not write. `left_alone` is what can't be restored without undoing a change of
    another writer; the plan has a finding for each.
    """

    plan: Plan
    left_alone: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class MergedWrites:
    """The writes of one target that are undone together.

    `before` is the text before them, None for none. `possible_after` are those that may be live
    after them if no other writer wrote: more than one if a run was killed before it recorded the
    outcome. `created`: they created the repository. `unknown_since` is when the last of them was
    begun, if its outcome is unknown.
    """

    before: str | None
    possible_after: tuple[str | None, ...]
    created: bool
    unknown_since: datetime | None = None


def plan_rollback(
    writes: Iterable[JournaledWrite], live: Iterable[LiveRegistry], now: datetime
) -> Rollback:
    """Plan a rollback of writes, from what is live `now` (UTC) of every target in them.

    A write of unknown outcome is settled by what is live. Repositories that a run created are kept:
    they may hold images by now. What gives access back comes before what takes it away elsewhere.
    """
    of_target: defaultdict[Target, list[JournaledWrite]] = defaultdict(list)
    for write in writes:
        of_target[write.target].append(write)
    registries = {registry.scope: registry for registry in live}
    plans = {
        target: _plan_one(target, found, _live_text(target, registries[target.scope]), now)
        for target, found in of_target.items()
    }
    left_alone = (
        target
        for target, plan in plans.items()
        if any(found.rule == RuleId.CHANGED_SINCE for found in plan.findings)
    )
    plan = merge_plans(plans.values())
    changes = tuple(_in_order(plan.changes, registries))
    return Rollback(plan._replace(changes=changes), tuple(sorted(left_alone)))


def merge_writes(target: Target, writes: Sequence[JournaledWrite]) -> MergedWrites | None:
    """Merge a target's writes, in the journal's order; None if nothing was written.

    From the last write back, a write is merged if the next one found the text that it had written.
    If the next one found another text, another writer wrote in between: that text is restored, and
    the merge ends. A write of unknown outcome did not happen if the next write found the same text
    as this one.
    """
    done = [write for write in writes if write.written is not Done.NO]
    if not done:
        return None
    merged = [done.pop()]
    while done:
        earlier, found = done.pop(), merged[-1].before
        if target.same(earlier.after, found):
            merged.append(earlier)
        elif earlier.written is Done.YES or not target.same(earlier.before, found):
            break
    possible_after = []
    for write in merged:
        possible_after.append(write.after)
        if write.written is Done.YES:
            break
    first, last = merged[-1], merged[0]
    unknown_since = last.at if last.written is Done.UNKNOWN else None
    created = first.change == "create" and target.subject == "repository-policy"
    return MergedWrites(first.before, tuple(possible_after), created, unknown_since)


def _live_text(target: Target, live: LiveRegistry) -> str | ReadFailure | None:
    match target.subject:
        case "repository-policy":
            return live.repositories[target.repository].policy_text
        case "registry-policy":
            return _NOT_READ if live.policy is None else live.policy.text
        case "creation-template":
            templates = _NOT_READ if live.templates is None else live.templates
            if isinstance(templates, ReadFailure):
                return templates
            found = (t.text for t in templates if template_target(t.prefix, live.scope) == target)
            return next(found, None)


def _in_order(
    changes: Iterable[Change], registries: Mapping[RegistryScope, LiveRegistry]
) -> Iterator[Change]:
    """Make changes rely on those that give the access that they take away, in both directions."""
    all_changes = tuple(changes)
    own = {c.target: c for c in all_changes if c.target.subject == "registry-policy"}
    relied_on: defaultdict[Target, list[Target]] = defaultdict(list)
    for change in all_changes:
        of_registry = own.get(registry_target(change.target.scope))
        if of_registry and change.target.subject == "repository-policy":
            live = registries[change.target.scope]
            here = OwnAccess(facts_of_policy(change.before), facts_of_policy(change.after))
            there = _access_by(of_registry, live, change.target)
            if moves(uncovered_facts(here.before, by=here.after), there):
                relied_on[change.target].append(of_registry.target)
            elif moves(uncovered_facts(there.before, by=there.after), here):
                relied_on[of_registry.target].append(change.target)
    for change in all_changes:
        yield replace(change, relies_on=tuple(relied_on[change.target]))


def _access_by(of_registry: Change, live: LiveRegistry, target: Target) -> OwnAccess:
    """Return what a registry's policy means on one repository, before and after a change."""
    policy = live.policy or LiveRegistryPolicy(of_registry.before_text)
    restored = live._replace(policy=policy._replace(text=of_registry.after_text))
    before, after = (read_registry_access(one).beside(target).facts for one in (live, restored))
    return OwnAccess(before, after)


def _plan_one(
    target: Target, writes: Sequence[JournaledWrite], text: str | ReadFailure | None, now: datetime
) -> Plan:
    merged = merge_writes(target, writes)
    if isinstance(text, ReadFailure):
        return _unread(target, merged, text)
    if merged is None:
        return _unwritten(target, writes[-1], text)
    findings = _created(target) if merged.created else ()
    if target.same(text, merged.before):
        return _in_sync(target, *findings, *_unsettled(target, merged, now))
    if not any(target.same(text, after) for after in merged.possible_after):
        what = _WHAT[target.subject]
        message = f"another writer has changed {what} since; the rollback does not change it"
        return Plan(findings=(finding(target, RuleId.CHANGED_SINCE, message),))
    return _restore(target, text, merged.before, findings)


def _in_sync(target: Target, *findings: Finding) -> Plan:
    return Plan(in_sync=int(target.subject == "repository-policy"), findings=findings)


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


def _unwritten(target: Target, last: JournaledWrite, live: str | None) -> Plan:
    """Plan for a target that no run wrote: what was desired may be live all the same."""
    if target.same(live, last.before) or not target.same(live, last.after):
        return _in_sync(target)
    message = (
        f"the live {target.noun} is the one that this run intended, but by its journal another "
        "writer set it; the rollback does not change it"
    )
    return _in_sync(target, finding(target, RuleId.NOT_WRITTEN, message))


def _restore(
    target: Target, live: str | None, old: str | None, findings: tuple[Finding, ...]
) -> Plan:
    after_text = None if old is None else _shorten(old, target)
    if old is not None and after_text is None:
        message = (
            f"the policy to restore has {len(target.policy_of(old) or ''):,} characters, and can't "
            f"be shortened to the {MAX_POLICY_CHARACTERS:,} that the service accepts"
        )
        return Plan(errors=(PlanError(target, RuleId.POLICY_TOO_LARGE, message),))
    change = _change(target, live, after_text)
    # The reason of a risk names a remedy in the access file, and a rollback reads none.
    change = replace(change, risks=tuple(risk._replace(why="") for risk in change.risks))
    return Plan(changes=(change,), findings=(*findings, *_doubts(target, change.after)))


def _change(target: Target, live: str | None, after_text: str | None) -> Change:
    match target.subject:
        case "repository-policy":
            return _change_repository(target, live, after_text)
        case "registry-policy":
            old, new = _of_registry(target, live), _of_registry(target, after_text)
            return change_registry_policy(target, old, new, DisplayNames())
        case "creation-template":
            before, after = (None if t is None else read_template(t) for t in (live, after_text))
            return change_template(target, before, after, Desired(target.repository), PlanInputs())


def _change_repository(target: Target, live: str | None, after_text: str | None) -> Change:
    policy = target.read(live)
    facts, facts_after = facts_of_policy(policy), facts_of_policy(target.read(after_text))
    current = CurrentPolicy(target, live, policy, facts, facts)
    dropped = dropped_statements(target, policy, facts_after, {}, NOTHING_KEPT)
    after = DesiredPolicy(after_text, facts_after, ())
    return compute_change(current, after, difference(facts, facts_after), dropped, PlanInputs())


def _of_registry(target: Target, text: str | None) -> WrittenPolicy:
    """Read a registry's policy; nothing is known of one that is not understood."""
    found = read_registry_policy(text, partition=target.partition)
    if isinstance(found, Unreadable):
        return WrittenPolicy(text, {})
    return WrittenPolicy(text, registry_facts_of(found.statements, target.scope.arn_prefix))


def _doubts(target: Target, after: Policy) -> Iterable[Finding]:
    """Yield why the service may reject the old policy, or why its meaning is unknown."""
    if isinstance(after, Unreadable):
        message = f"the policy to restore is not understood ({after})"
        yield finding(target, RuleId.UNREADABLE_POLICY, message)
    for holder in facts_of_policy(after):
        kind = deleted_kind(holder.principal)
        if kind:
            name = holder.principal.names[0]
            message = f"the policy to restore names {name}, a deleted {kind}"
            yield finding(target, RuleId.DEAD_PRINCIPAL, f"{message}; AWS may reject it")


def _created(target: Target) -> tuple[Finding, ...]:
    message = "the repository was created by the run; it is kept, since it may hold images"
    return (finding(target, RuleId.CREATED, message),)


def _shorten(text: str, target: Target) -> str | None:
    """Return a text of the same meaning whose policy is not too long; None where there is none.

    The service returns a policy longer than it was sent: indented, and an account's bare id as its
    root ARN.
    """
    policy = target.policy_of(text)
    if policy is None or len(policy) <= MAX_POLICY_CHARACTERS:
        return text
    for shorter in _spellings(policy, target.partition):
        if len(shorter) <= MAX_POLICY_CHARACTERS:
            whole = _with_policy(shorter, text, target)
            if target.same(whole, text):
                return whole
    return None


def _with_policy(policy: str, text: str, target: Target) -> str:
    """Return a text of a target with this policy instead of its own."""
    if target.subject != "creation-template":
        return policy
    return read_template(text)._replace(policy_text=policy).text


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
