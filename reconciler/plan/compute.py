"""Desired and live policies in, a plan out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconciler.plan.counts import count_granted, count_live, count_revoked
from reconciler.plan.findings import (
    expired_findings,
    gone_findings,
    public_findings,
    unreadable_findings,
)
from reconciler.plan.model import Change, Finding, Plan, PlanError, Target
from reconciler.plan.risks import find_risks
from reconciler.policy.compiler import MAX_POLICY_CHARACTERS, compile_policy
from reconciler.policy.difference import difference
from reconciler.policy.document import (
    VERSION,
    Document,
    Policy,
    Statement,
    Unreadable,
    parse_document,
)
from reconciler.policy.facts import Facts, facts_of, uncovered
from reconciler.policy.grants import Desired, grant_facts
from reconciler.policy.keep import Ownership, changes_meaning, kept_statements
from reconciler.policy.malformed import MalformedError
from reconciler.policy.vocabulary import Vocabulary
from reconciler.registry.model import LiveRegistry, ReadFailure


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan needs to know of the file, besides the grants."""

    ownership: Ownership = field(default_factory=Ownership)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What planning one repository gave; in sync where there is neither change nor error."""

    change: Change | None = None
    error: PlanError | None = None
    findings: tuple[Finding, ...] = ()
    live_grants: int = 0


class _NotPlannableError(Exception):
    """Why no policy can be worked out for one repository."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, rules: Rules) -> Plan:
    """Compare what is desired with one live registry.

    A desired repository that was not read does not exist. An error on one leaves the others
    planned.
    """
    outcomes = {
        Target(wanted.repository, live.scope): _plan_repository(wanted, live, rules)
        for wanted in sorted(desired, key=lambda wanted: wanted.repository)
    }
    managed = {target.repository for target in outcomes}
    return Plan(
        changes=tuple(o.change for o in outcomes.values() if o.change),
        in_sync=tuple(t for t, o in outcomes.items() if not o.change and not o.error),
        findings=tuple(sorted(f for o in outcomes.values() for f in o.findings)),
        errors=tuple(o.error for o in outcomes.values() if o.error),
        unmanaged=tuple(Target(name, live.scope) for name in live.names if name not in managed),
        live_grants=sum(o.live_grants for o in outcomes.values()),
    )


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Put the plans of several regions together."""
    parts = tuple(plans)
    return Plan(
        changes=tuple(sorted((c for p in parts for c in p.changes), key=lambda c: c.target)),
        in_sync=tuple(sorted(t for p in parts for t in p.in_sync)),
        findings=tuple(sorted({f for p in parts for f in p.findings})),
        errors=tuple(sorted(e for p in parts for e in p.errors)),
        unmanaged=tuple(sorted(t for p in parts for t in p.unmanaged)),
        live_grants=sum(p.live_grants for p in parts),
    )


def without_expired(plan: Plan) -> Plan:
    """Take as in sync what differs by grants alone whose time is over: they have no effect."""
    over = tuple(change.target for change in plan.changes if change.expired_only)
    return replace(
        plan,
        changes=tuple(change for change in plan.changes if not change.expired_only),
        in_sync=tuple(sorted((*plan.in_sync, *over))),
    )


def _plan_repository(wanted: Desired, live: LiveRegistry, rules: Rules) -> _Outcome:
    target = Target(wanted.repository, live.scope)
    before = None
    try:
        before_text = _live_text(live, wanted.repository)
        before = target.read(before_text)
        return _compare(wanted, target, before_text, before, rules)
    except _NotPlannableError as problem:
        return _Outcome(
            error=PlanError(target, problem.rule, problem.message),
            findings=tuple(public_findings(target, _facts(before), rules.vocabulary)),
        )


def _live_text(live: LiveRegistry, repository: str) -> str | None:
    found = live.repositories.get(repository)
    if found is None:
        raise _NotPlannableError(
            "missing-repository",
            "the repository does not exist; create it, or take it out of the file",
        )
    if isinstance(found.policy_text, ReadFailure):
        raise _NotPlannableError(found.policy_text.rule, found.policy_text.message)
    return found.policy_text


def _compare(
    wanted: Desired, target: Target, before_text: str | None, before: Policy, rules: Rules
) -> _Outcome:
    kept = _kept(before, rules.ownership)
    after_text, after_facts = _after(wanted, kept, target, rules)
    before_facts = _facts(before)
    access = difference(before_facts, after_facts)
    live_grants = count_live(before, before_facts)
    change = None
    if access or isinstance(before, Unreadable):
        effective = _without(before_facts, grant_facts(wanted.expired))
        lost = count_revoked(effective, difference(effective, after_facts))
        back = difference(after_facts, before_facts)
        change = Change(
            target=target,
            change="delete" if after_text is None else "set",
            access=access,
            before_text=before_text,
            after_text=after_text,
            before=before,
            risks=find_risks(before_facts, access, target, rules.vocabulary),
            live_risks=find_risks(after_facts, back, target, rules.vocabulary),
            expired_only=effective == after_facts and not isinstance(before, Unreadable),
            revoked=live_grants if isinstance(before, Unreadable) else lost,
            granted=count_granted(access),
            kept=tuple(sorted(s.sid or "" for s in kept)),
        )
    return _Outcome(
        change=change,
        findings=(
            *expired_findings(target, wanted.expired, before_facts),
            *gone_findings(target, before_facts, access, rules.vocabulary),
            *unreadable_findings(target, before),
            *public_findings(target, facts_of(kept), rules.vocabulary),
        ),
        live_grants=live_grants,
    )


def _facts(policy: Policy | None) -> Facts:
    """Give what is known of a live policy; of one that is not understood, nothing is."""
    return facts_of(policy.statements) if isinstance(policy, Document) else {}


def _after(
    wanted: Desired, kept: tuple[Statement, ...], target: Target, rules: Rules
) -> tuple[str | None, Facts]:
    """Write the policy to come, and read it back: what counts is what the service is sent."""
    carried = (*wanted.statements, *(statement.raw for statement in kept))
    text = compile_policy(
        grant_facts(wanted.grants),
        carried,
        rules.vocabulary.tiers,
        owned_by_sid=rules.ownership.by_sid,
    )
    if text is None:
        return None, {}
    if len(text) > MAX_POLICY_CHARACTERS:
        raise _NotPlannableError(
            "policy-too-large",
            f"the policy would have {len(text):,} characters, {len(kept)} kept statements "
            f"included; the service takes {MAX_POLICY_CHARACTERS:,}",
        )
    try:
        document = parse_document(text, partition=target.partition, arn=target.arn)
    except MalformedError as malformed:
        raise _NotPlannableError("bad-statement", str(malformed)) from None
    return text, facts_of(document.statements)


def _kept(before: Policy, ownership: Ownership) -> tuple[Statement, ...]:
    if isinstance(before, Unreadable):
        if ownership.default == "keep":
            raise _NotPlannableError(
                "unreadable-policy",
                f"the live policy is not understood ({before}), so nobody can tell which of its "
                "statements to keep; repair it by hand, or remove others' statements by default",
            )
        return ()
    kept = kept_statements(before, ownership)
    for statement in kept:
        if changes_meaning(before, statement):
            raise _NotPlannableError(
                "kept-statement",
                f"the statement {statement.sid!r} is to be kept, but its ${{ would mean something "
                f"else under Version {VERSION}; rewrite it by hand",
            )
    return kept


def _without(facts: Facts, gone: Facts) -> Facts:
    left = {h: uncovered(actions, gone.get(h, frozenset())) for h, actions in facts.items()}
    return {holder: actions for holder, actions in left.items() if actions}
