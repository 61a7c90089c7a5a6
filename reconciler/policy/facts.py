"""What statements mean: who is allowed or denied which actions, under which condition.

A fact is (effect, principal, condition, action). Facts are kept by holder, the first three, with
the set of actions, so that a policy of many principals and many actions stays small. Two policies
mean the same when their reduced facts are equal.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.actions import covers
from reconciler.policy.conditions import NO_CONDITION, Condition
from reconciler.policy.document import Policy, Statement, Unreadable
from reconciler.policy.elements import Action
from reconciler.policy.glob import has_wildcard
from reconciler.policy.principals import (
    EVERYONE,
    Principal,
    account_principal,
    parse_arn,
)

Actions = frozenset[Action]


class Holder(NamedTuple):
    """Who holds a set of actions, and how."""

    principal: Principal
    effect: str
    condition: Condition


Facts = Mapping[Holder, Actions]


def facts_of(statements: Iterable[Statement]) -> Facts:
    """Collect the facts of some statements, without those that others cover."""
    collected: dict[Holder, list[Actions]] = {}
    for statement in statements:
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            collected.setdefault(holder, []).append(statement.actions)
    return reduce_facts(
        {
            holder: sets[0] if len(sets) == 1 else frozenset().union(*sets)
            for holder, sets in collected.items()
        }
    )


def facts_of_policy(policy: Policy) -> Facts:
    """Collect the facts of a policy; of one that is not understood, nothing is known."""
    return {} if isinstance(policy, Unreadable) else facts_of(policy.statements)


def reduce_facts(facts: Facts) -> Facts:
    """Leave out the facts that another one covers.

    A pattern covers the actions that it matches; what a principal holds without a condition
    covers the same with one, for Allow and for Deny. Principals never cover each other.
    """
    reduced = {holder: _without_covered(actions) for holder, actions in facts.items()}
    free = {holder[:2]: actions for holder, actions in reduced.items() if not holder.condition}
    if free and len(free) < len(reduced):
        for holder in [h for h in reduced if h.condition and h[:2] in free]:
            left = uncovered(reduced.pop(holder), free[holder[:2]])
            if left:
                reduced[holder] = left
    return reduced


@lru_cache(maxsize=4_096)
def uncovered(actions: Actions, by: Actions) -> Actions:
    """Give those of the actions that the others do not cover."""
    rest = actions - by
    patterns = _patterns(by)
    if not patterns:
        return rest
    return frozenset(a for a in rest if not _is_covered(a, patterns))


def not_covered(facts: Facts, by: Facts) -> Facts:
    """Give the facts that the others do not cover: what `facts` adds to them."""
    added: dict[Holder, Actions] = {}
    for holder, actions in facts.items():
        left = uncovered(actions, by.get(holder, frozenset()))
        if left and holder.condition:
            left = uncovered(left, by.get(holder._replace(condition=NO_CONDITION), frozenset()))
        if left:
            added[holder] = left
    return added


def without(facts: Facts, gone: Facts) -> Facts:
    """Leave out the actions that the same holders have among others."""
    if not gone:
        return facts
    left = {h: uncovered(actions, gone.get(h, frozenset())) for h, actions in facts.items()}
    return {holder: actions for holder, actions in left.items() if actions}


def denied_to(principal: Principal, facts: Facts) -> Actions:
    """Give what is denied without a condition to a principal: itself, its account or everyone."""
    names = [principal, EVERYONE]
    arn = parse_arn(principal.names[0]) if principal.kind == "AWS" else None
    if arn:
        names.append(account_principal(arn.account, arn.partition))
    return frozenset[Action]().union(
        *(facts.get(Holder(name, "Deny", NO_CONDITION), ()) for name in names)
    )


def same_meaning(left: Policy, right: Policy) -> bool:
    """Tell whether two policies mean the same; what is not understood equals only its copy."""
    if isinstance(left, Unreadable) or isinstance(right, Unreadable):
        return left == right
    return facts_of(left.statements) == facts_of(right.statements)


@lru_cache(maxsize=4_096)
def _patterns(actions: Actions) -> tuple[str, ...]:
    return tuple(a for a in actions if isinstance(a, str) and has_wildcard(a))


def _is_covered(action: Action, patterns: Iterable[str]) -> bool:
    return isinstance(action, str) and any(covers(p, action) for p in patterns if p != action)


@lru_cache(maxsize=4_096)
def _without_covered(actions: Actions) -> Actions:
    patterns = _patterns(actions)
    if not patterns:
        return actions
    return frozenset(a for a in actions if not _is_covered(a, patterns))
