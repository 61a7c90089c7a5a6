"""Public access: what a policy's statements together allow to callers that nothing bounds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import EVERY_ACTION, KNOWN_ACTIONS, covers
from reconciler.policy.language.conditions import Clause, Condition
from reconciler.policy.language.document import Action
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import EVERYONE, Principal, is_everyone, parse_arn
from reconciler.policy.meaning.bounds import (
    BOUNDING_KEYS,
    CALLER_KINDS,
    CallerKind,
    Network,
    Networks,
    are_few,
    excludes_kind,
    names_callers,
    networks_of,
    opposite,
    present_key,
)
from reconciler.policy.meaning.facts import Actions, Facts, Holder, reduce_facts
from reconciler.policy.meaning.tiers import (
    MOST_PATTERNS,
    as_pattern,
    includes_action,
    may_overlap,
    wide_actions,
)

_MOST_SUMS = 65_536  # of actions times networks: more than the 10,240 characters of a policy hold

PublicReason = Literal["unbounded", "networks", "services"]
"""Why access is public: nothing bounds the caller; the networks of all statements are too many; or
a Deny bounds users and roles but not services, which may act for anyone."""

PUBLIC_REASONS: Mapping[PublicReason, str] = MappingProxyType(
    {
        "unbounded": "no condition limits callers to named accounts, organizations, sources or "
        "networks",
        "networks": "the networks that callers may use are, together, too many or too wide",
        "services": "AWS services may act for resources in any account",
    }
)
"""Each reason as a phrase for messages."""


class PublicAccess(NamedTuple):
    """The actions of one holder that are public, and why."""

    actions: Actions
    reason: PublicReason


class _Denies(NamedTuple):
    """What is denied to everyone, and, by key, to all whose request lacks that key."""

    facts: Facts
    lacking: Mapping[str, Actions]

    def present_for(self, condition: Condition, actions: Actions) -> frozenset[str]:
        """Return the keys that each request has which meets the condition and is not denied."""
        own = {key for key in map(present_key, condition) if key}
        denied = (key for key, held in self.lacking.items() if not _remaining(actions, held))
        return frozenset({*own, *denied})


def is_public(principal: Principal, condition: Condition) -> bool:
    """Whether an Allow to a principal under a condition, alone, is public access."""
    return bool(public_access({Holder(principal, "Allow", condition): frozenset({EVERY_ACTION})}))


def public_access(facts: Facts) -> Mapping[Holder, PublicAccess]:
    """Return what facts, together, allow to callers that nothing bounds.

    Only an Allow to everyone, or to everyone except some, counts. It is bounded by a positive
    condition on where the caller belongs, or by a Deny of everyone else for the same action, which
    has to hold for services as for users and roles. Networks bound as long as those of all such
    Allows of an action are few together; named accounts, organizations and VPCs bound however many
    they are.
    """
    allowed = {h: a for h, a in facts.items() if h.effect == "Allow" and is_everyone(h.principal)}
    if not allowed:
        return {}
    found: dict[Holder, PublicAccess] = {}
    denies = _denies(facts)
    for kind in CALLER_KINDS:
        for holder, access in _public_to(kind, allowed, denies):
            known = found.get(holder, PublicAccess(frozenset(), access.reason))
            found[holder] = PublicAccess(known.actions | access.actions, known.reason)
    return found


def public_facts(facts: Facts) -> Facts:
    """Return the facts that are public access, with the public actions alone."""
    return {holder: access.actions for holder, access in public_access(facts).items()}


def _public_to(
    kind: CallerKind, allowed: Facts, denies: _Denies
) -> Iterator[tuple[Holder, PublicAccess]]:
    closed = _closed(denies, kind)
    networks: dict[Holder, Networks] = {}
    for holder, actions in allowed.items():
        present = denies.present_for(holder.condition, actions)
        left = _remaining(actions, closed)
        if not left or any(_bounds(clause, kind, present) for clause in holder.condition):
            continue
        found = [networks_of(clause, present) for clause in holder.condition]
        own = [some for some in found if some is not None]
        narrow = next(filter(are_few, own), None)
        if narrow is not None:
            networks[holder] = narrow
        else:
            unbound: PublicReason = "services" if kind == "service" else "unbounded"
            yield holder, PublicAccess(left, "networks" if own else unbound)
    held = {holder: _remaining(allowed[holder], closed) for holder in networks}
    for holder, actions in beyond_few_networks(held, networks).items():
        yield holder, PublicAccess(actions, "networks")


def beyond_few_networks(held: Facts, networks: Mapping[Holder, Networks]) -> Facts:
    """Return the actions that all holders together may do from more than few networks.

    Actions are checked one by one: those that are known or named and, for unknown ones, each
    pattern with all that may share an action with it. Where there are more than a policy can hold,
    they are taken together.
    """
    together = frozenset[Network]().union(*networks.values())
    if are_few(together):
        return {}
    of_element: defaultdict[Action, set[Network]] = defaultdict(set)
    for holder, actions in held.items():
        for action in actions:
            of_element[action] |= networks[holder]
    wide = wide_actions(frozenset(of_element))
    if len(wide) == MOST_PATTERNS or len(of_element) * len(together) > _MOST_SUMS:
        return held
    known = (action for action in KNOWN_ACTIONS if includes_action(wide, action))
    found = [
        action
        for action in {*of_element, *known}
        if not are_few(
            frozenset(of_element.get(action, ())).union(
                *(of_element[one] for one in wide if _contributes(one, action))
            )
        )
    ]
    given = {h: frozenset(a for a in found if _gives(actions, a)) for h, actions in held.items()}
    return reduce_facts({holder: actions for holder, actions in given.items() if actions})


def _gives(actions: Actions, action: Action) -> bool:
    return action in actions or any(_contributes(one, action) for one in wide_actions(actions))


def _contributes(wide: Action, action: Action) -> bool:
    """Whether a pattern includes an action, or overlaps a pattern that does not cover it.

    One that the other covers is checked for itself.
    """
    if isinstance(action, str) and not has_wildcard(action):
        return includes_action(frozenset({wide}), action)
    if isinstance(action, str) and isinstance(wide, str) and covers(action, wide):
        return False
    return may_overlap(frozenset({wide}), frozenset({action}))


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


def _closed(denies: _Denies, kind: CallerKind) -> Actions:
    """Return the actions that Denies leave to no callers of a kind but bounded ones."""
    closed = (
        actions
        for holder, actions in denies.facts.items()
        if _spares_only_bounded(holder, kind, denies.present_for((), actions))
    )
    return frozenset[Action]().union(*closed)


def _spares_only_bounded(holder: Holder, kind: CallerKind, present: frozenset[str]) -> bool:
    """Whether all to whom a Deny does not apply are bounded, through each of its clauses.

    The service may also deny some of the excluded principals. It never denies fewer than all
    others.
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
    return are_few(networks)


def _is_one(name: str, kind: CallerKind) -> bool:
    """Whether an excluded name of a NotPrincipal (`AWS:arn…`) is one account, role or user."""
    of, _, name = name.partition(":")
    return parse_arn(name) is not None if of == "AWS" else of == "Service" and kind == "iam"


def _bounds(clause: Clause, kind: CallerKind, present: frozenset[str]) -> bool:
    return names_callers(clause, present) or excludes_kind(clause, kind, present)


def _remaining(actions: Actions, denied: Actions) -> Actions:
    """Return the actions that are not denied; of patterns, those that are not wholly denied."""
    if not denied:
        return actions
    wide = wide_actions(denied)
    return frozenset(
        action
        for action in actions
        if action not in denied and not includes_action(wide, as_pattern(action))
    )
