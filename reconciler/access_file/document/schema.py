"""The JSON schemas, and the violations of the access file's schema by a document."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.document.compiled_schema import is_valid, is_valid_included
from reconciler.access_file.document.problems import Place
from reconciler.access_file.document.tree import MappingNode, Node, locate, plain

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jsonschema import Draft202012Validator, ValidationError

Schema = dict[str, object]


class FileSchema(NamedTuple):
    """A schema of a file: the name of its own file, and what it is compiled to."""

    file: str
    is_valid: Callable[[object], bool]


ACCESS_FILE = FileSchema("ecr_access.schema.json", is_valid)
INCLUDED_FILE = FileSchema("included.schema.json", is_valid_included)


def schema_text(file: str) -> str:
    """Return the text of a schema by its file's name, such as `ecr_access.schema.json`.

    A wheel has the schemas inside the package, a checkout beside it. Raises FileNotFoundError
    where there is no such schema.
    """
    from importlib.resources import files  # noqa: PLC0415 - costs

    package = files("reconciler")
    inside: Traversable = package / "schema" / file
    beside: Traversable = package / ".." / "schema" / file
    return (inside if inside.is_file() else beside).read_text(encoding="utf-8")


def inlined(text: str) -> Schema:
    """Parse a schema and replace each `$ref`, so that validation needs no lookup.

    A reference is `#/KEY/KEY` in the schema itself, or has the name of another one before the `#`.
    Keys beside a `$ref` win over those of its target. The schema must not refer to itself. A
    pattern's `$` becomes Python's `\\Z`, as Python's `$` also matches before a final line break.
    """
    schema = json.loads(text)
    written = _inline({key: part for key, part in schema.items() if key != "$defs"}, schema)
    if not isinstance(written, dict):
        raise TypeError("a schema is an object")
    return written


def _inline(part: object, schema: Schema) -> object:
    if isinstance(part, list):
        return [_inline(item, schema) for item in part]
    if not isinstance(part, dict):
        return part
    referred: object = {}
    if isinstance(reference := part.get("$ref"), str):
        file, _, pointer = reference.partition("#/")
        other = json.loads(schema_text(file)) if file else schema
        referred = _inline(_part_at(other, pointer), other)
    own = {key: _inline(value, schema) for key, value in part.items() if key != "$ref"}
    if isinstance(pattern := own.get("pattern"), str):
        own["pattern"] = re.sub(r"\$$", r"\\Z", pattern)
    return {**referred, **own} if isinstance(referred, dict) else own


def _part_at(schema: Schema, pointer: str) -> object:
    part: object = schema
    for key in pointer.split("/"):
        part = part[key] if isinstance(part, dict) else None
    return part


_ABOUT_KEYS = frozenset({"additionalProperties", "required", "dependentRequired", "not"})


class Violation(NamedTuple):
    """A keyword of the schema that the file violates: `expected` by the schema, and the `value`.

    `path` leads to `node`, the value, whose place is `place`; where a key violates the schema,
    `value` is the key and `node` its mapping. `steps` lead to the keyword in the schema.
    """

    keyword: str
    expected: object
    value: object
    schema: Mapping[str, object]
    steps: tuple[str | int, ...]
    path: tuple[str | int, ...]
    node: Node
    place: Place
    title: str

    @property
    def of_key(self) -> bool:
        """Whether the name of a key is wrong."""
        return "propertyNames" in self.steps and self.keyword != "not"

    @property
    def about_keys(self) -> bool:
        """Whether it is about the keys of a mapping, not about a value."""
        return self.of_key or self.keyword in _ABOUT_KEYS

    @property
    def properties(self) -> Mapping[str, object]:
        """The schemas of the keys that the schema defines here."""
        properties = self.schema.get("properties")
        return properties if isinstance(properties, Mapping) else {}

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the schema defines here."""
        return tuple(self.properties)

    @property
    def examples(self) -> tuple[object, ...]:
        """The valid values that the schema shows."""
        examples = self.schema.get("examples")
        return tuple(examples) if isinstance(examples, list) else ()

    def key_place(self, key: str) -> Place:
        """Return the place of a key of the mapping."""
        pair = self.node.pairs.get(key) if isinstance(self.node, MappingNode) else None
        return pair.key.place if pair else self.place


def violations(root: Node, schema: FileSchema) -> Iterator[Violation]:
    """Validate a tree by the schema of its file."""
    value = plain(root)
    if not schema.is_valid(value):
        yield from (_violation(error, root) for error in _validator(schema.file).iter_errors(value))


def fits(value: object, schema: Mapping[str, object]) -> bool:
    """Whether a value is valid by a part of a schema."""
    return _validator(ACCESS_FILE.file).evolve(schema=schema).is_valid(value)


@cache
def _validator(file: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs; only for an invalid file
    from jsonschema.validators import extend  # noqa: PLC0415

    own = extend(Draft202012Validator, {"items": _errors_of_items})  # type: ignore[no-untyped-call]
    validator: Draft202012Validator = own(inlined(schema_text(file)))
    return validator


def _errors_of_items(
    validator: "Draft202012Validator", items: Schema, value: object, schema: Schema
) -> "Iterator[ValidationError]":
    """Validate the items of a list; of one that is too long, that is all that is said."""
    most = schema.get("maxItems")
    if not isinstance(value, list) or (isinstance(most, int) and len(value) > most):
        return
    for index, item in enumerate(value):
        yield from validator.descend(item, items, path=index)


def _violation(error: "ValidationError", root: Node) -> Violation:
    path = tuple(error.absolute_path)
    node, place = locate(root, path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return Violation(
        keyword=str(error.validator),
        expected=error.validator_value,
        value=error.instance,
        schema=schema,
        steps=tuple(error.relative_schema_path),
        path=path,
        node=node,
        place=place,
        title=str(schema.get("title") or (path[-1] if path else "file")),
    )
