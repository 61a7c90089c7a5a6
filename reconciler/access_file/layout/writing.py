"""The canonical text of a file: two-space indent, one line where it fits, comments in columns."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.access_file.layout.arranging import Style, key_of, style_of
from reconciler.access_file.layout.written import Collection, Item, Scalar

WIDTH = 100
"""The longest line in characters that holds several values; its comment may go beyond."""

_INDENT = 2
_GAP = 2
"""The least number of spaces between a line and the comment beside it."""

_MOST_APART = 30
"""How many characters the ends of lines are apart at most for their comments to be aligned."""

_SAFE_IN_BRACKETS = re.compile(r"[\w./@+=-][\w./@+=*:-]*(?<!:)|\*\w+")
"""Plain scalars that brackets around them cannot change, and aliases."""


class _Line(NamedTuple):
    """A line without the comment beside it, and the lines of that comment."""

    text: str
    beside: Sequence[str] = ()


def write_canonical(header: Sequence[str], root: Collection) -> str:
    """Return the text of a file; `header` has the lines above its first section."""
    lines = [_Line(text) for text in _without_double_blanks(header)]
    lines += [
        line for item in root.items for line in _section(item, is_first=item is root.items[0])
    ]
    tail = [_Line(text) for text in _without_double_blanks(root.tail)]
    return "".join(f"{line}\n" for line in _with_comments([*lines, *tail])).lstrip("\n")


def _section(item: Item, *, is_first: bool) -> Iterator[_Line]:
    """Yield the lines of a section, with one blank line above it."""
    if not is_first:
        yield _Line("")
    above = _without_double_blanks(item.above)
    yield from map(_Line, above[1:] if above[:1] == [""] else above)
    yield from _item_lines(item, 0, ())


def _block_lines(block: Collection, indent: int, path: tuple[str, ...]) -> Iterator[_Line]:
    for number, item in enumerate(block.items):
        above = _without_double_blanks(item.above)
        for text in above[1:] if number == 0 and above[:1] == [""] else above:
            yield _Line(text and " " * indent + text)
        yield from _item_lines(item, indent, path)
    for text in _without_double_blanks(block.tail):
        yield _Line(text and " " * indent + text)


def _item_lines(item: Item, indent: int, path: tuple[str, ...]) -> Iterator[_Line]:
    """Yield the lines of a pair or an element, without those above it."""
    path = (*path, key_of(item))
    head = " " * indent + (f"{_scalar(item.key)}:" if item.key else "-")
    value = item.value
    flat = _flat(value, path, is_in_brackets=False)
    line = f"{head} {flat}" if flat else head
    if flat is not None and (isinstance(value, Scalar) or not value.items or len(line) <= WIDTH):
        yield _Line(line, item.beside)
    elif isinstance(value, Scalar):
        yield from _long_scalar(head, value, indent + _INDENT, item.beside)
    else:
        nested = list(_block_lines(value, indent + _INDENT, path))
        joins = item.key is None and not item.beside and not value.properties
        if joins and not any(value.items[0].above):
            nested[0] = nested[0]._replace(text=f"{head} {nested[0].text.lstrip()}")
        else:
            yield _Line(f"{head} {value.properties}".rstrip(), item.beside)
        yield from nested


def _long_scalar(head: str, value: Scalar, indent: int, beside: Sequence[str]) -> Iterator[_Line]:
    """Yield a scalar of several lines, which it keeps."""
    first, *rest = value.text.split("\n")
    start = f"{head} {value.properties}".rstrip()
    if value.is_block:
        header = re.sub(r"[0-9]", str(_INDENT), first.partition(" #")[0].rstrip())
        yield _Line(f"{start} {header}", beside)
        yield from map(_Line, _moved(rest, indent))
        return
    *between, last = [" " * indent + line.strip() if line.strip() else "" for line in rest]
    yield from map(_Line, (f"{start} {first}", *between))
    yield _Line(last, beside)


def _moved(lines: Sequence[str], indent: int) -> Iterator[str]:
    """Yield the lines of a block scalar, with the first at this column."""
    columns = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    for line in lines:
        yield " " * indent + line[columns[0] :] if line.strip() else ""


def _flat(value: Scalar | Collection, path: tuple[str, ...], *, is_in_brackets: bool) -> str | None:
    """Return a value on one line; None where it has to be written on several."""
    if isinstance(value, Scalar):
        if "\n" in value.text or value.is_block:
            return None
        text = _scalar(value)
        is_plain = text[:1] not in ('"', "'") and not _SAFE_IN_BRACKETS.fullmatch(value.text)
        return None if is_in_brackets and is_plain else text
    style = style_of(value, path)
    if value.items and (style is Style.BLOCK or (style is Style.AS_WRITTEN and not value.is_flow)):
        return None
    # Brackets that the author wrote have shown that they change nothing.
    is_in_brackets = not value.is_flow
    parts = [_flat_item(item, path, is_in_brackets=is_in_brackets) for item in value.items]
    if any(value.tail) or None in parts:
        return None
    inner = ", ".join(filter(None, parts))
    text = f"{{{inner}}}" if value.is_mapping else f"[{inner}]"
    return f"{value.properties} {text}".lstrip()


def _flat_item(item: Item, path: tuple[str, ...], *, is_in_brackets: bool) -> str | None:
    if any(item.above) or item.beside:
        return None
    flat = _flat(item.value, (*path, key_of(item)), is_in_brackets=is_in_brackets)
    if not flat:
        return None  # an empty value can't stand before a comma
    if item.key is None:
        return flat
    key = _flat(item.key, (), is_in_brackets=is_in_brackets)
    return None if key is None else f"{key}: {flat}".rstrip()


def _scalar(value: Scalar) -> str:
    """Return a scalar of one line; in double quotes where it is in single ones, if that is easy."""
    text = value.text
    if text.startswith("'") and not set('\\"\n') & set(text):
        text = '"{}"'.format(text[1:-1].replace("''", "'"))
    return f"{value.properties} {text}".strip()


def _without_double_blanks(lines: Sequence[str]) -> list[str]:
    before = [None, *lines]
    return [line for line, above in zip(lines, before, strict=False) if line or above != ""]


def _with_comments(lines: Sequence[_Line]) -> Iterator[str]:
    """Yield lines with the comments beside them; those of adjacent lines start in one column.

    A line that is much longer or shorter than the ones above begins a new column.
    """
    run: list[_Line] = []
    for line in lines:
        ends = [len(line.text), *(len(one.text) for one in run)]
        if run and not (line.beside and max(ends) - min(ends) <= _MOST_APART):
            yield from _aligned(run)
            run = []
        if line.beside:
            run.append(line)
        else:
            yield line.text
    yield from _aligned(run)


def _aligned(run: Sequence[_Line]) -> Iterator[str]:
    column = max((len(line.text) for line in run), default=0) + _GAP
    for line in run:
        first, *rest = line.beside
        yield f"{line.text.ljust(column)}{first}"
        yield from (" " * column + text for text in rest)
