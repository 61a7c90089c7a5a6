"""The checks that the compiled schemas have in common (`make schema`)."""

from collections.abc import Callable, Mapping
from typing import TypeGuard

Checks = Mapping[str, Callable[[object], bool]]
"""A check of the value for each key of an object."""


def anything(_: object) -> bool:
    """Accept every value."""
    return True


def nothing(_: object) -> bool:
    """Accept no value."""
    return False


def is_integer(value: object) -> TypeGuard[int]:
    """Whether a value is an integer in JSON Schema: `1.0` is one, and true is none."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)
