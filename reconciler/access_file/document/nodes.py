"""The file as a tree of frozen nodes with places, and tolerant functions to read it.

A function returns nothing for a node of another shape than the one it reads: the schema reports
the shape once, and the rest of the file is still read. Where a function takes keys, they lead from
the node to the one that is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import Place

Value = str | int | bool | None


class ScalarNode(NamedTuple):
    """One value; `text` is how it is written (without quotes)."""

    value: Value
    text: str
    place: Place


class SequenceNode(NamedTuple):
    """A list."""

    items: tuple["Node", ...]
    place: Place


class Pair(NamedTuple):
    """A key and its value; the key's value is always text."""

    key: ScalarNode
    value: "Node"


class MappingNode(NamedTuple):
    """A mapping, in the order of the file."""

    pairs: Mapping[str, Pair]
    place: Place


Node = ScalarNode | SequenceNode | MappingNode


def child(node: Node | None, *keys: str) -> Node | None:
    """Return the node that the keys of nested mappings lead to; None where there is none."""
    for key in keys:
        pair = node.pairs.get(key) if isinstance(node, MappingNode) else None
        node = pair.value if pair else None
    return node


def pairs_of(node: Node | None, *keys: str) -> Sequence[Pair]:
    """Return the pairs of a mapping; none for anything else."""
    found = child(node, *keys)
    return tuple(found.pairs.values()) if isinstance(found, MappingNode) else ()


def items_of(node: Node | None, *keys: str) -> Sequence[Node]:
    """Return the items of a list, or a single node as one item."""
    found = child(node, *keys)
    if isinstance(found, SequenceNode):
        return found.items
    return () if found is None else (found,)


def texts_of(node: Node | None, *keys: str) -> tuple[ScalarNode, ...]:
    """Return the scalars of a list that are text, or a single one."""
    return tuple(
        item
        for item in items_of(node, *keys)
        if isinstance(item, ScalarNode) and isinstance(item.value, str)
    )


def value_of(node: Node | None, *keys: str) -> Value:
    """Return the value of a scalar; None for anything else."""
    found = child(node, *keys)
    return found.value if isinstance(found, ScalarNode) else None


def text_of(node: Node | None, *keys: str) -> str | None:
    """Return the value of a scalar that is text; None for anything else."""
    value = value_of(node, *keys)
    return value if isinstance(value, str) else None


def plain(node: Node) -> object:
    """Return a node as plain JSON data: dict, list, str, int, bool, None."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key: plain(pair.value) for key, pair in node.pairs.items()}


def locate(node: Node, path: Sequence[str | int]) -> tuple[Node, Place]:
    """Return the node that a path of keys and indexes leads to, as far as it exists, and its place.

    The place of a scalar is its own. The place of a list, a mapping or an empty value is that of
    its key.
    """
    place = node.place
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.pairs:
            pair = node.pairs[step]
            place, node = pair.key.place, pair.value
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
        else:
            return node, place
    return node, node.place if isinstance(node, ScalarNode) and node.text else place


def place_at(node: Node, path: Sequence[str | int]) -> Place:
    """Return the place that `locate` returns."""
    return locate(node, path)[1]


def scalars_in(node: Node | None) -> Iterator[ScalarNode]:
    """Yield all scalars that are values anywhere below a node, in the order of the file."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from scalars_in(item)
    for pair in pairs_of(node):
        yield from scalars_in(pair.value)
