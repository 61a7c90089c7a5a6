"""Colour by role: formats name what a text is, and the terminal decides how that looks."""

from collections.abc import Callable
from typing import Literal

Role = Literal["added", "removed", "changed", "error", "warning", "heading", "faint", "hint"]
Paint = Callable[[Role, str], str]
"""Gives a text its colour by the role it plays, or leaves it plain."""

_CODES: dict[Role, str] = {
    "added": "32",
    "removed": "31",
    "changed": "33",
    "error": "1;31",
    "warning": "33",
    "heading": "1",
    "faint": "2",
    "hint": "36",
}


def plain(_role: Role, text: str) -> str:
    """Paint nothing."""
    return text


def ansi(role: Role, text: str) -> str:
    """Paint with the escape sequences that every terminal knows."""
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m"
