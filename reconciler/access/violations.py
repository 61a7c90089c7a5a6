"""What the schema has to say of a tree, as plain values that know their place."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access.nodes import MappingNode, Node, node_at, place_at, plain
from reconciler.access.problems import Place
from reconciler.access.schema import inlined, schema_text

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

_ABOUT_KEYS = frozenset({"additionalProperties", "required", "dependentRequired", "not"})


class Violation(NamedTuple):
    """One broken keyword of the schema: what it wanted (`wanted`) and what is there (`value`).

    `path` leads to what breaks it, `node`, whose place is `place`; where a key breaks it, `value`
    is the key and `node` the mapping that holds it. `steps` lead to the keyword in the schema.
    """

    keyword: str
    wanted: object
    value: object
    schema: Mapping[str, object]
    steps: tuple[str | int, ...]
    path: tuple[str | int, ...]
    node: Node
    place: Place
    title: str

    @property
    def of_key(self) -> bool:
        """Tell whether a key breaks it, not a value."""
        return "propertyNames" in self.steps and self.keyword != "not"

    @property
    def about_keys(self) -> bool:
        """Tell whether it is about which keys a mapping has, not about a value."""
        return self.of_key or self.keyword in _ABOUT_KEYS

    @property
    def keys(self) -> tuple[str, ...]:
        """Give the keys that the schema knows here."""
        properties = self.schema.get("properties")
        return tuple(properties) if isinstance(properties, Mapping) else ()

    def key_place(self, key: str) -> Place:
        """Give the place of a key of the mapping that breaks it."""
        pair = self.node.pairs.get(key) if isinstance(self.node, MappingNode) else None
        return pair.key.place if pair else self.place


def violations(root: Node) -> Iterator[Violation]:
    """Hold a tree against the schema of the access file."""
    for error in _validator().iter_errors(plain(root)):
        yield _violation(error, root)


def fits(value: object, schema: Mapping[str, object]) -> bool:
    """Tell whether a value is valid by a part of the schema."""
    return _validator().evolve(schema=schema).is_valid(value)


@cache
def _validator() -> "Draft202012Validator":
    # Imported late: it costs more than the rest of this room together.
    jsonschema = import_module("jsonschema")
    validator: Draft202012Validator = jsonschema.Draft202012Validator(
        inlined(schema_text("ecr_access.schema.json"))
    )
    return validator


def _violation(error: "ValidationError", root: Node) -> Violation:
    path = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return Violation(
        keyword=str(error.validator),
        wanted=error.validator_value,
        value=error.instance,
        schema=schema,
        steps=tuple(error.relative_schema_path),
        path=path,
        node=node_at(root, path),
        place=place_at(root, path),
        title=str(schema.get("title") or (path[-1] if path else "file")),
    )
