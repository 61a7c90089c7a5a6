"""The schema: strict and described throughout, and the same wherever it is installed."""

import json
from collections.abc import Iterator

import jsonschema
import pytest

from reconciler.access_file.document.schema import inlined, schema_text

FILE = "ecr_access.schema.json"
SCHEMA = json.loads(schema_text(FILE))


def parts(schema: object, path: str = "$") -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from parts(item, f"{path}[{index}]")
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            if key not in ("examples", "default", "const", "enum"):
                yield from parts(value, f"{path}.{key}")


def objects() -> list[tuple[str, dict[str, object]]]:
    return [
        (path, part) for path, part in parts(SCHEMA) if isinstance(part.get("properties"), dict)
    ]


def resolved(part: dict[str, object]) -> dict[str, object]:
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    return {**SCHEMA["$defs"].get(name, {}), **part}


def properties() -> list[tuple[str, dict[str, object]]]:
    return [
        (f"{path}.{name}", resolved(value))
        for path, part in objects()
        for name, value in part["properties"].items()
    ]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("path", "part"), properties())
def test_every_property_is_described_with_examples(path: str, part: dict[str, object]) -> None:
    assert part.get("description"), path
    assert part.get("examples"), path


@pytest.mark.parametrize(("path", "part"), objects())
def test_no_object_takes_unknown_keys(path: str, part: dict[str, object]) -> None:
    assert part.get("additionalProperties") is False, path


@pytest.mark.parametrize(("path", "part"), properties())
def test_every_example_is_valid(path: str, part: dict[str, object]) -> None:
    validator = jsonschema.Draft202012Validator({**part, "$defs": SCHEMA["$defs"]})
    for example in part["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == [], path


def test_putting_references_in_place_leaves_none() -> None:
    written = inlined(schema_text(FILE))
    assert "$ref" not in json.dumps(written)
    assert "$defs" not in written


def test_a_pattern_does_not_pass_over_a_last_line_break() -> None:
    patterns = [
        part["pattern"] for _, part in parts(inlined(schema_text(FILE))) if "pattern" in part
    ]
    assert patterns
    assert not any(str(pattern).endswith("$") for pattern in patterns)


def test_there_is_no_other_schema() -> None:
    with pytest.raises(FileNotFoundError):
        schema_text("nope.schema.json")
