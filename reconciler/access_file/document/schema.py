"""The JSON schemas, and what the schema of the access file reports about a document."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.document.nodes import MappingNode, Node, node_at, place_at, plain
from reconciler.access_file.document.problems import Place

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

Schema = dict[str, object]


def schema_text(file: str) -> str:
    """Give the text of a schema by its file's name, such as `ecr_access.schema.json`.

    A wheel holds the schemas inside the package, a checkout beside it. Raises FileNotFoundError
    where there is no such schema.
    """
    package = files("reconciler")
    inside: Traversable = package / "schema" / file
    beside: Traversable = package / ".." / "schema" / file
    return (inside if inside.is_file() else beside).read_text(encoding="utf-8")


def inlined(text: str) -> Schema:
    """Read a schema and put each local `$ref` in place, so that validating looks nothing up.

    Keys beside a `$ref` win over those it refers to. The schema must not refer to itself. A
    pattern's `$` becomes Python's `\\Z`, for Python's `$` also matches before a last line break.
    """
    schema = json.loads(text)
    definitions: Schema = schema.pop("$defs", {})
    written = _inline(schema, definitions)
    if not isinstance(written, dict):
        raise TypeError("a schema is an object")
    return written


def _inline(part: object, definitions: Schema) -> object:
    if isinstance(part, list):
        return [_inline(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    referred: object = {}
    if isinstance(reference := part.get("$ref"), str):
        referred = _inline(definitions[reference.removeprefix("#/$defs/")], definitions)
    own = {key: _inline(value, definitions) for key, value in part.items() if key != "$ref"}
    if isinstance(pattern := own.get("pattern"), str):
        own["pattern"] = re.sub(r"\$$", r"\\Z", pattern)
    return {**referred, **own} if isinstance(referred, dict) else own


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
