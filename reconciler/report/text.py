"""Text for people: lines of spans, rendered and coloured, then fitted to where they are shown."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from reconciler.printable import printable

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

_COLOUR = r"\x1b\[[0-9;]*m"
_GLUE = "\u00a0"
"""A space at which no line is wrapped; in text from outside it is escaped."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_UNIT = rf"(?:{_QUOTED}|[^ ])+(?: +(?:[-+~!*|](?![^ ])|::[^ ]*))*"
"""A word or a quoted text, with what must not begin a line: there it would read as one of our
marks, or as a CI command."""

_LEAST_GAP = 3
_GAP = rf"{_QUOTED}|(?<=[^ ])( {{{_LEAST_GAP},}})(?! |[-+~!*|](?![^ ])|::)"
"""The space between two of our columns; quoted text may hold anything."""

_HEAD = r"( *\| )|( *)(?:[-+~!*] +)?"
_HANG = 2
_FIRST_COLUMN = 12
"""A first column narrower than this is a mark, and the text after it stays on its line."""

_WIDEST = 72

_PLAIN = {"→": "->", "…": "..."}
_NOT_ASCII = rf"[^\x00-\x7f{_GLUE}]"


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


def column_width(texts: Iterable[str]) -> int:
    """Return the width of a column of texts.

    Those that are wider than `_WIDEST` exceed it, so that one of them does not move all others.
    """
    return max((width for width in map(shown_width, texts) if width <= _WIDEST), default=0)


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
    shown = text.rstrip(" ")
    return paint(span.role, shown) + text[len(shown) :] if span.role and shown else text


class Page(NamedTuple):
    """Where text is shown: its width in columns, None for any, and its encoding."""

    width: int | None = None
    encoding: str = "utf-8"


ANY_PAGE = Page()


def unbroken(text: str) -> str:
    """Keep a text, such as a command to copy, from being wrapped by `fitted`."""
    return text.replace(" ", _GLUE)


def fitted(text: str, page: Page) -> str:
    """Wrap text at words to the page's width, with a hanging indent, and fit it to its encoding.

    A word that is wider than the page stays whole.
    """
    text, width = spelled(text, page), page.width
    if width is not None:
        text = "\n".join(part for line in text.split("\n") for part in _wrapped(line, width))
    return text.replace(_GLUE, " ")


def spelled(text: str, page: Page) -> str:
    """Replace or escape the characters that the encoding lacks."""
    if text.isascii():
        return text
    return re.sub(_NOT_ASCII, lambda found: _spelled(found[0], page.encoding), text)


def columns(text: str) -> int:
    """Count the columns that text takes on a terminal; colour takes none."""
    text = re.sub(_COLOUR, "", text)
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _spelled(char: str, encoding: str) -> str:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return _PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode()
    return char


def _wrapped(line: str, width: int) -> Iterator[str]:
    over = columns(line) - width
    if over <= 0:
        yield line
        return
    # Colour that comes first would hide the indent.
    bare = re.sub(_COLOUR, "", line)
    head = re.match(_HEAD, bare)
    hang = (head and head[1]) or " " * min(len(head[0] if head else "") + _HANG, width // 2)
    first, *others = _cells(line)
    narrow = _narrowed([first, *others], over)
    if columns(narrow) <= width:
        yield narrow
    elif not others or columns(first.text) < _FIRST_COLUMN:
        yield from _filled(narrow, "", hang, width)
    else:
        rest = _narrowed(others, over)
        is_one = columns(hang + rest) <= width
        yield from _filled(first.text, "", hang, width)
        for text in [rest] if is_one else [cell.text for cell in others]:
            yield from _filled(text, hang, hang, width)


class _Cell(NamedTuple):
    """What a line has in one of our columns, and the space after it."""

    text: str
    gap: int


def _cells(line: str) -> list[_Cell]:
    gaps = [found for found in re.finditer(_GAP, line) if found[1]]
    starts = (0, *(gap.end() for gap in gaps))
    cells = [
        _Cell(line[start : gap.start()], len(gap[1]))
        for start, gap in zip(starts, gaps, strict=False)
    ]
    return [*cells, _Cell(line[starts[-1] :], 0)]


def _narrowed(cells: Iterable[_Cell], over: int) -> str:
    """Return cells as a line that is narrower, if it can be: the last columns come closer first."""
    line = ""
    for cell in reversed(list(cells)):
        less = min(over, max(cell.gap - _LEAST_GAP, 0))
        line = f"{cell.text}{' ' * (cell.gap - less)}{line}"
        over -= less
    return line


def _filled(text: str, start: str, hang: str, width: int) -> Iterator[str]:
    """Fill lines with words, as they are spaced; the first one continues `start`."""
    line, end, taken = start, 0, columns(start)
    for unit in re.finditer(_UNIT, text):
        space, needed = text[end : unit.start()], columns(unit[0])
        if taken + len(space) + needed > width and line.strip():
            yield line
            line, taken = hang + unit[0], len(hang) + needed
        else:
            line, taken = line + space + unit[0], taken + len(space) + needed
        end = unit.end()
    yield line + text[end:]
