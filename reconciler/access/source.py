"""A file's bytes to a tree of nodes with places.

Scalars are read as they are written: `true`, `false`, `null`, `~` and plain decimal integers
are what they look like, everything else is text (`yes`, `on`, dates, `0x1F`, `1_000`).
"""

import re
from itertools import islice
from typing import NamedTuple

import yaml

from reconciler.access.nodes import Node
from reconciler.access.problems import Findings, Place
from reconciler.access.syntax import advise
from reconciler.access.tree import StopReadingError, TreeBuilder, find_forbidden
from reconciler.printable import printable

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_FORBIDDEN = 20
_LINE_BREAK = re.compile("\r?\n")


class Source(NamedTuple):
    """What was read: `root` is None where the text makes no tree."""

    root: Node | None
    lines: tuple[str, ...]


def read_source(content: bytes, path: str, findings: Findings) -> Source:
    """Read a file's bytes; never raises, whatever they are."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf_8(content, error.start, path, findings)
    lines = tuple(_LINE_BREAK.split(text))
    if _has_forbidden_characters(lines, path, findings):
        return Source(None, lines)
    builder = TreeBuilder(path, findings)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except StopReadingError:
        return Source(None, lines)
    except yaml.YAMLError as error:
        _report_syntax(error, lines, path, findings)
        return Source(None, lines)
    if builder.root is None:
        hint = "'reconcile init' writes a starter file"
        findings.error("empty-file", "the file is empty", Place(path, 1, 1), hint=hint)
    return Source(builder.root, lines)


def _not_utf_8(content: bytes, position: int, path: str, findings: Findings) -> Source:
    before = _LINE_BREAK.split(content[:position].decode("utf-8-sig", "replace"))
    place = Place(path, len(before), len(before[-1]) + 1)
    message = "the file is not UTF-8 text from here on"
    findings.error("not-utf-8", message, place, hint="save the file as UTF-8")
    return Source(None, tuple(_LINE_BREAK.split(content.decode("utf-8-sig", "replace"))))


def _has_forbidden_characters(lines: tuple[str, ...], path: str, findings: Findings) -> bool:
    found = (
        (match[0], Place(path, number, match.start() + 1))
        for number, line in enumerate(lines, start=1)
        for match in find_forbidden(line)
    )
    first = tuple(islice(found, _MOST_FORBIDDEN))
    for character, place in first:
        message = f"the character {printable(character)} is not taken"
        hint = "it is invisible, or steers a terminal: remove it"
        findings.error("control-character", message, place, hint=hint)
    for _, place in islice(found, 1):
        message = f"from here on, {1 + sum(1 for _ in found):,} more such characters follow"
        findings.error("control-character", message, place)
    return bool(first)


def _report_syntax(
    error: yaml.YAMLError, lines: tuple[str, ...], path: str, findings: Findings
) -> None:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        findings.error("yaml-syntax", "this is not YAML", Place(path, 1, 1))
        return
    place = _within(lines, error.problem_mark, path)
    advice = advise(error, lines[place.line - 1], place.column - 1)
    opened = error.context_mark if advice.opened else None
    findings.error(
        "yaml-syntax",
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
