"""What a suggestion replaces in the text of a file, where that is certain."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, Problem

_END = r"(?=[ \t]|$|[,\]}]|:(?:[ \t]|$))"
_SAME_IN_QUOTES = r"(?a)(?!(?:true|false|null)$)[A-Za-z][\w./@+*?:-]*(?<!:)"
"""What means the same text with quotes and without."""


class Replacement(NamedTuple):
    """A part of one line, from its place up to the column `end`, and the text to put there."""

    place: Place
    end: int
    text: str


def replacement_of(problem: Problem, lines: Mapping[str, Sequence[str]]) -> Replacement | None:
    """Return what a problem's suggestion replaces; `lines` holds each file's, by its path.

    Quotes stay. Returns None where nothing is suggested, and where the word is not written as it is
    read: with escapes, over several lines, or behind an anchor.
    """
    if problem.suggested is None or not re.fullmatch(_SAME_IN_QUOTES, problem.suggested.meant):
        return None
    line, start = line_of(problem.place, lines), problem.place.column - 1
    written = re.escape(problem.suggested.written)
    found = re.compile(rf"([\"']?)({written})\1{_END}").match(line, start)
    if found is None:
        return None
    place = problem.place._replace(column=found.start(2) + 1)
    return Replacement(place, found.end(2) + 1, problem.suggested.meant)


def line_of(place: Place, lines: Mapping[str, Sequence[str]]) -> str:
    """Return the line of a place; an empty one where the file has no such line."""
    of_file = lines.get(place.path, ())
    return of_file[place.line - 1] if place.line <= len(of_file) else ""
