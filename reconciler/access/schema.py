"""The JSON schemas: their text, and the form in which this room validates with them."""

import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

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
