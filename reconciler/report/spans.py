"""Text for people as lines of spans; rendering alone escapes and colours them."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from reconciler.printable import printable
from reconciler.report.layout import unbroken

Role = Literal["added", "removed", "changed", "error", "warning", "heading", "faint", "hint"]
Paint = Callable[[Role, str], str]
"""Colours a text by its role, or leaves it plain."""

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


class Span(NamedTuple):
    """A text and its role, padded to `width` columns as it is shown; `code` is never wrapped."""

    text: str
    role: Role | None = None
    width: int = 0
    code: bool = False


Line = tuple[Span | str, ...]
"""The parts of a line: text from outside is a part of its own, raw; a plain string has no role."""


def plain(_role: Role, text: str) -> str:
    """Return the text without colour."""
    return text


def ansi(role: Role, text: str) -> str:
    """Return the text with the ANSI escape sequences of its role."""
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m"


def render(lines: Iterable[Line], paint: Paint = plain) -> str:
    """Render lines as text, escaped; each ends with a line break."""
    return "".join(f"{_rendered(line, paint)}\n" for line in lines)


def shown_width(text: str) -> int:
    """Return the number of characters that a text has once it is escaped."""
    return len(printable(text))


def _rendered(line: Line, paint: Paint) -> str:
    spans = [Span(part) if isinstance(part, str) else part for part in line]
    texts = [printable(span.text).ljust(span.width) for span in spans]
    whole = "".join(texts)
    escaped = printable(whole)
    if escaped != whole:  # together, parts may spell a CI command that none of them does
        return escaped
    return "".join(_styled(span, text, paint) for span, text in zip(spans, texts, strict=True))


def _styled(span: Span, text: str, paint: Paint) -> str:
    text = unbroken(text) if span.code else text
    return paint(span.role, text) if span.role else text
