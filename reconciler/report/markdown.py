"""Markdown as GitHub reads it, for comments and job summaries: tables with text from outside."""

import re
from collections.abc import Iterable, Sequence

from reconciler.printable import printable

_RUNS = re.compile(r"([^`|\\]+)|[`|\\]+")
"""Text for a code span, and what would end the span or the cell of a table."""

_WORD = re.compile(r"""(["'(]*)([^ ]*?)([)"'.,;:]*)(?= |\Z)""")
"""A word with the punctuation of prose before and after it."""

_PLAIN_WORD = re.compile(r"[A-Za-z]*('s)?|→|…|%")
_NUMBER = re.compile(r"[0-9]+(,[0-9]+)*,?")
"""A number that does not begin a list, as `1.` would."""

_COMMIT = re.compile(r"[0-9a-fA-F]{7,}")
"""What GitHub would link to a commit of the repository, if it has one."""


def markdown_code(text: str) -> str:
    """Return a text from outside as code: no markup, link or mention in it counts.

    What could end the code span or the cell is code by an HTML tag, written as character
    references: these never form markup (CommonMark Spec, "Entity and numeric character
    references"). All else is in code spans, since GitHub links addresses in such a tag, too.
    """
    return _code(printable(text))


def _code(shown: str) -> str:
    return _RUNS.sub(_run, shown) if shown.strip() else ""


def _run(found: re.Match[str]) -> str:
    run = found[0]
    if found[1] is None:
        return f"<code>{''.join(f'&#{ord(char)};' for char in run)}</code>"
    # A span loses a space at each end where it has both (CommonMark Spec, "Code spans").
    edge = " " if run.strip() and run != run.strip() else ""
    return f"`{edge}{run}{edge}`"


def markdown_words(text: str) -> str:
    """Return prose with texts from outside in it: each word is code that may be more than a word.

    That is every word with anything but letters, a number, or the punctuation of prose around
    them. What GitHub makes of text (mentions, links, issues, commits, emoji) it finds in what the
    Markdown means, so that only code is safe: "Basic writing and formatting syntax" (GitHub Docs).
    """
    return _WORD.sub(_word, printable(text).strip())


def _word(found: re.Match[str]) -> str:
    before, word, after = found.groups()
    is_word = _PLAIN_WORD.fullmatch(word) or _NUMBER.fullmatch(word + after)
    is_plain = is_word and not _COMMIT.fullmatch(word)
    return f"{before}{word if is_plain else _code(word)}{after}"


def markdown_fence(text: str, language: str = "") -> str:
    """Return a block of code; its lines are text from outside."""
    shown = "\n".join(map(printable, text.split("\n")))
    longest = max(map(len, re.findall(r"`+", shown)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join(map(markdown_row, lines))


def markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a table, one line."""
    return f"| {' | '.join(cells)} |\n"
