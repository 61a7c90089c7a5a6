"""The risks of a change: they mark it and refuse nothing."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryName, Target
from reconciler.model.rules import RuleId
from reconciler.plan.model import NOTHING_BESIDE, Beside, Risk
from reconciler.policy import (
    EVERYONE,
    KNOWN_ACTIONS,
    ORGANIZATION_KEYS,
    AccessChange,
    Actions,
    Condition,
    Facts,
    Holder,
    account_of,
    account_principal,
    add_facts,
    can_rewrite,
    deleted_kind,
    difference,
    expand_actions,
    public_facts,
    uncovered_actions,
    uncovered_facts,
)

Grants = Sequence[tuple[Holder, Actions]]


class StandingRisk(NamedTuple):
    """A risk of the access on a repository; `region` and `registry` are as for an answer."""

    repository: str
    region: str | None
    risk: Risk
    registry: RegistryName | None = None


def find_risks(
    before: Facts,
    after: Facts,
    access: Sequence[AccessChange],
    target: Target,
    display_names: DisplayNames,
    *,
    beside: Beside = NOTHING_BESIDE,
) -> tuple[Risk, ...]:
    """Return the risks of what a change allows beyond `before` on one repository, sorted.

    `access` is the difference of the two. `beside` is what the registry's own policy adds to both.
    """
    gained = [
        (Holder(change.principal, "Allow", holding.condition), holding.actions)
        for change in access
        if change.effect == "Allow"
        for holding in change.gained
    ]
    opened = _opened(after, beside)
    risks = {
        *_public(_opened(before, beside), opened),
        *_deny_removed(access),
        *_new_account(add_facts(before, beside.certain), gained, target),
        *_powerful(gained, target),
        *_outside_organization(gained, after, opened, display_names),
    }
    return tuple(sorted(risks))


def standing_risks(facts: Facts, target: Target, display_names: DisplayNames) -> tuple[Risk, ...]:
    """Return the risks of all that a policy allows, sorted. No account is new to it."""
    found = find_risks({}, facts, difference({}, facts), target, display_names)
    return tuple(risk for risk in found if risk.name is not RuleId.NEW_ACCOUNT)


def _opened(facts: Facts, beside: Beside) -> Facts:
    """Return what a repository's own policy makes public, alone or with the registry's.

    What the registry's allows adds networks to those of the repository's. Beyond that it hides
    nothing: neither a wider Allow nor a Deny there, which others may remove at any time, is a
    reason to make a repository's own policy public.
    """
    alone = public_facts(facts)
    if not beside.facts:
        return alone
    together = {
        holder: held - uncovered_actions(held, by=facts.get(holder, frozenset()))
        for holder, held in public_facts(add_facts(facts, beside.facts)).items()
    }
    return add_facts(alone, {holder: held for holder, held in together.items() if held})


def _public(known: Facts, opened: Facts) -> Iterator[Risk]:
    """Mark callers that nothing bounds, by what a change adds or by a Deny that it removes."""
    for holder in uncovered_facts(opened, by=known):
        yield Risk(RuleId.PUBLIC, holder.principal, holder.condition)


def _deny_removed(access: Iterable[AccessChange]) -> Iterator[Risk]:
    for change in access:
        for holding in change.lost if change.effect == "Deny" else ():
            yield Risk(RuleId.DENY_REMOVED, change.principal, holding.condition)


def _new_account(before: Facts, gained: Grants, target: Target) -> Iterator[Risk]:
    """Mark an account, not the registry's own, that had no access to this repository."""
    known = {account_of(holder.principal) for holder in before if holder.effect == "Allow"}
    known.add(target.scope.account)
    for holder, _ in gained:
        account = account_of(holder.principal)
        if account is not None and account not in known:
            yield Risk(RuleId.NEW_ACCOUNT, account_principal(account, target.partition))


def _powerful(gained: Grants, target: Target) -> Iterator[Risk]:
    """Mark a principal that may do everything, or may rewrite the repository's policy."""
    for holder, actions in gained:
        if _is_nearly_all(actions):
            yield Risk(RuleId.ADMIN, holder.principal, holder.condition)
        if may_rewrite(holder, actions, target):
            yield Risk(RuleId.CAN_REWRITE, holder.principal, holder.condition)


def _outside_organization(
    gained: Grants, after: Facts, opened: Facts, names: DisplayNames
) -> Iterator[Risk]:
    """Mark everyone under a condition that is not one of the file's organizations, if it has any.

    Everyone without a bound is `public` instead.
    """
    organizations = _organizations(named.condition for named in names.principals)
    for holder, _ in gained:
        if organizations and holder.principal == EVERYONE and holder not in opened:
            bounds = _bounds(holder, after)
            if not bounds or not bounds <= organizations:
                yield Risk(RuleId.OUTSIDE_ORGANIZATION, EVERYONE, holder.condition)


@lru_cache(maxsize=4_096)
def _is_nearly_all(actions: Actions) -> bool:
    """Whether the actions are all that are known today, or all but some."""
    patterns = [action for action in actions if isinstance(action, str)]
    return len(patterns) < len(actions) or expand_actions(patterns) == KNOWN_ACTIONS.keys()


def may_rewrite(
    holder: Holder, actions: Actions, target: Target, denied: Actions = frozenset()
) -> bool:
    """Whether a principal that exists may rewrite the policy by an Allow of these actions.

    The registry's own account does not count: its identity policies can allow that anyway.
    """
    own = account_principal(target.scope.account, target.partition)
    allowed = holder.effect == "Allow" and can_rewrite(actions, denied)
    return allowed and holder.principal != own and not deleted_kind(holder.principal)


def _bounds(holder: Holder, facts: Facts) -> frozenset[str]:
    """Return the organizations that bound everyone, by a condition or by a Deny of all else."""
    denying = (h.condition for h in facts if h.effect == "Deny" and h.principal == EVERYONE)
    return _organizations([holder.condition]) or _organizations(denying)


def _organizations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the organizations that conditions name: a path starts with its own."""
    return frozenset(
        value.split("/", 1)[0]
        for condition in conditions
        for clause in condition
        if clause.key in ORGANIZATION_KEYS
        for value in clause.values
    )
