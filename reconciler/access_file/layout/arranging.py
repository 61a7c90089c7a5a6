"""The canonical order of keys, and which collections are written on one line.

The order is that of the JSON schema: of the sections, and of the keys in them. Names, repositories
and the items of lists keep the author's order, as it may have a meaning for readers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum

from reconciler.access_file.document.schema import Schema
from reconciler.access_file.layout.written import Collection, Item, Scalar

MOST_ON_ONE_LINE = 4
"""How many principals an `access` on one line has at most."""


class Style(Enum):
    """How a collection is written."""

    AS_WRITTEN = "on one line where the author wrote it in brackets and it fits, else as a block"
    ONE_LINE = "on one line where it fits, else as a block"
    BLOCK = "as a block"


def style_of(block: Collection, path: tuple[str, ...]) -> Style:
    """Return the style of the collection that these keys lead to."""
    match path:
        case ():
            return Style.BLOCK
        case ("principals", _) if block.is_mapping:
            return Style.ONE_LINE
        case ("repositories", _, "access") if len(block.items) > MOST_ON_ONE_LINE:
            return Style.BLOCK
        case _:
            return Style.AS_WRITTEN


def arranged(block: Collection, schema: Schema) -> Collection:
    """Return a collection with its keys in the order of a schema, without `$ref`.

    Where an alias would come before its anchor, or could mean another one, the order stays.
    """
    found = _arranged(block, schema)
    names = [name for name in _anchors(block) if name.startswith("&")]
    seen: set[str] = set()
    for name in _anchors(found):
        if name.startswith("*") and f"&{name[1:]}" not in seen:
            return block
        seen.add(name)
    return found if len(names) == len({*names}) else block


def _arranged(block: Collection, schema: Schema) -> Collection:
    known = _mapping(schema, "properties")
    others = _mapping(schema, "additionalProperties") or _mapping(schema, "items")
    order = {key: number for number, key in enumerate(known)}
    items = [_arranged_item(item, known, others) for item in block.items]
    items.sort(key=lambda item: order.get(key_of(item), len(order)))
    return replace(block, items=items)


def _arranged_item(item: Item, known: Schema, others: Schema) -> Item:
    if isinstance(item.value, Scalar):
        return item
    key = key_of(item)
    schema = _mapping(known, key) if key in known else others
    return replace(item, value=_arranged(item.value, schema))


def key_of(item: Item) -> str:
    """Return the key of a pair as it is written, without quotes; "" for an item of a list."""
    return item.key.text.strip("\"'") if item.key else ""


def _mapping(schema: Mapping[str, object], key: str) -> Schema:
    found = schema.get(key)
    return found if isinstance(found, dict) else {}


def _anchors(block: Collection) -> Iterator[str]:
    """Yield each `&anchor` and `*alias`, in the order of the text."""
    for item in block.items:
        for node in (item.key, item.value):
            if isinstance(node, Scalar) and node.text.startswith("*"):
                yield node.text
            elif node is not None and node.properties.startswith("&"):
                yield node.properties.partition(" ")[0]
        if isinstance(item.value, Collection):
            yield from _anchors(item.value)
