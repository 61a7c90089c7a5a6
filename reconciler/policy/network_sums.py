"""Which actions are allowed to more than few networks, by many statements together."""

from collections import defaultdict
from collections.abc import Mapping

from reconciler.policy.actions import KNOWN_ACTIONS, covers
from reconciler.policy.amounts import MOST_PATTERNS, have_all, shares_any, wide_actions
from reconciler.policy.elements import Action
from reconciler.policy.facts import Actions, Facts, Holder, reduce_facts
from reconciler.policy.glob import has_wildcard
from reconciler.policy.networks import Network, Networks, few

_MOST_SUMS = 65_536  # of actions times networks: more than the 10,240 characters of a policy hold


def too_many(held: Facts, networks: Mapping[Holder, Networks]) -> Facts:
    """Give the actions that are allowed to more than few networks, by all holders together.

    Actions are looked at one by one: those that are known or named and, for those that nobody knows
    yet, each pattern with all that may share an action with it. Where there are more of them than
    a policy can hold, they are taken together.
    """
    together = frozenset[Network]().union(*networks.values())
    if few(together):
        return {}
    of_element: defaultdict[Action, set[Network]] = defaultdict(set)
    for holder, actions in held.items():
        for action in actions:
            of_element[action] |= networks[holder]
    wide = wide_actions(frozenset(of_element))
    if len(wide) == MOST_PATTERNS or len(of_element) * len(together) > _MOST_SUMS:
        return held
    known = (action for action in KNOWN_ACTIONS if have_all(wide, action))
    found = [
        action
        for action in {*of_element, *known}
        if not few(
            frozenset(of_element.get(action, ())).union(
                *(of_element[one] for one in wide if _takes_part(one, action))
            )
        )
    ]
    given = {h: frozenset(a for a in found if _gives(actions, a)) for h, actions in held.items()}
    return reduce_facts({holder: actions for holder, actions in given.items() if actions})


def _gives(actions: Actions, action: Action) -> bool:
    return action in actions or any(_takes_part(one, action) for one in wide_actions(actions))


def _takes_part(wide: Action, action: Action) -> bool:
    """Tell whether a pattern gives an action, or shares some of a pattern that does not cover it.

    One that the other covers is looked at for itself.
    """
    if isinstance(action, str) and not has_wildcard(action):
        return have_all(frozenset({wide}), action)
    if isinstance(action, str) and isinstance(wide, str) and covers(action, wide):
        return False
    return shares_any(frozenset({wide}), frozenset({action}))
