"""Desired and live policies in, a plan out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from reconciler.plan.counts import count_granted, count_live, count_revoked
from reconciler.plan.findings import (
    expired_findings,
    gone_findings,
    public_findings,
    unreadable_findings,
)
from reconciler.plan.model import Change, Finding, Plan, PlanError, Target
from reconciler.plan.never import Planned, broken_anew, judge, judge_unmanaged
from reconciler.plan.risks import find_risks
from reconciler.policy.compiler import MAX_POLICY_CHARACTERS, compile_policy
from reconciler.policy.difference import difference
from reconciler.policy.document import (
    NO_POLICY,
    VERSION,
    Document,
    Policy,
    Statement,
    Unreadable,
)
from reconciler.policy.facts import Facts, facts_of, without
from reconciler.policy.grants import Desired, grant_facts
from reconciler.policy.keep import Ownership, changes_meaning, kept_statements
from reconciler.policy.never import NeverRule
from reconciler.policy.vocabulary import Vocabulary
from reconciler.registry.model import LiveRegistry, ReadFailure, RepositorySettings


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan needs to know of the file, besides the grants.

    `to_create` are the repositories that are made where they do not exist, `never` the rules on
    who never shall have what.
    """

    ownership: Ownership = field(default_factory=Ownership)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    to_create: Mapping[str, RepositorySettings] = field(default_factory=dict)
    never: tuple[NeverRule, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What planning one repository gave; in sync where there is neither change nor error.

    `before` is its live policy; none is known of one that could not be read.
    """

    change: Change | None = None
    error: PlanError | None = None
    findings: tuple[Finding, ...] = ()
    live_grants: int = 0
    before: Policy = NO_POLICY


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
    ordered = sorted(desired, key=lambda wanted: wanted.repository)
    outcomes = {
        Target(wanted.repository, live.scope): _plan_repository(wanted, live, rules)
        for wanted in ordered
    }
    managed = {target.repository for target in outcomes}
    known = (
        Planned(target, outcome.before, wanted.expired, outcome.change)
        for wanted, (target, outcome) in zip(ordered, outcomes.items(), strict=True)
    )
    verdicts = [
        *(judge(planned, rules.never, rules.vocabulary) for planned in known),
        *judge_unmanaged(live, managed, rules.never, rules.vocabulary),
    ]
    errors = [*(o.error for o in outcomes.values()), *(v.error for v in verdicts)]
    findings = [*(o.findings for o in outcomes.values()), *(v.findings for v in verdicts)]
    return Plan(
        changes=tuple(o.change for o in outcomes.values() if o.change),
        in_sync=sum(not o.change and not o.error for o in outcomes.values()),
        findings=tuple(sorted(chain.from_iterable(findings))),
        errors=tuple(sorted(error for error in errors if error)),
        broken=tuple(sorted(b for verdict in verdicts for b in verdict.broken)),
        unmanaged=tuple(Target(name, live.scope) for name in live.names if name not in managed),
        live_grants=sum(o.live_grants for o in outcomes.values()),
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


def _plan_repository(wanted: Desired, live: LiveRegistry, rules: Rules) -> _Outcome:
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
    except _NotPlannableError as problem:
        return _Outcome(
            error=PlanError(target, problem.rule, problem.message),
            findings=tuple(public_findings(target, _facts(before), rules.vocabulary)),
            before=before,
        )


def _checked(outcome: _Outcome, wanted: Desired, target: Target, rules: Rules) -> _Outcome:
    """Raise where the policy to come breaks a `never` rule that is not broken live."""
    planned = Planned(target, outcome.before, wanted.expired, outcome.change)
    told = broken_anew(planned, rules.never, rules.vocabulary)
    if told:
        raise _NotPlannableError("never", "; ".join(told))
    return outcome


def _made_first(outcome: _Outcome, target: Target, settings: RepositorySettings) -> _Outcome:
    """Let a repository be made before its policy is set, if it is to have one."""
    change = outcome.change or Change(target, "create", (), None, None, NO_POLICY)
    return replace(outcome, change=replace(change, change="create", settings=settings))


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
    asked_text = _write(wanted, (), rules)
    asked = _read_back(asked_text, target)
    kept = _kept(before, asked, rules.ownership)
    after_text = _write(wanted, kept, rules) if kept else asked_text
    # Kept statements mean what they mean in the live document, whatever its version.
    before_facts, after_facts = _facts(before), facts_of((*asked.statements, *kept))
    access = difference(before_facts, after_facts)
    effective = without(before_facts, grant_facts(wanted.expired))
    live_grants = count_live(before, effective)
    change = None
    if access or isinstance(before, Unreadable):
        _check_writable(after_text, kept, before)
        lasting = difference(effective, after_facts)
        lost = count_revoked(effective, lasting)
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
            lasting=lasting,
            revoked=live_grants if isinstance(before, Unreadable) else lost,
            granted=count_granted(access),
            emptied=0 if count_live(asked, after_facts) else live_grants,
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


def _facts(policy: Policy) -> Facts:
    """Give what is known of a live policy; of one that is not understood, nothing is."""
    return facts_of(policy.statements) if isinstance(policy, Document) else {}


def _write(wanted: Desired, kept: Iterable[Statement], rules: Rules) -> str | None:
    # A Resource says nothing in a repository policy, and the service may refuse it.
    carried = [{k: v for k, v in s.raw.items() if k != "Resource"} for s in kept]
    return compile_policy(
        grant_facts(wanted.grants),
        [*wanted.statements, *carried],
        rules.vocabulary.tiers,
        owned_by_sid=rules.ownership.by_sid,
    )


def _read_back(text: str | None, target: Target) -> Document:
    """Read what was compiled: what counts is what the service is sent."""
    policy = target.read(text)
    if isinstance(policy, Unreadable):
        raise _NotPlannableError("bad-statement", str(policy))
    return policy


def _check_writable(text: str | None, kept: tuple[Statement, ...], before: Policy) -> None:
    """Raise where the policy to come can't be written as it is meant."""
    for statement in kept:
        if isinstance(before, Document) and changes_meaning(before, statement):
            raise _NotPlannableError(
                "kept-statement",
                f"the statement {statement.sid!r} is to be kept, but its ${{ would mean something "
                f"else under Version {VERSION}; rewrite it by hand",
            )
    if text is not None and len(text) > MAX_POLICY_CHARACTERS:
        raise _NotPlannableError(
            "policy-too-large",
            f"the policy would have {len(text):,} characters, {len(kept)} kept statements "
            f"included; the service takes {MAX_POLICY_CHARACTERS:,}",
        )


def _kept(before: Policy, asked: Document, ownership: Ownership) -> tuple[Statement, ...]:
    """Give the live statements of others; each once, and none that the file carries itself."""
    if isinstance(before, Document):
        others = {_said(statement): statement for statement in kept_statements(before, ownership)}
        own = {_said(statement) for statement in asked.statements}
        return tuple(statement for said, statement in others.items() if said not in own)
    if ownership.default == "keep":
        raise _NotPlannableError(
            "unreadable-policy",
            f"the live policy is not understood ({before}), so nobody can tell which of its "
            "statements to keep; repair it by hand, or remove others' statements by default",
        )
    return ()


def _said(statement: Statement) -> tuple[object, ...]:
    """Give all that a statement says, without how it is written."""
    return (
        statement.sid,
        statement.effect,
        frozenset(statement.principals),
        statement.actions,
        statement.condition,
    )
