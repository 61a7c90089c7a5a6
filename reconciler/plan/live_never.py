"""The file's `never` rules, held against what is live."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import LiveRegistry, ReadFailure, Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import BrokenRule, Finding, PlanError, finding
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Policy, Unreadable
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import Facts, facts_of
from reconciler.policy.meaning.never import NeverRule, find_violations
from reconciler.printable import quoted

_GONE = RuleId.MISSING_REPOSITORY


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one repository; an error where nothing can be said of it."""

    broken: tuple[BrokenRule, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: PlanError | None = None


@dataclass(frozen=True, slots=True)
class PolicyStates:
    """A repository's policy as it is live, and what counts of it before and after a change.

    `before` is without the file's grants that are over, and empty where the live policy is not
    understood; `after` is the same where nothing changes.
    """

    live: Policy
    before: Facts
    after: Facts


def judge(
    target: Target, sides: PolicyStates, rules: Iterable[NeverRule], display_names: DisplayNames
) -> Verdict:
    """Hold the rules against what a managed repository has, and is to have.

    Of a live policy that is not understood, it is said which rules it may break. They do not
    count as broken: an apply replaces the policy, or an error says why it can't.
    """
    about = _about(target, rules)
    if not about:
        return Verdict()
    if isinstance(sides.live, Unreadable):
        return Verdict(findings=(_untold(target, about),))
    return _verdict(target, about, sides.before, sides.after, display_names)


def broken_anew(
    target: Target, sides: PolicyStates, rules: Iterable[NeverRule], display_names: DisplayNames
) -> tuple[str, ...]:
    """Say who would break a rule that the same principal does not break before.

    The file alone is checked elsewhere; this is of what adds up on a live repository only:
    several patterns that match it, statements that are kept.
    """
    told: dict[str, None] = {}
    for rule in _about(target, rules):
        known = _who_breaks(rule, sides.before)
        for who, by_rewriting in sorted(_who_breaks(rule, sides.after).items()):
            if who not in known:
                name = display_names.label(*who)
                gets = (
                    f"could rewrite the policy and so give itself {rule.tier}"
                    if by_rewriting
                    else f"would have {rule.tier}"
                )
                told[f"{name} {gets}, which it must never have: {quoted(rule.because)}"] = None
    return tuple(told)


def judge_unmanaged(
    live: LiveRegistry,
    managed: Collection[str],
    rules: Iterable[NeverRule],
    display_names: DisplayNames,
) -> tuple[Verdict, ...]:
    """Hold rules against the repositories that were read though no entry is about them.

    No apply would repair them. One that could not be read, or not be understood, is an error, as
    what can't be told must not pass for well; one that is gone by now is none.
    """
    known = tuple(rules)
    verdicts = []
    for name in live.names:
        target = Target(name, live.scope)
        about = _about(target, known)
        if about and name not in managed and name in live.repositories:
            text = live.repositories[name].policy_text
            verdicts.append(
                _unread(target, text)
                if isinstance(text, ReadFailure)
                else _judge_live(target, target.read(text), about, display_names)
            )
    return tuple(verdicts)


def _judge_live(
    target: Target, live: Policy, rules: Iterable[NeverRule], display_names: DisplayNames
) -> Verdict:
    if isinstance(live, Unreadable):
        message = f"the live policy is not understood ({live}), and a never rule is about it"
        return Verdict(error=PlanError(target, RuleId.UNREADABLE_POLICY, message))
    facts = facts_of(live.statements)
    return _verdict(target, rules, facts, facts, display_names)


def _about(target: Target, rules: Iterable[NeverRule]) -> tuple[NeverRule, ...]:
    return tuple(rule for rule in rules if rule.may_concern(target.repository))


def _verdict(
    target: Target,
    rules: Iterable[NeverRule],
    before: Facts,
    after: Facts,
    display_names: DisplayNames,
) -> Verdict:
    found = (b for rule in rules for b in _broken(target, rule, before, after, display_names))
    broken = tuple(sorted(set(found)))
    return Verdict(broken, tuple(map(_told, broken)))


def _untold(target: Target, rules: Iterable[NeverRule]) -> Finding:
    tiers = ", ".join(sorted({rule.tier for rule in rules}))
    message = (
        f"the live policy is not understood, so it can't be told whether it gives {tiers} to "
        "someone who must never have it"
    )
    return finding(target, RuleId.NEVER, message)


def _unread(target: Target, failure: ReadFailure) -> Verdict:
    if failure.rule == _GONE:
        return Verdict()
    return Verdict(error=PlanError(target, failure.rule, failure.message))


def _broken(
    target: Target, rule: NeverRule, before: Facts, after: Facts, display_names: DisplayNames
) -> Iterable[BrokenRule]:
    still = _who_breaks(rule, after)
    for (principal, condition), by_rewriting in sorted(_who_breaks(rule, before).items()):
        # Of its condition, what counts is the part that says who it is.
        named = display_names.find(principal, condition)
        yield BrokenRule(
            target,
            rule.tier,
            principal,
            rule.because,
            repaired=(principal, condition) not in still,
            condition=named.condition if named else condition,
            name=named.name if named else None,
            by_rewriting=by_rewriting,
        )


def _who_breaks(rule: NeverRule, facts: Facts) -> dict[tuple[Principal, Condition], bool]:
    """Give who breaks a rule, and whether only by rewriting the policy.

    An organization is another `*` than the next one.
    """
    return {found.subject[:2]: found.by_rewriting for found in find_violations(rule, facts)}


def _told(broken: BrokenRule) -> Finding:
    ends = "an apply ends that" if broken.repaired else "no apply ends that"
    told = f"{broken.who} {broken.has}, which it must never have: {quoted(broken.because)}; {ends}"
    return finding(broken.target, RuleId.NEVER, told)
