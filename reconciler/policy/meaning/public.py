"""What a policy's statements, taken together, allow to callers that nothing bounds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import EVERY_ACTION, KNOWN_ACTIONS, covers
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.document import Action
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.networks import Network, Networks, few
from reconciler.policy.language.principals import EVERYONE, Principal, is_everyone, parse_arn
from reconciler.policy.meaning.bounds import (
    BOUNDING_KEYS,
    KINDS,
    Kind,
    leaves_out,
    names_callers,
    networks_of,
    opposite,
    present_key,
)
from reconciler.policy.meaning.facts import Actions, Facts, Holder, reduce_facts
from reconciler.policy.meaning.tiers import (
    MOST_PATTERNS,
    have_all,
    in_ecr,
    shares_any,
    wide_actions,
)

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


Why = Literal["unbounded", "networks", "services"]
"""What lets strangers in: nothing bounds them; the networks of all statements are too many; or a
Deny bounds users and roles, but leaves out services, which may act for anyone."""

TELL_WHY: Mapping[Why, str] = MappingProxyType(
    {
        "unbounded": "nothing holds callers to named accounts, organizations, sources or networks",
        "networks": "all networks that everyone may call from are too many, or too wide, together",
        "services": "AWS services may call for resources in anyone's account",
    }
)


class Opening(NamedTuple):
    """The actions of one holder that strangers may do, and why."""

    actions: Actions
    why: Why


class _Denies(NamedTuple):
    """What is denied to everyone, and to all whose request lacks a key, by key."""

    facts: Facts
    lacking: Mapping[str, Actions]

    def present_for(self, condition: Condition, actions: Actions) -> frozenset[str]:
        """Give the keys of each request that is for these actions, and that these let pass."""
        own = {key for key in map(present_key, condition) if key}
        denied = (key for key, held in self.lacking.items() if not _left(actions, held))
        return frozenset({*own, *denied})


def is_public(principal: Principal, condition: Condition) -> bool:
    """Tell whether an Allow to a principal under a condition, alone, lets strangers in."""
    return bool(openings({Holder(principal, "Allow", condition): frozenset({EVERY_ACTION})}))


def openings(facts: Facts) -> Mapping[Holder, Opening]:
    """Give what facts, together, allow to callers that nothing bounds.

    What counts is an Allow to everyone, or to everyone but some. It is bounded by a positive
    condition on where the caller belongs, or by a Deny of everyone else for the same action, which
    has to hold for services as for users and roles. Networks bound as long as those of all such
    Allows of an action are few together; accounts, organizations and VPCs that are named bound
    however many they are.
    """
    allowed = {h: a for h, a in facts.items() if h.effect == "Allow" and is_everyone(h.principal)}
    found: dict[Holder, Opening] = {}
    denies = _denies(facts) if allowed else _Denies({}, {})
    for kind in KINDS if allowed else ():
        for holder, opening in _openings_to(kind, allowed, denies):
            known = found.get(holder, Opening(frozenset(), opening.why))
            found[holder] = Opening(known.actions | opening.actions, known.why)
    return found


def open_to_strangers(facts: Facts) -> Facts:
    """Give the facts that let strangers in, with the actions that do."""
    return {holder: opening.actions for holder, opening in openings(facts).items()}


def _openings_to(kind: Kind, allowed: Facts, denies: _Denies) -> Iterator[tuple[Holder, Opening]]:
    closed = _closed(denies, kind)
    networks: dict[Holder, Networks] = {}
    for holder, actions in allowed.items():
        present = denies.present_for(holder.condition, actions)
        left = _left(actions, closed)
        if not left or any(_bounds(clause, kind, present) for clause in holder.condition):
            continue
        found = [networks_of(clause, present) for clause in holder.condition]
        own = [some for some in found if some is not None]
        narrow = next(filter(few, own), None)
        if narrow is not None:
            networks[holder] = narrow
        else:
            unbound: Why = "services" if kind == "service" else "unbounded"
            yield holder, Opening(left, "networks" if own else unbound)
    held = {holder: _left(allowed[holder], closed) for holder in networks}
    for holder, actions in too_many(held, networks).items():
        yield holder, Opening(actions, "networks")


def _denies(facts: Facts) -> _Denies:
    denying = {
        holder: actions
        for holder, actions in facts.items()
        if holder.effect == "Deny"
        and (holder.principal == EVERYONE or holder.principal.kind == "NotPrincipal")
    }
    lacking: defaultdict[str, Actions] = defaultdict(frozenset)
    for holder, actions in denying.items():
        if holder.principal == EVERYONE and len(holder.condition) == 1:
            passing = opposite(holder.condition[0])
            key = present_key(passing) if passing else None
            if key in BOUNDING_KEYS:
                lacking[key] |= actions
    return _Denies(denying, lacking)


def _closed(denies: _Denies, kind: Kind) -> Actions:
    """Give the actions that Denies keep from all callers of a kind but those that are bounded."""
    closed = (
        actions
        for holder, actions in denies.facts.items()
        if _spares_only_bounded(holder, kind, denies.present_for((), actions))
    )
    return frozenset[Action]().union(*closed)


def _spares_only_bounded(holder: Holder, kind: Kind, present: frozenset[str]) -> bool:
    """Tell whether all for whom a Deny does not hold are bounded: through each of its clauses.

    Of those that a NotPrincipal lists, the service may deny some all the same, but no others less.
    """
    listed = () if holder.principal == EVERYONE else holder.principal.names
    if not all(_is_one(name, kind) for name in listed):
        return False
    networks: Networks = frozenset()
    for clause in map(opposite, holder.condition):
        if clause is None:
            return False
        if not _bounds(clause, kind, present):
            own = networks_of(clause, present)
            if own is None:
                return False
            networks |= own
    return few(networks)


def _is_one(name: str, kind: Kind) -> bool:
    """Tell whether what a NotPrincipal lists (`AWS:arn…`) is one account, role or user."""
    of, _, name = name.partition(":")
    return parse_arn(name) is not None if of == "AWS" else of == "Service" and kind == "iam"


def _bounds(clause: Clause, kind: Kind, present: frozenset[str]) -> bool:
    return names_callers(clause, present) or leaves_out(clause, kind, present)


def _left(actions: Actions, denied: Actions) -> Actions:
    """Give the actions that are not denied; of patterns, those that are not denied as a whole."""
    if not denied:
        return actions
    wide = wide_actions(denied)
    return frozenset(
        action for action in actions if action not in denied and not have_all(wide, in_ecr(action))
    )
