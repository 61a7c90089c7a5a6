"""Markdown as GitHub reads it, for comments and job summaries: tables with text from outside."""

import re
from collections.abc import Iterable, Sequence

from reconciler.printable import printable

_PLAIN = re.compile(r"[^`|\\]+")
"""Text that ends neither a code span nor the cell of a table."""


def markdown_code(text: str) -> str:
    """Return a text from outside as code: no markup, link or mention in it counts.

    What could end the code span or the cell is written in HTML, as character references: these
    never form markup (CommonMark Spec, "Entity and numeric character references").
    """
    shown = printable(text)
    if not shown.strip():
        return ""
    if _PLAIN.fullmatch(shown) and shown == shown.strip():
        return f"`{shown}`"
    safe = "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in shown)
    return f"<code>{safe}</code>"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
