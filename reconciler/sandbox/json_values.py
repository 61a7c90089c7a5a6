"""JSON values: their types, parsed from text, and what lists of them have."""

import json
from typing import NoReturn, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


def parse_json(text: str) -> Json:
    """Return `text` as JSON. Raises ValueError for invalid JSON and for a duplicate key."""
    try:
        document: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return document


def as_list(value: Json) -> list[Json]:
    """Return a list unchanged, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


def strings(value: Json) -> list[str]:
    """Return the strings of a list, [] for anything else."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def objects(value: Json) -> list[JsonObject]:
    """Return the objects of a list, [] for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("duplicate key in an object")
    return mapping


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
