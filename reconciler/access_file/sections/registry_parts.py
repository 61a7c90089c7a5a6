"""The registries of a file, each with the entries that hold in it: a file is read once for each."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit
from reconciler.access_file.document.tree import Node, Pair, pairs_of, place_at
from reconciler.access_file.model import Registry
from reconciler.access_file.sections.limits import LimitedEntry, read_limits
from reconciler.access_file.sections.registries import RegistryPath, read_registries

_READ = WorkLimit(500_000, "entries, each counted for each registry and region that it may hold in")


class RegistryPart(NamedTuple):
    """A file as one registry sees it, in regions where the same entries hold.

    `node` is the registry in the file, `path` leads to it. `registry` has the regions of this part.
    `entries` hold here. `strays` hold nowhere, which is reported; every
    part reads them, for their other problems.
    """

    node: Node | None
    path: RegistryPath
    registry: Registry
    entries: tuple[Pair, ...]
    strays: tuple[Pair, ...]


def split_by_registry(root: Node, problems: ProblemList) -> tuple[RegistryPart, ...]:
    """Return the parts of a file, in the order of its registries; at least one.

    Reports registries that can't be told apart, and entries that are limited to what the file does
    not have. Raises TooLargeError.
    """
    read = read_registries(root, problems)
    registries = tuple(one.registry for one in read)
    entries = read_limits(pairs_of(root, "repositories"), registries, problems)
    groups = [
        tuple(_groups(one.registry, entries, place_at(root, one.path), problems)) for one in read
    ]
    held = {id(pair) for found in groups for _, pairs in found for pair in pairs}
    strays = tuple(one.pair for one in entries if id(one.pair) not in held)
    return tuple(
        RegistryPart(
            one.node,
            one.path,
            one.registry._replace(regions=regions),
            pairs,
            strays,
        )
        for one, found in zip(read, groups, strict=True)
        for regions, pairs in found
    )


def _groups(
    registry: Registry, entries: Sequence[LimitedEntry], place: Place, problems: ProblemList
) -> Iterator[tuple[tuple[str, ...], tuple[Pair, ...]]]:
    """Yield the regions of a registry in groups, each with the entries that hold in its regions."""
    here = [entry for entry in entries if entry.holds_in(registry)]
    regional = [entry.regions for entry in here if entry.regions]
    problems.count(_READ, len(here) + len(regional) * len(registry.regions), place)
    groups: dict[tuple[bool, ...], list[str]] = {}
    for region in registry.regions:
        groups.setdefault(tuple(region in one for one in regional), []).append(region)
    problems.count(_READ, len(here) * len(groups), place)
    for regions in groups.values():
        pairs = (e.pair for e in here if not e.regions or regions[0] in e.regions)
        yield tuple(regions), tuple(pairs)
    if not groups:
        yield (), tuple(entry.pair for entry in here)
