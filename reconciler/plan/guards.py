"""Guards: what a plan may not do unless it is allowed to, on the command line or in the file."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from reconciler.model.guards import Allowances, Guards, Limit
from reconciler.model.rule_ids import RuleId
from reconciler.plan.lockout import is_opaque, locked_out, may_lock_out
from reconciler.plan.model import Change, Plan
from reconciler.policy import facts_of_policy, glob_matches, public_access
from reconciler.printable import quoted

REVOCATIONS = "--allow-revocations"
GRANTS = "--allow-grants"
PUBLIC = "--allow-public"
EMPTY = "--allow-empty"
LOCK_OUT = "--allow-lock-out"
NEVER = "--allow-never"


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """One guard's no: which guard, and one line with the figure and the option that allows it."""

    guard: str
    message: str


def check_guards(
    plan: Plan, guards: Guards, allowances: Allowances, caller: Callable[[], str]
) -> tuple[Refusal, ...]:
    """Give every guard's refusal of this plan, sorted; none means that it may be applied.

    `caller` gives the ARN of whoever would write; it is asked where the answer matters.
    """
    refusals = [
        *_check_amounts(plan, guards, allowances),
        *check_public(plan.changes, (*guards.public, *allowances.public)),
        *_check_emptied(plan.changes, allowances.empty),
        *check_lock_out(plan.changes, allowances.lock_out, caller),
        *_check_never(plan, allowances.never),
    ]
    return tuple(sorted(refusals))


def check_public(changes: Iterable[Change], allowed: Collection[str]) -> Iterable[Refusal]:
    """Refuse each change that lets anyone in whom the live policy does not, or may do so.

    `allowed` are the names and patterns of repositories that may be public.
    """
    for change in changes:
        target, name = change.target, change.target.repository
        if any(glob_matches(own, name) for own in allowed):
            continue
        if is_opaque(change):
            message = f"the policy to be put on {target} is not understood: it may let anyone in"
        elif _opens(change):
            message = f"what is to be put on {target} lets strangers in, from accounts not named"
        else:
            continue
        yield Refusal(RuleId.PUBLIC, f"{message}; {PUBLIC} {name} allows it once")


def _opens(change: Change) -> bool:
    """Tell whether a change lets strangers in, or takes a Deny from where they are let in."""
    risks = {risk.name for risk in change.risks}
    return RuleId.PUBLIC in risks or (
        RuleId.DENY_REMOVED in risks and bool(public_access(facts_of_policy(change.after)))
    )


def check_lock_out(
    changes: Iterable[Change], allowed: frozenset[str], caller: Callable[[], str]
) -> Iterable[Refusal]:
    """Refuse each change that denies the caller to set the policy again, or may."""
    denying = [c for c in changes if c.target.repository not in allowed and may_lock_out(c)]
    if not denying:
        return
    arn = caller()
    for target, why in locked_out(denying, arn):
        yield Refusal(
            RuleId.LOCK_OUT,
            f"on {target} {why} {arn} from reading, setting or deleting the policy; "
            f"{LOCK_OUT} {target.repository} allows it once",
        )


def _check_amounts(plan: Plan, guards: Guards, allowances: Allowances) -> Iterable[Refusal]:
    lost = sum(change.revoked for change in plan.changes)
    won = sum(change.granted for change in plan.changes)
    if lost > allowances.revocations and _exceeds(lost, plan.live_grants, guards.max_revoked):
        yield Refusal(
            RuleId.MAX_REVOKED,
            f"this would revoke or narrow {lost} of {_grants(plan.live_grants)}; the limit is "
            f"{guards.max_revoked}; {REVOCATIONS} {lost} allows it once",
        )
    if won > allowances.grants and _exceeds(won, plan.live_grants, guards.max_granted):
        yield Refusal(
            RuleId.MAX_GRANTED,
            f"this would add or widen {_grants(won)}, to {plan.live_grants}; the limit is "
            f"{guards.max_granted}; {GRANTS} {won} allows it once",
        )


def _exceeds(number: int, of: int, limit: Limit | None) -> bool:
    return limit is not None and number > limit.count and number * 100 > limit.percent * of


def _check_emptied(changes: Iterable[Change], allowed: frozenset[str]) -> Iterable[Refusal]:
    for change in changes:
        name = change.target.repository
        if change.emptied and name not in allowed:
            yield Refusal(
                RuleId.EMPTY,
                f"this would leave nobody with access to {change.target}, "
                f"{_grants(change.emptied)} now; {EMPTY} {name} allows it once",
            )


def _check_never(plan: Plan, allowed: frozenset[str]) -> Iterable[Refusal]:
    for broken in plan.violations:
        name = broken.target.repository
        if not broken.repaired and name not in allowed:
            yield Refusal(
                RuleId.NEVER,
                f"{broken.who} {broken.has} on {broken.target} and keeps it, which it "
                f"must never have: {quoted(broken.because)}; {NEVER} {name} allows it once",
            )


def _grants(number: int) -> str:
    return "1 grant" if number == 1 else f"{number} grants"
