"""Reads the bytes of a file into a tree of nodes with places.

Scalars are read as they are written: `true`, `false`, `null`, `~` and plain decimal integers
have their YAML meaning; everything else is text (`yes`, `on`, dates, `0x1F`, `1_000`).
"""

import re
from itertools import islice
from typing import NamedTuple

import yaml

from reconciler.access_file.document.problems import Place, ProblemList
from reconciler.access_file.document.tree import (
    QUOTE_STAR,
    Node,
    StopReadingError,
    TreeBuilder,
    find_forbidden,
)
from reconciler.model.rules import RuleId
from reconciler.printable import printable

_INVALID = "this is not valid YAML"
_QUOTE = "quote the value"
_BY_CONTEXT: tuple[tuple[str, str, str | None], ...] = (
    ("alias", "* starts an alias, but no name follows", QUOTE_STAR),
    ("anchor", "& starts an anchor, but no name follows", _QUOTE),
    ("quoted scalar", "this quote is not closed, or has an unknown escape", None),
    (
        "block",
        "this line does not fit the lines above",
        "check the lines above for wrong indentation, or an unclosed quote or bracket",
    ),
    ("simple key", "a key without ':'", "write KEY: VALUE"),
    ("tag", "! starts a tag, but no valid tag follows", _QUOTE),
    ("directive", "% at the start of a line begins a directive", _QUOTE),
)
"""A word in what the parser was reading, with the message and the hint for an error there."""

_CONSTRUCTS = ("quoted scalar", "block")
"""What spans several lines: the place where it starts is shown, too."""

_CLOSING = {"[": "]", "{": "}"}
_NO_MAPPING_HINT = (
    "quote a value that contains ': ', or check the lines above for a missing ':' or wrong"
    " indentation"
)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_FORBIDDEN = 20
BEGIN_OF_MAIN_FILE = "`version`, `registry` and `repositories`"
BEGIN_OF_INCLUDED_FILE = "`repositories`"
_LINE_BREAK = re.compile("\r?\n")


class Source(NamedTuple):
    """The text of a file: `root` is None where the text is not one YAML tree."""

    root: Node | None
    lines: tuple[str, ...]


def read_source(
    content: bytes, path: str, problems: ProblemList, begin: str = BEGIN_OF_MAIN_FILE
) -> Source:
    """Read the bytes of a file. Never raises, whatever they are.

    `begin` are the sections that a file begins with, for the hint where it is empty.
    """
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
        _report_syntax(error, builder.opened, lines, path, problems)
        return Source(None, lines)
    if builder.root is None:
        place, hint = Place(path, 1, 1), f"start with {begin}"
        problems.error(RuleId.EMPTY_FILE, "the file is empty", place, hint)
    return Source(builder.root, lines)


def _not_utf_8(content: bytes, position: int, path: str, problems: ProblemList) -> Source:
    before = _LINE_BREAK.split(content[:position].decode("utf-8-sig", "replace"))
    place = Place(path, len(before), len(before[-1]) + 1)
    message = "the file is not valid UTF-8 from here on"
    problems.error(RuleId.NOT_UTF_8, message, place, "save the file as UTF-8")
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
        problems.error(RuleId.CONTROL_CHARACTER, message, place, hint)
    for _, place in islice(found, 1):
        message = f"{1 + sum(1 for _ in found):,} more such characters follow"
        problems.error(RuleId.CONTROL_CHARACTER, message, place)
    return bool(first)


def _report_syntax(
    error: yaml.YAMLError,
    opened: tuple[Place, ...],
    lines: tuple[str, ...],
    path: str,
    problems: ProblemList,
) -> None:
    """Report an error of the parser; `opened` are the mappings and lists that it is in."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        problems.error(RuleId.YAML_SYNTAX, _INVALID, Place(path, 1, 1))
        return
    place, context = _within(lines, error.problem_mark, path), str(error.context or "")
    bracket = next((one for one in reversed(opened) if _at(one, lines) in _CLOSING), None)
    if "flow" in context and bracket:
        _report_bracket(bracket, place, lines, problems)
        return
    message, hint, start = _advise(error, lines[place.line - 1], place.column - 1)
    other = _within(lines, start, path) if start else None
    if "quoted scalar" in context and other and _is_end(place, lines):
        message, place, other = "this quote is not closed", other, None
    problems.error(RuleId.YAML_SYNTAX, message, place, hint, other=other)


def _report_bracket(
    bracket: Place, place: Place, lines: tuple[str, ...], problems: ProblemList
) -> None:
    """Report the bracket that is open at the place of an error: itself, where the file ends."""
    opening = _at(bracket, lines)
    closing = _CLOSING[opening]
    if _is_end(place, lines):
        message, hint = f"this {opening} is not closed", f"write the {closing} that closes it"
        problems.error(RuleId.YAML_SYNTAX, message, bracket, hint)
        return
    message = f"the {opening} at {bracket} is not closed, or a comma is missing"
    hint = f"write the comma or the {closing}, or quote a value that starts with {{ or ["
    problems.error(RuleId.YAML_SYNTAX, message, place, hint, other=bracket)


def _at(place: Place, lines: tuple[str, ...]) -> str:
    """Return the character at a place; an empty text behind the end of a line."""
    return lines[place.line - 1][place.column - 1 : place.column]


def _is_end(place: Place, lines: tuple[str, ...]) -> bool:
    """Whether only blanks follow a place."""
    return not lines[place.line - 1][place.column - 1 :].strip() and not any(
        line.strip() for line in lines[place.line :]
    )


def _advise(
    error: yaml.MarkedYAMLError, line: str, column: int
) -> tuple[str, str | None, yaml.Mark | None]:
    """Return the message and hint for a parser's error, and the start of what it is in.

    `line` is the one that the error points to, `column` counts from 0.
    """
    problem, context = str(error.problem or ""), str(error.context or "")
    if "\t" in line[: len(line) - len(line.lstrip())] or line[column : column + 1] == "\t":
        return "tab used for indentation", "indent with spaces only", None
    if "mapping values are not allowed" in problem:
        return "':' where no mapping can start", _NO_MAPPING_HINT, None
    if "cannot start any token" in problem:
        return "this character cannot start a value", _QUOTE, None
    for word, message, hint in _BY_CONTEXT:
        if word in context:
            return message, hint, error.context_mark if word in _CONSTRUCTS else None
    return _INVALID, None, None


def _within(lines: tuple[str, ...], mark: yaml.Mark, path: str) -> Place:
    """Keep a mark inside the text: the parser may point after the last line."""
    line = min(mark.line, len(lines) - 1)
    column = min(mark.column, len(lines[line])) if line == mark.line else len(lines[line])
    return Place(path, line + 1, column + 1)
