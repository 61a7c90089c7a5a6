"""What a registry's own policy says as facts: who may do what on which repositories.

Facts are kept by the repositories that they are about. A `Resource` with several patterns is split,
as lists of principals and actions are; a `NotResource` is one value. A fact about a pattern covers
the same fact about a narrower one, for Allow and for Deny.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce

from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.registry_document import RegistryPolicy, RegistryStatement
from reconciler.policy.language.resources import ArnPrefix, Resources
from reconciler.policy.meaning.facts import (
    AccessChange,
    Facts,
    access_changes,
    add_facts,
    facts_of,
    same_policy,
    uncovered_facts,
)

RegistryFacts = Mapping[Resources, Facts]
"""The facts about each part of a `Resource`, without those that the facts about another cover."""


def registry_facts_of(statements: Iterable[RegistryStatement], prefix: ArnPrefix) -> RegistryFacts:
    """Return the facts of some statements in the registry of `prefix`."""
    by_resources: defaultdict[Resources, list[RegistryStatement]] = defaultdict(list)
    for one in statements:
        for part in one.resources.split(prefix):
            by_resources[part].append(one)
    return _reduced(
        {part: facts_of(one.statement for one in found) for part, found in by_resources.items()}
    )


def facts_by_pattern(facts: Iterable[tuple[str, Facts]], prefix: ArnPrefix) -> RegistryFacts:
    """Return facts about the repositories that a pattern of names (`payments/*`) matches."""
    by_resources: dict[Resources, Facts] = {}
    for pattern, own in facts:
        (part,) = Resources((prefix.repositories(pattern),)).split(prefix)
        by_resources[part] = add_facts(own, by_resources.get(part, {}))
    return _reduced(by_resources)


def registry_difference(before: RegistryFacts, after: RegistryFacts) -> tuple[AccessChange, ...]:
    """Return one change for each part, principal and effect that gains or loses something.

    What it holds on these includes what it holds by a wider pattern, so what a wider one covers on
    the other side is neither gained nor lost. Empty exactly where the facts are equal. Sorted by
    pattern, principal, then effect.
    """
    gained, lost = _uncovered(after, by=before), _uncovered(before, by=after)
    found: list[AccessChange] = []
    for part in sorted(gained.keys() | lost.keys()):
        held = held_on(part, before), held_on(part, after)
        found += access_changes(*held, gained.get(part, {}), lost.get(part, {}), on=part)
    return tuple(found)


def same_registry_policy(left: RegistryPolicy, right: RegistryPolicy, prefix: ArnPrefix) -> bool:
    """Whether two policies mean the same for the repositories of a registry.

    Those that are not understood are the same where they are the same JSON.
    """
    if isinstance(left, Unreadable) and isinstance(right, Unreadable):
        return same_policy(left, right)
    if isinstance(left, Unreadable) or isinstance(right, Unreadable):
        return False
    return registry_facts_of(left.statements, prefix) == registry_facts_of(right.statements, prefix)


def _reduced(facts: RegistryFacts) -> RegistryFacts:
    """Return the facts without those that the facts about a wider pattern cover."""
    wider = {part: {p: own for p, own in facts.items() if p != part} for part in facts}
    return _not_empty({p: uncovered_facts(own, held_on(p, wider[p])) for p, own in facts.items()})


def _uncovered(facts: RegistryFacts, by: RegistryFacts) -> RegistryFacts:
    """Return the facts that the others do not cover."""
    return _not_empty({p: uncovered_facts(own, held_on(p, by)) for p, own in facts.items()})


def _not_empty(facts: RegistryFacts) -> RegistryFacts:
    return {part: own for part, own in facts.items() if own}


def held_on(part: Resources, facts: RegistryFacts) -> Facts:
    """Return what holds of certain repositories: the facts about them, and about wider patterns."""
    covering = (own for other, own in facts.items() if other.cover(part))
    return reduce(add_facts, covering, {})
