"""The file as a tree of frozen nodes, each with its place, and tolerant ways to read it.

The readers give nothing where a node is not of the shape asked for: that is the schema's
business to report, once, and the rest of the file is still read.
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


def pairs_of(node: Node | None) -> Iterator[Pair]:
    """Give the pairs of a mapping; none for anything else."""
    if isinstance(node, MappingNode):
        yield from node.pairs.values()


def child(node: Node | None, key: str) -> Node | None:
    """Give the value under a key of a mapping; None where there is none."""
    pair = node.pairs.get(key) if isinstance(node, MappingNode) else None
    return pair.value if pair else None


def text_of(node: Node | None) -> str | None:
    """Give a scalar's text; None for anything but text."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return node.value
    return None


def texts_of(node: Node | None) -> tuple[ScalarNode, ...]:
    """Give the scalars that are text of a list, or the one that stands alone."""
    return tuple(
        item
        for item in items_of(node)
        if isinstance(item, ScalarNode) and isinstance(item.value, str)
    )


def items_of(node: Node | None) -> Sequence[Node]:
    """Give a list's items, or the one node that stands alone; nothing where there is none."""
    if isinstance(node, SequenceNode):
        return node.items
    return () if node is None else (node,)


def plain(node: Node) -> object:
    """Give a node as plain JSON data: dict, list, str, int, bool, None."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key: plain(pair.value) for key, pair in node.pairs.items()}


def node_at(node: Node, path: Sequence[str | int]) -> Node:
    """Find the node that a path of keys and positions leads to, as far as it goes."""
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.pairs:
            node = node.pairs[step].value
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node


def place_at(node: Node, path: Sequence[str | int]) -> Place:
    """Find the place that a path of keys and positions leads to, as far as it goes.

    A scalar's place is its own; that of anything else, and of an empty value, its key's.
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
            return place
    return node.place if isinstance(node, ScalarNode) and node.text else place


def scalars_in(node: Node | None) -> Iterator[ScalarNode]:
    """Give all scalars that are values anywhere below a node, in the order of the file."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from scalars_in(item)
    elif node is not None:
        for pair in node.pairs.values():
            yield from scalars_in(pair.value)
