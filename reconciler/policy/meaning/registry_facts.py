"""What a registry's own policy says as facts: who may do what on which repositories.

Facts are kept by the repositories that they are about. A `Resource` with several patterns is split,
as lists of principals and actions are; a `NotResource` is one value. A fact about a pattern covers
the same fact about a narrower one, for Allow and for Deny.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce
from types import MappingProxyType

from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.glob import GlobIndex
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
    found = tuple(statements)
    about: defaultdict[Resources, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        for part in one.resources.split(prefix):
            about[part].append(number)
    # Many parts may be about the same statements, and share what these mean.
    meanings = {
        numbers: facts_of(found[number].statement for number in numbers)
        for numbers in set(map(tuple, about.values()))
    }
    return reduce_registry_facts(
        {part: meanings[tuple(numbers)] for part, numbers in about.items()}
    )


def facts_by_pattern(facts: Iterable[tuple[str, Facts]], prefix: ArnPrefix) -> RegistryFacts:
    """Return facts about the repositories that a pattern of names (`payments/*`) matches."""
    by_resources: dict[Resources, Facts] = {}
    for pattern, own in facts:
        (part,) = Resources((prefix.repositories(pattern),)).split(prefix)
        by_resources[part] = add_facts(own, by_resources.get(part, {}))
    return reduce_registry_facts(by_resources)


def registry_difference(before: RegistryFacts, after: RegistryFacts) -> tuple[AccessChange, ...]:
    """Return one change for each part, principal and effect that gains or loses something.

    What it holds on these includes what it holds by a wider pattern, so what a wider one covers on
    the other side is neither gained nor lost. Empty exactly where the facts are equal. Sorted by
    pattern, principal, then effect.
    """
    old, new = HeldFacts(before), HeldFacts(after)
    gained, lost = uncovered_registry_facts(after, by=old), uncovered_registry_facts(before, by=new)
    known: dict[tuple[int, ...], tuple[AccessChange, ...]] = {}
    found: list[AccessChange] = []
    for part in sorted(gained.keys() | lost.keys()):
        sides = old.on(part), new.on(part), gained.get(part, _NONE), lost.get(part, _NONE)
        key = tuple(map(id, sides))
        if key not in known:
            known[key] = access_changes(*sides)
        found += [one.about(part) for one in known[key]]
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


class HeldFacts:
    """What holds of certain repositories: the facts about them, and about wider patterns.

    Equal answers are one object, so that what follows from one is worked out once.
    """

    def __init__(self, facts: RegistryFacts) -> None:
        """Index the patterns that may cover another one."""
        self._facts = facts
        self._wider = {part.patterns[0]: part for part in facts if part.may_cover}
        self._index = GlobIndex(self._wider)
        self._known: dict[frozenset[int], Facts] = {}

    def on(self, part: Resources, *, beyond: bool = False) -> Facts:
        """Return what holds of the repositories of one part; `beyond` it, by wider ones alone."""
        matching = self._index.matching(part.widest) if part.widest else ()
        covering = {self._wider[pattern] for pattern in matching} | {part}
        if beyond:
            covering.discard(part)
        held = (self._facts[one] for one in sorted(covering) if one in self._facts)
        distinct = {id(facts): facts for facts in held}
        key = frozenset(distinct)
        if key not in self._known:
            self._known[key] = reduce(add_facts, distinct.values(), _NONE)
        return self._known[key]


_NONE: Facts = MappingProxyType({})


def reduce_registry_facts(facts: RegistryFacts) -> RegistryFacts:
    """Return the facts about each part without those that the facts about a wider one cover."""
    held = HeldFacts(facts)
    return _left((part, own, held.on(part, beyond=True)) for part, own in facts.items())


def uncovered_registry_facts(facts: RegistryFacts, by: HeldFacts) -> RegistryFacts:
    """Return the facts that the others do not cover."""
    return _left((part, own, by.on(part)) for part, own in facts.items())


def _left(parts: Iterable[tuple[Resources, Facts, Facts]]) -> RegistryFacts:
    """Return the facts about each part that others do not cover, of those that have some."""
    known: dict[tuple[int, int], Facts] = {}
    found: dict[Resources, Facts] = {}
    for part, own, by in parts:
        key = id(own), id(by)
        if key not in known:
            known[key] = uncovered_facts(own, by)
        if known[key]:
            found[part] = known[key]
    return found
