"""Comparing policies: whether two are the same, and the difference in terms of access."""

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Policy, Unreadable
from reconciler.policy.language.json_text import MalformedError, load_json
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import Actions, Facts, facts_of, uncovered_facts

AccessKind = Literal["granted", "revoked", "widened", "narrowed", "changed"]


class Holding(NamedTuple):
    """Actions held under one condition."""

    condition: Condition
    actions: Actions


Holdings = tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class AccessChange:
    """The change for one principal and effect on one repository.

    `before` and `after` are all that it holds. `gained` and `lost` are what the other side does
    not cover.
    """

    principal: Principal
    effect: str
    before: Holdings
    after: Holdings
    gained: Holdings
    lost: Holdings

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
    gained = _by_subject(uncovered_facts(after, by=before))
    lost = _by_subject(uncovered_facts(before, by=after))
    differing = {h[:2] for h in before.keys() | after.keys() if before.get(h) != after.get(h)}
    old = _by_subject({h: a for h, a in before.items() if h[:2] in differing})
    new = _by_subject({h: a for h, a in after.items() if h[:2] in differing})
    return tuple(
        AccessChange(*subject, *(tuple(side[subject]) for side in (old, new, gained, lost)))
        for subject in sorted(differing)
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


def _by_subject(facts: Facts) -> defaultdict[tuple[Principal, str], list[Holding]]:
    subjects: defaultdict[tuple[Principal, str], list[Holding]] = defaultdict(list)
    for holder in sorted(facts):
        subjects[holder.principal, holder.effect].append(Holding(holder.condition, facts[holder]))
    return subjects
