"""A file's bytes to a tree of nodes with places.

Scalars are read as they are written: `true`, `false`, `null`, `~` and plain decimal integers
are what they look like, everything else is text (`yes`, `on`, dates, `0x1F`, `1_000`).
"""

import re
from itertools import islice
from typing import NamedTuple

import yaml

from reconciler.access_file.document.nodes import Node
from reconciler.access_file.document.problems import Place, ProblemList
from reconciler.access_file.document.tree import (
    QUOTE_STAR,
    StopReadingError,
    TreeBuilder,
    find_forbidden,
)
from reconciler.model.rule_ids import RuleId
from reconciler.printable import printable


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


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_FORBIDDEN = 20
_LINE_BREAK = re.compile("\r?\n")


class Source(NamedTuple):
    """What was read: `root` is None where the text makes no tree."""

    root: Node | None
    lines: tuple[str, ...]


def read_source(content: bytes, path: str, problems: ProblemList) -> Source:
    """Read a file's bytes; never raises, whatever they are."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf_8(content, error.start, path, problems)
    lines = tuple(_LINE_BREAK.split(text))
    if _has_forbidden_characters(lines, path, problems):
        return Source(None, lines)
    builder = TreeBuilder(path, problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except StopReadingError:
        return Source(None, lines)
    except yaml.YAMLError as error:
        _report_syntax(error, lines, path, problems)
        return Source(None, lines)
    if builder.root is None:
        hint = "'reconcile init' writes a starter file"
        problems.error(RuleId.EMPTY_FILE, "the file is empty", Place(path, 1, 1), hint=hint)
    return Source(builder.root, lines)


def _not_utf_8(content: bytes, position: int, path: str, problems: ProblemList) -> Source:
    before = _LINE_BREAK.split(content[:position].decode("utf-8-sig", "replace"))
    place = Place(path, len(before), len(before[-1]) + 1)
    message = "the file is not UTF-8 text from here on"
    problems.error(RuleId.NOT_UTF_8, message, place, hint="save the file as UTF-8")
    return Source(None, tuple(_LINE_BREAK.split(content.decode("utf-8-sig", "replace"))))


def _has_forbidden_characters(lines: tuple[str, ...], path: str, problems: ProblemList) -> bool:
    found = (
        (match[0], Place(path, number, match.start() + 1))
        for number, line in enumerate(lines, start=1)
        for match in find_forbidden(line)
    )
    first = tuple(islice(found, _MOST_FORBIDDEN))
    for character, place in first:
        message = f"the character {printable(character)} is not taken"
        hint = "it is invisible, or steers a terminal: remove it"
        problems.error(RuleId.CONTROL_CHARACTER, message, place, hint=hint)
    for _, place in islice(found, 1):
        message = f"from here on, {1 + sum(1 for _ in found):,} more such characters follow"
        problems.error(RuleId.CONTROL_CHARACTER, message, place)
    return bool(first)


def _report_syntax(
    error: yaml.YAMLError, lines: tuple[str, ...], path: str, problems: ProblemList
) -> None:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        problems.error(RuleId.YAML_SYNTAX, "this is not YAML", Place(path, 1, 1))
        return
    place = _within(lines, error.problem_mark, path)
    advice = advise(error, lines[place.line - 1], place.column - 1)
    opened = error.context_mark if advice.opened else None
    problems.error(
        RuleId.YAML_SYNTAX,
        advice.message,
        place,
        hint=advice.hint,
        other=_within(lines, opened, path) if opened else None,
    )


def _within(lines: tuple[str, ...], mark: yaml.Mark, path: str) -> Place:
    """Keep a mark inside the text: the parser may point behind the last line."""
    line = min(mark.line, len(lines) - 1)
    column = min(mark.column, len(lines[line])) if line == mark.line else len(lines[line])
    return Place(path, line + 1, column + 1)
