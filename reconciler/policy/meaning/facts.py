"""The meaning of statements: who is allowed or denied which actions, under which condition.

A fact is (effect, principal, condition, action). Facts are kept by holder, the first three, with
the set of actions, so that a policy of many principals and many actions stays small. Two policies
mean the same when their reduced facts are equal.
"""

import json
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from reconciler.policy.language.actions import EVERY_ACTION, covers, is_of_repositories
from reconciler.policy.language.conditions import NO_CONDITION, Condition
from reconciler.policy.language.document import Action, NotAction, Policy, Statement, Unreadable
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.json_text import MalformedError, load_json
from reconciler.policy.language.principals import EVERYONE, Principal, account_principal, arn_of
from reconciler.policy.language.resources import Resources

Actions = frozenset[Action]
AnyAction = TypeVar("AnyAction", bound=Action)
AccessKind = Literal["granted", "revoked", "widened", "narrowed", "changed"]


class NamedPrincipal(NamedTuple):
    """A principal under the condition that is part of its identity, and the file's name for it."""

    principal: Principal
    condition: Condition = NO_CONDITION
    name: str | None = None

    @property
    def names_first(self) -> tuple[bool, str, Principal, Condition]:
        """The key of a list in which those with a name come first, by it."""
        return self.name is None, self.name or "", self.principal, self.condition


class Holder(NamedTuple):
    """Who is allowed or denied (`effect`) a set of actions, and under which condition."""

    principal: Principal
    effect: str
    condition: Condition


Facts = Mapping[Holder, Actions]
_Subject = tuple[Principal, str]


def facts_of(statements: Iterable[Statement]) -> Facts:
    """Return the facts of some statements, without those that others cover.

    A NotAction loses its redundant exceptions: those that another one covers, and those that are
    not actions on a repository.
    """
    collected: dict[Holder, list[Actions]] = {}
    for statement in statements:
        actions = _without_redundant_exceptions(statement.actions)
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            collected.setdefault(holder, []).append(actions)
    return reduce_facts(
        {
            holder: sets[0] if len(sets) == 1 else frozenset().union(*sets)
            for holder, sets in collected.items()
        }
    )


@lru_cache(maxsize=1_024)
def facts_of_policy(policy: Policy) -> Facts:
    """Return the facts of a policy; none for one that is not understood.

    Cached, as many repositories have the same.
    """
    return {} if isinstance(policy, Unreadable) else facts_of(policy.statements)


def reduce_facts(facts: Facts) -> Facts:
    """Return the facts without those that others cover.

    A pattern covers the actions that it matches; a fact without a condition covers the same fact
    with one, for Allow and for Deny. Principals never cover each other.
    """
    reduced = {holder: reduce_actions(actions) for holder, actions in facts.items()}
    conditional = [holder for holder in reduced if holder.condition]
    if conditional and len(conditional) < len(reduced):
        free = {holder[:2]: actions for holder, actions in reduced.items() if not holder.condition}
        for holder in [h for h in conditional if h[:2] in free]:
            left = uncovered_actions(reduced.pop(holder), free[holder[:2]])
            if left:
                reduced[holder] = left
    return reduced


def reduce_actions(actions: frozenset[AnyAction]) -> frozenset[AnyAction]:
    """Return the actions without those that a pattern among them covers."""
    gone = _covered(actions, actions) if _patterns(actions) else None
    return actions.difference(gone) if gone else actions


def covers_all(actions: Actions, of: Actions) -> bool:
    """Whether actions cover all of the others."""
    return not uncovered_actions(of, actions)


def uncovered_actions(actions: Actions, by: Actions) -> Actions:
    """Return the actions that the others do not cover."""
    rest = actions - by
    return rest - _covered(rest, by) if rest and _patterns(by) else rest


def uncovered_facts(facts: Facts, by: Facts) -> Facts:
    """Return the facts that the others do not cover: what `facts` adds to them."""
    added: dict[Holder, Actions] = {}
    for holder, actions in facts.items():
        left = uncovered_actions(actions, by.get(holder, frozenset()))
        if left and holder.condition:
            left = uncovered_actions(
                left, by.get(holder._replace(condition=NO_CONDITION), frozenset())
            )
        if left:
            added[holder] = left
    return added


def add_facts(facts: Facts, more: Facts) -> Facts:
    """Return the facts of two policies together, reduced."""
    if not more:
        return facts
    empty: Actions = frozenset()
    holders = (*facts, *(holder for holder in more if holder not in facts))
    return reduce_facts({h: facts.get(h, empty) | more.get(h, empty) for h in holders})


def subtract_facts(facts: Facts, removed: Facts) -> Facts:
    """Return the facts without the actions that the same holders have among the removed ones."""
    if not removed:
        return facts
    left = {
        h: uncovered_actions(actions, removed.get(h, frozenset())) for h, actions in facts.items()
    }
    return {holder: actions for holder, actions in left.items() if actions}


def denied_to(principal: Principal, facts: Facts) -> Actions:
    """Return the actions denied unconditionally to a principal, its account or everyone."""
    names = [principal, EVERYONE]
    arn = arn_of(principal)
    if arn:
        names.append(account_principal(arn.account, arn.partition))
    return frozenset[Action]().union(
        *(facts.get(Holder(name, "Deny", NO_CONDITION), ()) for name in names)
    )


def _without_redundant_exceptions(actions: Actions) -> Actions:
    if NotAction not in map(type, actions):
        return actions
    return frozenset(a if isinstance(a, str) else _reduce_exceptions(a) for a in actions)


def _reduce_exceptions(action: NotAction) -> Action:
    left = reduce_actions(frozenset(filter(is_of_repositories, action.excluded)))
    return NotAction(tuple(sorted(left))) if left else EVERY_ACTION


# A cached result may have another caller's spelling of an action: use it only for look-ups.
@lru_cache(maxsize=4_096)
def _patterns(actions: Actions) -> tuple[str, ...]:
    return tuple(a for a in actions if isinstance(a, str) and has_wildcard(a))


@lru_cache(maxsize=4_096)
def _covered(actions: Actions, by: Actions) -> frozenset[str]:
    named = (a for a in actions if isinstance(a, str))
    return frozenset(a for a in named if any(p != a and covers(p, a) for p in _patterns(by)))


class Holding(NamedTuple):
    """Actions held under one condition."""

    condition: Condition
    actions: Actions


Holdings = tuple[Holding, ...]


class AccessChange(NamedTuple):
    """The change for one principal and effect on one repository.

    `before` and `after` are all that it holds. `gained` and `lost` are what the other side does
    not cover. `on` are the repositories that it is about, in the registry's own policy; None in a
    repository's.
    """

    principal: Principal
    effect: str
    before: Holdings
    after: Holdings
    gained: Holdings
    lost: Holdings
    on: Resources | None = None

    def about(self, part: Resources) -> "AccessChange":
        """Return the same change of the access to other repositories."""
        return AccessChange(
            self.principal, self.effect, self.before, self.after, self.gained, self.lost, part
        )

    @property
    def kind(self) -> AccessKind:
        """The kind of change of the access: more of a Deny narrows it, less of one widens it."""
        more, less = bool(self.gained), bool(self.lost)
        if self.effect == "Deny":
            more, less = less, more
        elif not self.before:
            return "granted"
        elif not self.after:
            return "revoked"
        if more == less:
            return "changed"
        return "widened" if more else "narrowed"


def difference(before: Facts, after: Facts) -> tuple[AccessChange, ...]:
    """Return one change for each principal and effect that differ in two reduced sets of facts.

    Empty exactly where the facts are equal. Sorted by principal, then effect.
    """
    if before == after:
        return ()
    return access_changes(
        before, after, uncovered_facts(after, by=before), uncovered_facts(before, by=after)
    )


def access_changes(
    before: Facts, after: Facts, gained: Facts, lost: Facts
) -> tuple[AccessChange, ...]:
    """Return one change for each principal and effect that gains or loses something; sorted."""
    changed = {holder[:2] for holder in (*gained, *lost)}
    old, new, more, less = (_by_subject(side, changed) for side in (before, after, gained, lost))
    return tuple(
        AccessChange(*subject, old[subject], new[subject], more[subject], less[subject])
        for subject in sorted(changed)
    )


def same_meaning(left: Policy, right: Policy) -> bool:
    """Whether two policies mean the same; one that is not understood equals only its exact copy."""
    if isinstance(left, Unreadable) or isinstance(right, Unreadable):
        return left == right
    return facts_of(left.statements) == facts_of(right.statements)


def same_policy(left: Policy, right: Policy) -> bool:
    """Whether two policies mean the same or, where neither is understood, are the same JSON.

    The service returns a policy in another order each time, and a list of one as its element, so
    neither makes a difference. A text that is not JSON, or has a duplicate key, equals only its
    exact copy.
    """
    if isinstance(left, Unreadable) and isinstance(right, Unreadable):
        return left.text == right.text or _same_json(left.text, right.text)
    return same_meaning(left, right)


def _same_json(left: str, right: str) -> bool:
    try:
        return _ordered(load_json(left)) == _ordered(load_json(right))
    except (MalformedError, RecursionError):
        return False


def _ordered(value: object) -> str:
    """Return a JSON value as text in a fixed order."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_ordered(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        items = sorted(map(_ordered, value))
        return items[0] if len(items) == 1 else "[" + ",".join(items) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def _by_subject(facts: Facts, subjects: Set[_Subject]) -> Mapping[_Subject, Holdings]:
    """Return what some of the subjects hold, sorted by condition."""
    found: dict[_Subject, list[Holding]] = {subject: [] for subject in subjects}
    for holder in sorted(holder for holder in facts if holder[:2] in subjects):
        found[holder[:2]].append(Holding(holder.condition, facts[holder]))
    return {subject: tuple(holdings) for subject, holdings in found.items()}
