"""The file's `never` rules, checked against live policies and the plan's."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from reconciler.model.access import DisplayNames
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.model.rules import RuleId
from reconciler.plan.model import (
    Beside,
    BreakingPolicy,
    CurrentPolicy,
    Finding,
    NeverViolation,
    NotPlannableError,
    Plan,
    PlanError,
    finding,
)
from reconciler.policy import (
    Condition,
    Facts,
    NeverRule,
    Principal,
    Unreadable,
    add_facts,
    facts_of_policy,
    find_violations,
)
from reconciler.printable import quoted

_Violators = Mapping[tuple[Principal, Condition], bool]
"""Who breaks a rule, and whether only by rewriting the policy."""


def check_never(
    current: CurrentPolicy, after: Facts, rules: Iterable[NeverRule], names: DisplayNames
) -> Plan:
    """Return the violations on a repository, by both policies together, and a finding for each.

    `after` are the facts of its policy after the plan. A live policy that is not understood gets
    one finding and no violation: an apply replaces the policy, or an error says why it can't.
    """
    concerning = _concerning(current.target, rules)
    found = {v for rule in concerning for v in _violations(current, after, rule, names)}
    findings = set(map(_finding, found))
    if concerning and isinstance(current.policy, Unreadable):
        findings.add(_unknown(current.target, concerning))
    return Plan(violations=tuple(sorted(found)), findings=tuple(findings))


def require_no_new_violation(
    current: CurrentPolicy, after: Facts, rules: Iterable[NeverRule], names: DisplayNames
) -> None:
    """Raise NotPlannableError where a principal would break a rule that it does not break live.

    The file alone is checked elsewhere. This covers what adds up only on a live repository: several
    patterns that match it, statements that are kept, and what the registry's own policy is to
    allow.
    """
    if after == current.effective:
        return
    beside = current.beside_after.facts
    messages = {
        f"{names.label(*principal)} {gets}, {_forbidden(rule.because)}": None
        for rule in _concerning(current.target, rules)
        for more in ([{}, beside] if beside else [{}])
        for principal, gets in _new_violators(
            rule, add_facts(current.effective, more), add_facts(after, more)
        )
    }
    if messages:
        raise NotPlannableError(RuleId.NEVER, "; ".join(messages))


def _new_violators(
    rule: NeverRule, before: Facts, after: Facts
) -> Iterator[tuple[tuple[Principal, Condition], str]]:
    """Yield who breaks a rule afterwards alone, with a verb phrase."""
    known = _violators(rule, before)
    for principal, by_rewriting in sorted(_violators(rule, after).items()):
        if principal not in known:
            could = f"could rewrite the policy and so give itself {rule.tier}"
            yield principal, could if by_rewriting else f"would have {rule.tier}"


def check_unmanaged(
    live: LiveRegistry,
    managed: Collection[str],
    rules: Iterable[NeverRule],
    names: DisplayNames,
    beside: Callable[[Target], tuple[Beside, Beside]],
) -> Iterable[Plan]:
    """Check the repositories that were read although no entry matches them.

    `beside` returns what the registry's own policy adds, before and after the plan. No apply
    repairs their own policies. A policy that could not be read or understood is an error, as it may
    break a rule; a repository that no longer exists is not.
    """
    known = tuple(rules)
    for name in live.names if known else ():
        target, repository = Target(name, live.scope), live.repositories.get(name)
        concerning = _concerning(target, known)
        if name in managed or repository is None or not concerning:
            continue
        text = repository.policy_text
        if not isinstance(text, ReadFailure):
            yield _check_live(target, text, concerning, names, beside(target))
        elif text.rule != RuleId.MISSING_REPOSITORY:
            yield Plan(errors=(PlanError(target, text.rule, text.message),))


def _check_live(
    target: Target,
    text: str | None,
    rules: Iterable[NeverRule],
    names: DisplayNames,
    beside: tuple[Beside, Beside],
) -> Plan:
    live = target.read(text)
    if isinstance(live, Unreadable):
        message = f"the live policy is not understood ({live}), and a never rule applies to it"
        return Plan(errors=(PlanError(target, RuleId.UNREADABLE_POLICY, message),))
    facts = facts_of_policy(live)
    current = CurrentPolicy(target, text, live, facts, facts, None, *beside)
    return check_never(current, facts, rules, names)


def _concerning(target: Target, rules: Iterable[NeverRule]) -> tuple[NeverRule, ...]:
    return tuple(rule for rule in rules if rule.may_concern(target.repository))


def _violations(
    current: CurrentPolicy, after: Facts, rule: NeverRule, names: DisplayNames
) -> Iterable[NeverViolation]:
    beside, beside_after = current.beside, current.beside_after
    found, remaining = _before_and_after(
        rule, add_facts(current.effective, beside.facts), add_facts(after, beside_after.facts)
    )
    if not found and not remaining:
        return
    live, left = found, remaining
    if beside.facts or beside_after.facts:
        live, left = _before_and_after(rule, current.effective, after)
    for (principal, condition), by_rewriting in {**remaining, **found}.items():
        # Of its condition, what counts is the part that identifies it.
        named = names.find(principal, condition)
        is_live = (principal, condition) in found
        repaired = is_live and (principal, condition) not in remaining
        by_repository = (principal, condition) in (live if repaired else left)
        yield NeverViolation(
            current.target,
            rule.tier,
            principal,
            rule.because,
            repaired=repaired,
            condition=named.condition if named else condition,
            name=named.name if named else None,
            by_rewriting=by_rewriting,
            policy="repository" if by_repository else _policy(beside, is_live=is_live),
        )


def _before_and_after(
    rule: NeverRule, before: Facts, after: Facts
) -> tuple[_Violators, _Violators]:
    """Return who breaks a rule before and after; judged once where nothing changes."""
    found = _violators(rule, before)
    return found, found if after == before else _violators(rule, after)


def _policy(beside: Beside, *, is_live: bool) -> BreakingPolicy:
    if not is_live:
        return "planned-registry"
    return "registry" if beside.is_understood else "unreadable-registry"


def _violators(rule: NeverRule, facts: Facts) -> _Violators:
    """Return who breaks a rule, and whether only by rewriting the policy.

    The condition is part of the key: `*` in one organization is not `*` in another.
    """
    return {
        (b.subject.principal, b.subject.condition): b.by_rewriting
        for b in find_violations(rule, facts)
    }


def _unknown(target: Target, rules: Iterable[NeverRule]) -> Finding:
    tiers = ", ".join(sorted({rule.tier for rule in rules}))
    message = (
        "the live policy is not understood, so it is unknown whether it breaks a never rule on "
        f"{tiers}"
    )
    return finding(target, RuleId.NEVER, message)


def _finding(violation: NeverViolation) -> Finding:
    message = (
        f"{violation.who} {violation.has}, {_forbidden(violation.because)}; {_outcome(violation)}"
    )
    return finding(violation.target, RuleId.NEVER, message)


def _outcome(violation: NeverViolation) -> str:
    if violation.repaired:
        return "an apply fixes this"
    if violation.policy == "repository":
        return "no apply fixes this"
    if violation.policy == "planned-registry":
        return "the plan adds it: change the file"
    return "no apply fixes this: change the registry's policy"


def _forbidden(because: str) -> str:
    return f"which it must never have: {quoted(because)}"
