"""The registries of a file, each with the entries that hold in it: a file is read once for each."""

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    texts_of,
)
from reconciler.access_file.model import Registry
from reconciler.access_file.sections.registry import read_registry


class RegistryPart(NamedTuple):
    """A file as one registry sees it, in regions where the same entries hold.

    `root` has the registry under `registry`, and under `repositories` only what holds there.
    """

    root: Node
    registry: Registry


def split_by_registry(root: Node, problems: ProblemList) -> tuple[RegistryPart, ...]:
    """Return the parts of a file, in the order of its registries; at least one."""
    nodes = items_of(root, "registries") or (child(root, "registry"),)
    return tuple(part for node in nodes for part in _parts_of(root, node, problems))


def _parts_of(root: Node, node: Node | None, problems: ProblemList) -> Iterator[RegistryPart]:
    registry = read_registry(node, problems)
    entries = pairs_of(root, "repositories")
    by_region: dict[frozenset[str], list[str]] = {}
    for region in registry.regions:
        held = frozenset(e.key.text for e in entries if _holds(e, registry.name, region))
        by_region.setdefault(held, []).append(region)
    for held, regions in (by_region or {frozenset(e.key.text for e in entries): []}).items():
        yield RegistryPart(
            _with_entries(root, node, held), registry._replace(regions=tuple(regions))
        )


def _holds(entry: Pair, registry: str | None, region: str) -> bool:
    """Whether an entry holds in a registry and region; without limits it holds in all."""
    registries = [one.text for one in texts_of(entry.value, "registries")]
    regions = [one.text for one in texts_of(entry.value, "regions")]
    return (not registries or registry in registries) and (not regions or region in regions)


def _with_entries(root: Node, registry: Node | None, names: frozenset[str]) -> Node:
    if not isinstance(root, MappingNode):
        return root
    pairs = {key: pair for key, pair in root.pairs.items() if key != "registries"}
    if "registries" in root.pairs and registry is not None:
        key = ScalarNode("registry", "registry", registry.place)
        pairs["registry"] = Pair(key, registry)
    repositories = child(root, "repositories")
    if isinstance(repositories, MappingNode) and len(names) < len(repositories.pairs):
        kept = {name: pair for name, pair in repositories.pairs.items() if name in names}
        pairs["repositories"] = pairs["repositories"]._replace(
            value=repositories._replace(pairs=kept)
        )
    return root._replace(pairs=pairs)
