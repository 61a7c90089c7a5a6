"""A request as far as it is known: its caller, its condition keys, and answers of three values.

Sources: IAM User Guide, "IAM policy elements: Variables and tags" and "Single-valued vs.
multivalued context keys".
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reconciler.policy.language.condition_keys import MULTIVALUED
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import Principal

Answer = bool | None
"""A truth value of Kleene's three-valued logic; None where it depends on something unknown."""

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with all its values (one, for a single-valued key)."""

NO_CONTEXT: Context = MappingProxyType({})

_VARIABLE = r"\$\{([^{}]*)\}"
_NAME = r"(?P<key>[^\s,']+)(?:, '(?P<default>[^']*)')?"
_PLAIN = str.maketrans("*?", "\ufdd0\ufdd1")  # noncharacters: no text has them
_LITERAL = str.maketrans("\ufdd0\ufdd1", "*?")


class Caller(NamedTuple):
    """One caller, with what is known of the request.

    `principals` are all names by which a statement may match it: a role session's own ARN, its
    role and its account's root; or a service; none, for an anonymous caller. A condition key is
    known (in `context`), known to be missing from the request (in `absent`), or unknown.
    """

    principals: tuple[Principal, ...]
    context: Context = NO_CONTEXT
    absent: frozenset[str] = frozenset()

    def values_of(self, key: str) -> tuple[str, ...] | None:
        """Return the values of a key in lower case; () where it is absent, None where unknown."""
        return () if key in self.absent else self.context.get(key)


def all_of(answers: Iterable[Answer]) -> Answer:
    """Whether all hold: one that does not decides, whatever the others are."""
    found = set(answers)
    if False in found:
        return False
    return None if None in found else True


def any_of(answers: Iterable[Answer]) -> Answer:
    """Whether any holds: one that does decides, whatever the others are."""
    return negated(all_of(map(negated, answers)))


def negated(answer: Answer) -> Answer:
    """Return the opposite; unknown remains unknown."""
    return None if answer is None else not answer


def plain(text: str) -> str:
    """Escape `*` and `?`, so that no comparison takes them for wildcards."""
    return text.translate(_PLAIN)


def literal(text: str) -> str:
    """Undo `plain`."""
    return text.translate(_LITERAL)


def resolve_variables(value: str, caller: Caller) -> str | None:
    """Replace the policy variables of a value; None where one of them is unknown.

    `${*}`, `${?}` and `${$}` are plain characters, escaped as `plain` does. It is not documented
    clearly what the service does with a variable that has no value and no default, with one that
    may have several values and with wildcards in a value: all of these are unknown.
    """
    parts = re.split(_VARIABLE, value)
    if any("${" in text for text in parts[::2]):
        return None
    found = [_value_of(name, caller) for name in parts[1::2]]
    texts = [text for text in found if text is not None]
    if len(texts) != len(found):
        return None
    return "".join(text for pair in zip(parts[::2], [*texts, ""], strict=True) for text in pair)


def remove_variables(value: str) -> str:
    """Return a value without its policy variables."""
    return re.sub(_VARIABLE, "", value)


def _value_of(name: str, caller: Caller) -> str | None:
    if name in {"*", "?", "$"}:
        return plain(name)
    match = re.fullmatch(_NAME, name)
    if match is None or not name.isascii():
        return None
    key = match["key"].lower()
    values = caller.values_of(key)
    if values is None or len(values) > 1 or key in MULTIVALUED:
        return None
    value = values[0] if values else match["default"]
    return None if value is None or has_wildcard(value) else value
