"""YAML as a person writes it: short values on one line, longer ones below each other.

A text is quoted wherever YAML 1.1, YAML 1.2 or the file's own loader could read anything but that
text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from reconciler.access_file.layout.writing import WIDTH
from reconciler.printable import inert_json, unicode_escape

Value: TypeAlias = "str | bool | Sequence[Value] | Mapping[str, Value]"

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@+-]*|ecr:[A-Za-z]+")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""What YAML 1.1 reads as something else than text, in whatever case."""


def scalar(value: str | bool) -> str:
    """Write one value; a text keeps its quotes off only where nothing could misread it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = inert_json(json.dumps(value, ensure_ascii=False))
    # What could not be seen is escaped; the loader refuses most of it.
    return "".join(char if char.isprintable() else unicode_escape(char) for char in quoted)


def flow(value: Value) -> str:
    """Write a value on one line."""
    match value:
        case str() | bool():
            return scalar(value)
        case Mapping():
            pairs = (f"{scalar(key)}: {flow(part)}" for key, part in value.items())
            return f"{{{', '.join(pairs)}}}"
        case _:
            return f"[{', '.join(map(flow, value))}]"


def entry(key: str, value: Value, indent: int = 0, *, opened: bool = False) -> list[str]:
    """Write a key and its value as lines; `opened` never puts a mapping on the key's own line."""
    head = f"{' ' * indent}{scalar(key)}:"
    line = f"{head} {flow(value)}"
    if isinstance(value, str | bool) or not value:
        return [line]
    is_open = opened and isinstance(value, Mapping)
    if len(line) <= WIDTH and not is_open:
        return [line]
    return [head, *_block(value, indent + 2)]


def _block(value: Mapping[str, Value] | Sequence[Value], indent: int) -> list[str]:
    if isinstance(value, Mapping):
        return list(chain.from_iterable(entry(key, part, indent) for key, part in value.items()))
    return list(chain.from_iterable(_item(part, indent) for part in value))


def _item(value: Value, indent: int) -> list[str]:
    line = f"{' ' * indent}- {flow(value)}"
    if len(line) <= WIDTH or isinstance(value, str | bool):
        return [line]
    first, *rest = _block(value, indent + 2)
    return [f"{' ' * indent}- {first.lstrip()}", *rest]
