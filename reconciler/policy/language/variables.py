"""Policy variables: `${aws:PrincipalTag/team}` in a condition's value, and what it stands for."""

import re

from reconciler.policy.language.condition_keys import MULTIVALUED
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.request_context import Caller

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"(?P<key>[^\s,']+)(?:, '(?P<default>[^']*)')?")
_PLAIN = str.maketrans("*?", "\ufdd0\ufdd1")  # noncharacters: no text has them
_LITERAL = str.maketrans("\ufdd0\ufdd1", "*?")


def plain(text: str) -> str:
    """Write a text so that its `*` and `?` stand for themselves, whatever compares it."""
    return text.translate(_PLAIN)


def literal(text: str) -> str:
    """Give back the text of which `plain` wrote the whole or a part."""
    return text.translate(_LITERAL)


def resolve(value: str, caller: Caller) -> str | None:
    """Replace the variables of a value; None where one of them can't be told.

    `${*}`, `${?}` and `${$}` are plain characters, and come out as `plain` writes them. It is not
    documented clearly what the service does with a variable that has no value and no default, with
    one that may have several values and with wildcards in a value: none of them can be told.

    Sources: IAM User Guide, "IAM policy elements: Variables and tags" and "Single-valued vs.
    multivalued context keys".
    """
    parts = _VARIABLE.split(value)
    if any("${" in text for text in parts[::2]):
        return None
    found = [_value_of(name, caller) for name in parts[1::2]]
    texts = [text for text in found if text is not None]
    if len(texts) != len(found):
        return None
    return "".join(text for pair in zip(parts[::2], [*texts, ""], strict=True) for text in pair)


def without_variables(value: str) -> str:
    """Leave the variables out of a value."""
    return _VARIABLE.sub("", value)


def _value_of(name: str, caller: Caller) -> str | None:
    if name in {"*", "?", "$"}:
        return plain(name)
    match = _NAME.fullmatch(name)
    if match is None or not name.isascii():
        return None
    key = match["key"].lower()
    values = caller.values_of(key)
    if values is None or len(values) > 1 or key in MULTIVALUED:
        return None
    value = values[0] if values else match["default"]
    return None if value is None or has_wildcard(value) else value
