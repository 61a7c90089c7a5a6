"""What several registries and regions agree on, said once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from reconciler.model.answers import place_words
from reconciler.model.registry import RegistryName, RegistryScope
from reconciler.workflow.file.source import SourcePart


class Placed(Protocol):
    """Something that holds in a region, None for all regions of its part of the file."""

    @property
    def region(self) -> str | None:
        """The region."""


Some = TypeVar("Some", bound=Placed)


def said_once(
    found: Iterable[tuple[SourcePart, Iterable[Some]]],
    same: Callable[[Some], Hashable],
    placed: Callable[[Some, RegistryName | None, str | None], Some],
) -> Iterator[Some]:
    """Yield what the parts of a file have, each once where it is the same.

    `same` returns what is equal of the same. `placed` returns the first of these for a registry and
    a region: for None and None where all registries and regions have it, for a registry and None
    where all of that one's regions have it. What a file of one part has is as it was.
    """
    parts = [(part, tuple(own)) for part, own in found]
    if len(parts) == 1:
        yield from parts[0][1]
        return
    regions = _regions_of(part for part, _ in parts)
    held: dict[Hashable, tuple[Some, set[RegistryScope]]] = {}
    for part, own in parts:
        for one in own:
            _, scopes = held.setdefault(same(one), (one, set()))
            scopes.update(s for s in part.access.registry.scopes if one.region in (None, s.region))
    for one, scopes in held.values():
        for name, region in _places(scopes, regions):
            yield placed(one, name, region)


def places_of(parts: Sequence[SourcePart]) -> tuple[tuple[str, ...], ...]:
    """Return what tells each part from the others: `staging`, or each of `central us-west-2`, …

    One part has an empty one.
    """
    if len(parts) == 1:
        return (("",),)
    number = Counter(part.name for part in parts)
    return tuple(
        (place_words(part.name, None),)
        if number[part.name] == 1
        else tuple(place_words(part.name, region) for region in part.access.registry.regions)
        for part in parts
    )


_Regions = Mapping[RegistryName | None, Sequence[RegistryScope]]


def _regions_of(parts: Iterable[SourcePart]) -> _Regions:
    """Return each registry of a file, None where it has one only, in all its regions."""
    found: defaultdict[RegistryName | None, list[RegistryScope]] = defaultdict(list)
    for part in parts:
        found[part.name].extend(part.access.registry.scopes)
    return found


def _places(
    scopes: set[RegistryScope], regions: _Regions
) -> Iterator[tuple[RegistryName | None, str | None]]:
    if all(scopes.issuperset(own) for own in regions.values()):
        yield None, None
        return
    for name, own in regions.items():
        if scopes.issuperset(own):
            yield name, None
        else:
            yield from ((name, scope.region) for scope in own if scope in scopes)
