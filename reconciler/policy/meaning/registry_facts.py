"""What a registry's own policy says as facts: who may do what on which repositories.

Facts are kept by the repositories that they are about. A `Resource` with several patterns is split,
as lists of principals and actions are; a `NotResource` is one value.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.registry_document import (
    RegistryPolicy,
    RegistryStatement,
)
from reconciler.policy.language.resources import ArnPrefix, Resources
from reconciler.policy.meaning.facts import (
    AccessChange,
    Facts,
    difference,
    facts_of,
    same_policy,
    uncovered_facts,
)

RegistryFacts = Mapping[Resources, Facts]
"""The facts about each pattern of repositories, without those that another pattern's cover."""


def registry_facts_of(statements: Iterable[RegistryStatement], prefix: ArnPrefix) -> RegistryFacts:
    """Return the facts of some statements in the registry of `prefix`."""
    by_resources: defaultdict[Resources, list[RegistryStatement]] = defaultdict(list)
    for one in statements:
        for part in one.resources.split(prefix):
            by_resources[part].append(one)
    return reduce_registry_facts(
        {part: facts_of(one.statement for one in found) for part, found in by_resources.items()}
    )


def reduce_registry_facts(facts: RegistryFacts) -> RegistryFacts:
    """Return the facts without those that the facts of a wider pattern cover."""
    reduced: dict[Resources, Facts] = {}
    for part, own in facts.items():
        left = own
        for other, more in facts.items():
            if other != part and other.cover(part):
                left = uncovered_facts(left, by=more)
        if left:
            reduced[part] = left
    return reduced


def registry_difference(before: RegistryFacts, after: RegistryFacts) -> tuple[AccessChange, ...]:
    """Return one change for each pattern, principal and effect that differ; sorted."""
    parts = sorted(before.keys() | after.keys())
    return tuple(
        replace(change, on=part)
        for part in parts
        for change in difference(before.get(part, {}), after.get(part, {}))
    )


def same_registry_policy(left: RegistryPolicy, right: RegistryPolicy, prefix: ArnPrefix) -> bool:
    """Whether two policies of a registry mean the same there."""
    if isinstance(left, Unreadable) and isinstance(right, Unreadable):
        return same_policy(left, right)
    if isinstance(left, Unreadable) or isinstance(right, Unreadable):
        return False
    return registry_facts_of(left.statements, prefix) == registry_facts_of(right.statements, prefix)
