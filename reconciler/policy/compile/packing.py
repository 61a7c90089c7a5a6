"""Which principals share a statement: the readable grouping, and tighter ones of equal meaning."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.facts import Actions, Facts, reduce_actions
from reconciler.policy.meaning.tiers import Tiers, tiers_within


class Group(NamedTuple):
    """What becomes one statement: all these principals hold all these actions.

    `principals` are sorted; everyone (`*`) is alone.
    """

    condition: Condition
    actions: Actions
    principals: tuple[Principal, ...]


Groups = tuple[Group, ...]
Cost = Callable[[Group], int]


def group_facts(facts: Facts) -> Groups:
    """Let principals with the same actions and condition share a group: each is there once."""
    return _gathered((condition, actions, who) for (who, _, condition), actions in facts.items())


def tighter_groups(groups: Groups, tiers: Tiers, cost: Cost) -> Groups:
    """Regroup for the least total cost that a bounded search finds; the meaning stays.

    Where principals are few and combinations of tiers many, it is shorter to name a principal in
    several statements than to spell out every combination.
    """
    by_tier = _gathered(
        (group.condition, part, principal)
        for group in groups
        for part in _parts(group.actions, tiers)
        for principal in group.principals
    )
    candidates = (groups, by_tier, _dissolved(groups, cost), _dissolved(by_tier, cost))
    return min(candidates, key=lambda candidate: sum(map(cost, candidate)))


def _gathered(parts: Iterable[tuple[Condition, Actions, Principal]]) -> Groups:
    sharing: defaultdict[tuple[bool, Condition, Actions], set[Principal]] = defaultdict(set)
    for condition, actions, principal in parts:
        sharing[principal == EVERYONE, condition, actions].add(principal)
    return tuple(
        Group(condition, actions, tuple(sorted(principals)))
        for (_, condition, actions), principals in sharing.items()
    )


def _parts(actions: Actions, tiers: Tiers) -> Iterable[Actions]:
    """Split a set of actions into tiers, and what no tier covers."""
    names, left = tiers_within(actions, tiers)
    yield from (reduce_actions(tiers[name]) for name in names)
    if left:
        yield left


def _dissolved(groups: Groups, cost: Cost) -> Groups:
    """Dissolve groups into others that together hold the same, while that saves anything."""
    left = list(groups)
    # The smallest first: what few principals hold is the cheapest to say twice.
    for group in sorted(groups, key=lambda g: (len(g.principals), cost(g), g.principals)):
        if group not in left:
            continue  # others joined it, so it is needed
        chosen = _cover(group.actions, [other for other in left if _holds_part(other, group)])
        joined = [_joined(other, group) for other in chosen]
        if chosen and sum(map(cost, joined)) < cost(group) + sum(map(cost, chosen)):
            left = [g for g in left if g != group and g not in chosen] + joined
    return tuple(left)


def _holds_part(other: Group, group: Group) -> bool:
    same_kind = (EVERYONE in other.principals) == (EVERYONE in group.principals)
    return same_kind and other.condition == group.condition and other.actions < group.actions


def _cover(actions: Actions, others: Sequence[Group]) -> list[Group]:
    """Choose others that together hold exactly these actions, large ones first; [] if none do."""
    left, chosen = actions, []
    for other in sorted(others, key=lambda g: (-len(g.actions), g.principals)):
        if other.actions & left:
            chosen.append(other)
            left -= other.actions
    return [] if left else chosen


def _joined(group: Group, other: Group) -> Group:
    return group._replace(principals=tuple(sorted({*group.principals, *other.principals})))
