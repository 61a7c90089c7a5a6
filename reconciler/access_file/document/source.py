"""Reads the bytes of a file into a tree of nodes with places.

Scalars are read as they are written: `true`, `false`, `null`, `~` and plain decimal integers
have their YAML meaning; everything else is text (`yes`, `on`, dates, `0x1F`, `1_000`).
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
from reconciler.model.rules import RuleId
from reconciler.printable import printable


class SyntaxAdvice(NamedTuple):
    """A message and a hint; `opened`: whether the start of the construct is shown, too."""

    message: str
    hint: str | None = None
    opened: bool = False


_RESERVED = SyntaxAdvice("this character cannot start a value", "quote the value")
_TAB = SyntaxAdvice("tab used for indentation", "indent with spaces only")
_BY_CONTEXT: tuple[tuple[str, SyntaxAdvice], ...] = (
    ("alias", SyntaxAdvice("* starts an alias, but no name follows", QUOTE_STAR)),
    ("anchor", SyntaxAdvice("& starts an anchor, but no name follows", "quote the value")),
    (
        "quoted scalar",
        SyntaxAdvice("this quote is not closed, or has an unknown escape", None, opened=True),
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
            "this line does not fit the lines above",
            "check the lines above for wrong indentation, or an unclosed quote or bracket",
            opened=True,
        ),
    ),
    ("simple key", SyntaxAdvice("a key without ':'", "write KEY: VALUE")),
    ("tag", SyntaxAdvice("! starts a tag, but no valid tag follows", "quote the value")),
    ("directive", SyntaxAdvice("% at the start of a line begins a directive", "quote the value")),
)
_NO_MAPPING = SyntaxAdvice(
    "':' where no mapping can start",
    "quote a value that contains ': ', or check the lines above for a missing ':' or wrong"
    " indentation",
)


def advise(error: yaml.MarkedYAMLError, line: str, column: int) -> SyntaxAdvice:
    """Explain a parser's error, given the line that it points to and the column, from 0."""
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
_MAX_FORBIDDEN = 20
_LINE_BREAK = re.compile("\r?\n")


class Source(NamedTuple):
    """The text of a file: `root` is None where the text is not one YAML tree."""

    root: Node | None
    lines: tuple[str, ...]


def read_source(content: bytes, path: str, problems: ProblemList) -> Source:
    """Read the bytes of a file. Never raises, whatever they are."""
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
        hint = "start with `version`, `registry` and `repositories`"
        problems.error(RuleId.EMPTY_FILE, "the file is empty", Place(path, 1, 1), hint=hint)
    return Source(builder.root, lines)


def _not_utf_8(content: bytes, position: int, path: str, problems: ProblemList) -> Source:
    before = _LINE_BREAK.split(content[:position].decode("utf-8-sig", "replace"))
    place = Place(path, len(before), len(before[-1]) + 1)
    message = "the file is not valid UTF-8 from here on"
    problems.error(RuleId.NOT_UTF_8, message, place, hint="save the file as UTF-8")
    return Source(None, tuple(_LINE_BREAK.split(content.decode("utf-8-sig", "replace"))))


def _has_forbidden_characters(lines: tuple[str, ...], path: str, problems: ProblemList) -> bool:
    found = (
        (match[0], Place(path, number, match.start() + 1))
        for number, line in enumerate(lines, start=1)
        for match in find_forbidden(line)
    )
    first = tuple(islice(found, _MAX_FORBIDDEN))
    for character, place in first:
        message = f"the character {printable(character)} is not allowed"
        hint = "remove it: it is invisible or controls the terminal"
        problems.error(RuleId.CONTROL_CHARACTER, message, place, hint=hint)
    for _, place in islice(found, 1):
        message = f"{1 + sum(1 for _ in found):,} more such characters follow"
        problems.error(RuleId.CONTROL_CHARACTER, message, place)
    return bool(first)


def _report_syntax(
    error: yaml.YAMLError, lines: tuple[str, ...], path: str, problems: ProblemList
) -> None:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        problems.error(RuleId.YAML_SYNTAX, "this is not valid YAML", Place(path, 1, 1))
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
    """Keep a mark inside the text: the parser may point after the last line."""
    line = min(mark.line, len(lines) - 1)
    column = min(mark.column, len(lines[line])) if line == mark.line else len(lines[line])
    return Place(path, line + 1, column + 1)
