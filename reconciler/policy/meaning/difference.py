"""The difference between two sets of facts, told as access."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, NamedTuple

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import Actions, Facts, not_covered

Kind = Literal["granted", "revoked", "widened", "narrowed", "changed"]


class Holding(NamedTuple):
    """Actions held under one condition."""

    condition: Condition
    actions: Actions


Holdings = tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class AccessChange:
    """What changes for one principal and effect on one repository.

    `before` and `after` are all that it holds, `gained` and `lost` what is really new or gone:
    what the other side covers is neither.
    """

    principal: Principal
    effect: str
    before: Holdings
    after: Holdings
    gained: Holdings
    lost: Holdings

    @property
    def kind(self) -> Kind:
        """Say what happens to the access: more of a Deny narrows it, less of one widens it."""
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
    """Compare two reduced sets of facts: one change for each principal and effect that differ.

    Empty exactly where the facts are equal. Sorted by principal, then effect.
    """
    gained = _by_subject(not_covered(after, by=before))
    lost = _by_subject(not_covered(before, by=after))
    differing = {h[:2] for h in before.keys() | after.keys() if before.get(h) != after.get(h)}
    old = _by_subject({h: a for h, a in before.items() if h[:2] in differing})
    new = _by_subject({h: a for h, a in after.items() if h[:2] in differing})
    return tuple(
        AccessChange(*subject, *(tuple(side[subject]) for side in (old, new, gained, lost)))
        for subject in sorted(differing)
    )


def _by_subject(facts: Facts) -> defaultdict[tuple[Principal, str], list[Holding]]:
    subjects: defaultdict[tuple[Principal, str], list[Holding]] = defaultdict(list)
    for holder in sorted(facts):
        subjects[holder.principal, holder.effect].append(Holding(holder.condition, facts[holder]))
    return subjects
