"""Markdown as GitHub reads it, for comments and job summaries: tables with text from outside."""

import re
from collections.abc import Iterable, Sequence

from reconciler.printable import printable

_PLAIN = re.compile(r"[^`|\\]+")
"""Text that ends neither a code span nor the cell of a table."""

_WORD = re.compile(r"""(["'(]*)([^ ]*?)([)"'.,;:]*)(?= |\Z)""")
"""A word with the punctuation of prose before and after it."""

_PLAIN_WORD = re.compile(r"[A-Za-z]*('s)?|[0-9,]+|→|…")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,}")
"""What GitHub would link to a commit of the repository, if it has one."""


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


def markdown_words(text: str) -> str:
    """Return prose with texts from outside in it: each word is code that may be more than a word.

    That is every word with anything but letters, a number, or the punctuation of prose around
    them. What GitHub makes of text (mentions, links, issues, commits, emoji) it finds in what the
    Markdown means, so that only code is safe: "Basic writing and formatting syntax" (GitHub Docs).
    """
    return _WORD.sub(_word, printable(text))


def _word(found: re.Match[str]) -> str:
    before, word, after = found.groups()
    is_plain = _PLAIN_WORD.fullmatch(word) and not _COMMIT.fullmatch(word)
    return f"{before}{word if is_plain else markdown_code(word)}{after}"


def markdown_fence(text: str, language: str = "") -> str:
    """Return a block of code; its lines are text from outside."""
    shown = "\n".join(map(printable, text.split("\n")))
    runs = re.findall(r"`+", shown)
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join(map(markdown_row, lines))


def markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a table, one line."""
    return f"| {' | '.join(cells)} |\n"
