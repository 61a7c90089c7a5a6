"""A file as it is written: its items, the source text of its scalars, and each comment at its item.

PyYAML's tokens and events have no comments, but their marks say what is between two tokens: blanks
and comments, and nothing else. A comment belongs to an item by its line and its column.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_FOR_EDITORS = "# yaml-language-server:"

_OUT = re.compile(r"#+ *- ")
"""How a comment begins that was an item of a list."""


class DirectiveError(Exception):
    """The file has a YAML directive, which a canonical file has no place for."""


class Comment(NamedTuple):
    """A comment with its `#`; `start` is its index in the file, `line` and `column` count from 0.

    `is_beside`: something precedes it on its line.
    """

    text: str
    start: int
    line: int
    column: int
    is_beside: bool


class Scalar(NamedTuple):
    """A scalar or an alias; `text` is its source text, with quotes, without anchor and tag.

    `properties` are its anchor and tag. `start` and `end` are indexes in the file.
    """

    text: str
    properties: str
    start: int
    end: int

    @property
    def is_block(self) -> bool:
        """Whether it is a literal or folded block, whose first line is a header."""
        return self.text.startswith(("|", ">"))


@dataclass(slots=True)
class Collection:
    """A list or mapping with its items; `column` is that of the items.

    `tail` has the lines of comments behind the last item: a comment, or "" for a blank line.
    """

    is_mapping: bool
    is_flow: bool
    properties: str
    start: int
    column: int = 0
    end: int = 0
    items: list["Item"] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A pair of a mapping, or an element of a list, whose `key` is None.

    `above` has the lines above it: comments, and "" for a blank line. `beside` has the comment at
    the end of its line, and those that continue it on the lines below.
    """

    key: Scalar | None
    value: "Scalar | Collection"
    start: int
    line: int
    column: int
    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


class Written(NamedTuple):
    """A file: its root, and its comments in the order of the text.

    `header` has the lines above the first section that are about the file: they are as those of
    `Item.above`, and not there.
    """

    header: tuple[str, ...]
    root: Collection
    comments: tuple[Comment, ...]


def read_written(text: str) -> Written:
    """Read a valid file, with line feeds as line ends. Raises DirectiveError."""
    tokens = _scan(text)
    root = _tree(text, tokens)
    lines = text.split("\n")
    _attach(root, tokens.comments, lines)
    _mark_blank_lines(root, lines)
    return Written(_taken_header(root.items[0].above), root, tokens.comments)


def _taken_header(above: list[str]) -> tuple[str, ...]:
    """Take the lines about the file out of those above its first section.

    They end at a blank line, or they are the one line that editors read.
    """
    if "" in above:
        end = len(above) - above[::-1].index("")
    else:
        end = int(bool(above) and above[0].startswith(_FOR_EDITORS))
    header = tuple(above[:end])
    del above[:end]
    return header


class _Start(NamedTuple):
    """Where something starts, with the line and the column, which count from 0."""

    position: int
    line: int
    column: int


class _Tokens(NamedTuple):
    """What events do not say: where each scalar starts, by its end; dashes of lists; comments."""

    scalars: dict[int, int]
    dashes: list[_Start]
    comments: tuple[Comment, ...]


def _scan(text: str) -> _Tokens:
    starts: dict[int, int] = {}
    dashes: list[_Start] = []
    comments: list[Comment] = []
    end = line = column = 0
    is_beside = False
    for token in yaml.scan(text, Loader=_LOADER):
        if isinstance(token, yaml.DirectiveToken):
            raise DirectiveError
        between = text[end : token.start_mark.index]
        if "#" in between:
            comments += _comments_in(between, end, line, column, is_beside=is_beside)
        if isinstance(token, yaml.BlockEntryToken):
            mark = token.start_mark
            dashes.append(_Start(mark.index, mark.line, mark.column))
        elif isinstance(token, yaml.ScalarToken):
            starts[token.end_mark.index] = token.start_mark.index
            if token.style in ("|", ">"):
                comments += _header_comment(text, token.start_mark)
        if token.end_mark.index > end:
            end, line, column = token.end_mark.index, token.end_mark.line, token.end_mark.column
            is_beside = not isinstance(token, yaml.DocumentStartToken | yaml.DocumentEndToken)
    return _Tokens(starts, dashes, tuple(comments))


def _comments_in(
    between: str, index: int, line: int, column: int, *, is_beside: bool
) -> Iterator[Comment]:
    """Yield the comments between two tokens; the text begins at this place."""
    for number, part in enumerate(between.split("\n")):
        at = part.find("#")
        if at >= 0:
            where = at if number else column + at
            beside = is_beside and not number and column > 0
            yield Comment(part[at:].rstrip(), index + at, line + number, where, beside)
        index += len(part) + 1


def _header_comment(text: str, mark: yaml.Mark) -> Iterator[Comment]:
    """Yield the comment on the first line of a block scalar, which is a part of its token."""
    header = text[mark.index :].partition("\n")[0]
    at = header.find("#")
    if at >= 0:
        comment = header[at:].rstrip()
        yield Comment(comment, mark.index + at, mark.line, mark.column + at, is_beside=True)


def _tree(text: str, tokens: _Tokens) -> Collection:
    """Return the root of a valid file, which is a mapping."""
    stack: list[Collection] = [Collection(is_mapping=False, is_flow=True, properties="", start=0)]
    keys: list[Scalar | None] = [None]
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            keys.pop()
            done.end = _end(event) if done.is_flow else _end_of(done)
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event, text, tokens.scalars)
        top, key = stack[-1], keys[-1]
        if isinstance(node, Scalar) and top.is_mapping and key is None:
            keys[-1] = node
            _open_item(top, node, node, _start(event))
            continue
        if key is not None:
            top.items[-1].value = node
        else:
            _open_item(top, None, node, _element_start(event, top, tokens.dashes))
        keys[-1] = None
        if isinstance(node, Collection):
            stack.append(node)
            keys.append(None)
    root = stack[0].items[0].value
    return root if isinstance(root, Collection) else stack[0]


def _open_item(
    parent: Collection, key: Scalar | None, value: Scalar | Collection, start: _Start
) -> None:
    if not parent.items:
        parent.column = start.column
    parent.items.append(Item(key, value, *start))


def _element_start(event: yaml.Event, parent: Collection, dashes: list[_Start]) -> _Start:
    """Return where an element of a list starts: at its dash, if it has one."""
    start = _start(event)
    if parent.is_flow or not dashes:
        return start
    return dashes[bisect_left(dashes, start) - 1]


def _start(event: yaml.Event) -> _Start:
    mark = event.start_mark
    return _Start(mark.index, mark.line, mark.column) if mark else _Start(0, 0, 0)


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0  # the parser marks every event


def _node(event: yaml.NodeEvent, text: str, starts: dict[int, int]) -> Scalar | Collection:
    start, end = _start(event).position, _end(event)
    anchor = f"&{event.anchor}" if event.anchor else ""
    match event:
        case yaml.AliasEvent():
            return Scalar(f"*{event.anchor}", "", start, end)
        case yaml.ScalarEvent():
            is_empty = not event.value and not (event.style and event.style in "'\"|>")
            tag = "!!str" if event.tag else ""
            source = "" if is_empty else text[starts[end] : end].rstrip()
            return Scalar(source, " ".join(filter(None, (anchor, tag))), start, end)
        case _:
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            is_flow = bool(getattr(event, "flow_style", False))
            return Collection(is_mapping, is_flow, anchor, start)


def _end_of(block: Collection) -> int:
    """Return where the last token of a block ends."""
    return block.items[-1].value.end if block.items else block.start


def _attach(root: Collection, comments: Iterable[Comment], lines: list[str]) -> None:
    """Put each comment into the list of its item."""
    beside: list[str] | None = None
    before: Comment | None = None
    column: int | None = None
    for comment in comments:
        if comment.is_beside:
            beside, column = _place(root, comment), None
            beside.append(comment.text)
        elif beside is not None and before is not None and _continues(comment, before, lines):
            beside.append(comment.text)
        else:
            beside = None
            # A comment further out ends the blocks that are further in, for the next ones, too.
            is_first = column is None or (before and _has_content(before, comment, lines))
            column = comment.column if is_first or column is None else min(column, comment.column)
            place = _place(root, comment._replace(column=column))
            place += ["", comment.text] if _is_blank(lines, comment.line - 1) else [comment.text]
        before = comment


def _continues(comment: Comment, before: Comment, lines: list[str]) -> bool:
    """Whether a comment continues the one at the end of the line above, in the same column."""
    is_aligned = (comment.line, comment.column) == (before.line + 1, before.column)
    return is_aligned and not _is_column_of_next(comment, lines)


def _is_column_of_next(comment: Comment, lines: list[str]) -> bool:
    """Whether the next line with content starts where a comment does."""
    for line in lines[comment.line + 1 :]:
        content = line.lstrip()
        if content and not content.startswith("#"):
            return len(line) - len(content) == comment.column
    return False


def _has_content(before: Comment, comment: Comment, lines: list[str]) -> bool:
    """Whether there is more than blank lines between two comments."""
    return any(line.strip() for line in lines[before.line + 1 : comment.line])


def _place(block: Collection, comment: Comment) -> list[str]:
    """Return the list that a comment belongs to, in a collection or further in."""
    number = bisect_right(block.items, comment.start, key=lambda item: item.start) - 1
    if number < 0:
        return block.items[0].above if block.items else block.tail
    item = block.items[number]
    if comment.is_beside and _is_beside_head(item, comment):
        return item.beside
    value = item.value
    if isinstance(value, Collection) and value.items and _is_inside(value, comment, block.column):
        return _place(value, comment)
    if comment.is_beside:
        return item.beside
    if comment.start < value.start:
        return item.above
    return block.items[number + 1].above if number + 1 < len(block.items) else block.tail


def _is_beside_head(item: Item, comment: Comment) -> bool:
    """Whether a comment stands between the start of an item and what is inside its value."""
    value = item.value
    if isinstance(value, Scalar) or not value.items:
        return True
    return comment.start < (value.start if value.is_flow else value.items[0].start)


def _is_inside(value: Collection, comment: Comment, outer: int) -> bool:
    """Whether a comment belongs into a value with items; `outer` is the column around it.

    Behind the value, the column of a comment says whether it still belongs to it.
    """
    if value.is_flow:
        return value.start <= comment.start < value.end
    if comment.is_beside or comment.start < value.end:
        return True
    if comment.column < value.column:
        return False
    # A list may start in the column of its key, and so may an item that is commented out.
    is_item = not value.is_mapping and _OUT.match(comment.text) is not None
    return comment.column > outer or is_item


def _mark_blank_lines(block: Collection, lines: list[str]) -> None:
    """Add a blank line above each item that has one, after its comments."""
    for item in block.items:
        is_first = not lines[item.line][: item.column].strip(" -\t?")
        if is_first and _is_blank(lines, item.line - 1):
            item.above.append("")
        if isinstance(item.value, Collection):
            _mark_blank_lines(item.value, lines)


def _is_blank(lines: list[str], line: int) -> bool:
    return line >= 0 and not lines[line].strip()
