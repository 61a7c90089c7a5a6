"""Print docs/keys.md, made from the schema of the access file: `make docs`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

SCHEMA = Path(__file__).parents[1] / "schema" / "ecr_access.schema.json"
HEAD = """\
# Every key

The keys of an access file, from its JSON schema. [The access file](file.md) explains how they work
together. `reconcile schema` prints the schema, and `make docs` makes this page from it.

`NAME` stands for a name of your choice, `REPOSITORY` for a repository's name or a pattern,
`PRINCIPAL` for a name, an ARN or an account id, and `[]` for each item of a list. Each line of an
example is one of the values that the key can have.
"""
KINDS = {"string": "text", "object": "mapping", "array": "list", "boolean": "`true` or `false`"}
PLACEHOLDERS = {
    "accounts": "NAME",
    "principals": "NAME",
    "tiers": "NAME",
    "repositories": "REPOSITORY",
    "repositories.REPOSITORY.access": "PRINCIPAL",
}
"""What stands for the keys of a mapping that are chosen by its author."""
PLAIN = re.compile(r"[A-Za-z][\w./:@+ -]*")

Schema = Mapping[str, Any]


class Key(NamedTuple):
    path: str
    schema: Schema
    """Resolved: what a `$ref` leads to is part of it."""
    required: bool


def main() -> None:
    root = json.loads(SCHEMA.read_text(encoding="utf-8"))
    print(HEAD)
    for key in keys_of(root, root, ""):
        print(section(key, root))


def resolved(schema: Schema, root: Schema) -> Schema:
    """A schema with what its `$ref` leads to; what it says itself comes first."""
    if "$ref" not in schema:
        return schema
    *_, name = schema["$ref"].split("/")
    return {**resolved(root["$defs"][name], root), **schema}


def keys_of(schema: Schema, root: Schema, path: str) -> Iterator[Key]:
    """The keys of a mapping, each followed by those inside of it."""
    for name, inner in schema.get("properties", {}).items():
        key = Key(
            f"{path}.{name}".lstrip("."), resolved(inner, root), name in schema.get("required", ())
        )
        yield key
        if name != "registries":  # each has the keys of registry
            yield from inside(key, root)


def inside(key: Key, root: Schema) -> Iterator[Key]:
    yield from keys_of(key.schema, root, key.path)
    item = resolved(key.schema.get("items", {}), root)
    if item.get("properties") != key.schema.get("properties"):
        yield from keys_of(item, root, f"{key.path}[]")
    if placeholder := PLACEHOLDERS.get(key.path):
        value = resolved(key.schema["additionalProperties"], root)
        one = Key(f"{key.path}.{placeholder}", value, required=False)
        yield one
        yield from inside(one, root)


def types(schema: Schema) -> list[str]:
    told = schema.get("type", [])
    return [told] if isinstance(told, str) else told


def kind(schema: Schema, root: Schema) -> str:
    """What a value is, as words."""
    *others, last = kinds(schema, root)
    return f"{', '.join(others)} or {last}" if others else last


def kinds(schema: Schema, root: Schema) -> list[str]:
    if "const" in schema:
        return [f"`{json.dumps(schema['const'])}`"]
    if "enum" in schema:
        return [f"`{value}`" for value in schema["enum"]]
    return [word for name in types(schema) for word in kinds_of_type(name, schema, root)]


def kinds_of_type(name: str, schema: Schema, root: Schema) -> list[str]:
    match name:
        case "string" if "then" in schema:
            return kinds(resolved(schema["then"], root), root)
        case "string" if len(types(schema)) == 1:
            return [schema["title"]]
        case "array" if "items" in schema:
            return [f"list ({kind(resolved(schema['items'], root), root)}{size(schema)})"]
        case "integer":
            return [f"number{size(schema)}"]
        case _:
            return [KINDS[name]]


def size(schema: Schema) -> str:
    if "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    if "minimum" in schema:
        return f", at least {schema['minimum']}"
    return f"; at most {schema['maxItems']}" if "maxItems" in schema else ""


def section(key: Key, root: Schema) -> str:
    level = "##" if "." not in key.path else "###"
    facts = [kind(key.schema, root)]
    if key.required:
        facts.append("required")
    if "default" in key.schema:
        facts.append(f"default `{written(key.schema['default'])}`")
    name = key.path.rpartition(".")[2]
    examples = "".join(f"{name}: {written(value)}\n" for value in key.schema["examples"])
    return (
        f"{level} {key.path}\n\n"
        f"{'; '.join(facts)}\n\n"
        f"{escaped(key.schema['description'])}\n\n"
        f"```yaml\n{examples}```\n"
    )


def written(value: object) -> str:
    """A value as YAML on one line, quoted where it must be."""
    match value:
        case dict():
            return f"{{{', '.join(f'{written(key)}: {written(of)}' for key, of in value.items())}}}"
        case list():
            return f"[{', '.join(map(written, value))}]"
        case str() if PLAIN.fullmatch(value) and yaml.safe_load(f"[{value}]") == [value]:
            return value
        case _:
            return json.dumps(value)


def escaped(text: str) -> str:
    """A description as Markdown: what it puts in backticks stays code."""
    parts = text.split("`")
    return "`".join(
        part if number % 2 else re.sub(r"([*<|])", r"\\\1", part)
        for number, part in enumerate(parts)
    )


if __name__ == "__main__":
    main()
