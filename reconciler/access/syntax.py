"""What to say of text that is not YAML, in words of our own.

The parser's wording differs between its two builds (with and without libyaml), and says little
to someone who does not know the grammar.
"""

from typing import NamedTuple

import yaml

from reconciler.access.tree import QUOTE_STAR


class SyntaxAdvice(NamedTuple):
    """What is wrong and what would help; `opened` tells whether the start matters, too."""

    message: str
    hint: str | None = None
    opened: bool = False


_RESERVED = SyntaxAdvice("this character cannot start a value", "quote the value")
_TAB = SyntaxAdvice("a tab indents this line", "YAML is indented with spaces only")
_BY_CONTEXT: tuple[tuple[str, SyntaxAdvice], ...] = (
    ("alias", SyntaxAdvice("a * that starts an alias, with no name behind it", QUOTE_STAR)),
    (
        "anchor",
        SyntaxAdvice("a & that starts an anchor, with no name behind it", "quote the value"),
    ),
    (
        "quoted scalar",
        SyntaxAdvice("this quote is never closed, or holds an unknown escape", None, opened=True),
    ),
    (
        "flow",
        SyntaxAdvice(
            "a { or [ is not closed, or a comma is missing",
            "quote a value that starts with { or [",
            opened=True,
        ),
    ),
    (
        "block",
        SyntaxAdvice(
            "this line does not fit the ones above it",
            "look above for wrong indentation, or a quote or bracket that is not closed",
            opened=True,
        ),
    ),
    ("simple key", SyntaxAdvice("a key without its ':'", "write KEY: VALUE")),
    ("tag", SyntaxAdvice("a ! that starts a tag, which is not one", "quote the value")),
    ("directive", SyntaxAdvice("a line that starts with % is a directive", "quote the value")),
)
_NO_MAPPING = SyntaxAdvice(
    "a ':' where no mapping can start",
    "quote a value that holds ': ', or look above for a missing ':' or wrong indentation",
)


def advise(error: yaml.MarkedYAMLError, line: str, column: int) -> SyntaxAdvice:
    """Explain a parser's error, given the line it points to and the column, from 0."""
    if "\t" in line[: len(line) - len(line.lstrip())] or line[column : column + 1] == "\t":
        return _TAB
    problem = str(error.problem or "")
    if "mapping values are not allowed" in problem:
        return _NO_MAPPING
    if "cannot start any token" in problem:
        return _RESERVED
    context = str(error.context or "")
    for word, advice in _BY_CONTEXT:
        if word in context:
            return advice
    return SyntaxAdvice("this is not valid YAML")
