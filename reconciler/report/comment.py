"""A comment: its first line, and its limited size.

What does not fit is left out in whole parts, and counted.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from reconciler.printable import number_of, some_of
from reconciler.report.markdown import markdown_row, markdown_table

USUAL_FILE = "ecr_access.yaml"
"""The access file that a marker does not name."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]|(?<=-)-")
"""What a marker has no place for: an HTML comment ends with its first `-->`."""

COMMENT_LIMIT = 65_000
"""Units of UTF-16 that a comment has at most.

GitHub refuses a comment with "Body is too long (maximum is 65536 characters)". What it counts is
not documented. Users measured 65,536 code points for the body of a pull request and 262,144 bytes
of UTF-8 for a comment (dead-claudia/github-limits#13). A text of this many units is below both: it
has no more code points, and at most three bytes for each. A job summary may have 1 MiB ("Workflow
commands for GitHub Actions", GitHub Docs).
"""

_NOTE_ROOM = 1_000
"""Units that the note on what is left out has at most."""

_FIRST_ROWS = 50
"""The rows of a table that are worth more than the changes; further ones are left out before."""


class Rank(IntEnum):
    """How much a part is worth: where a comment is too long, the last ranks go first."""

    REFUSAL = 0
    PROBLEM = 1
    RISK = 2
    FINDING = 3
    CHANGE = 4
    REST = 5


class Part(NamedTuple):
    """Markdown that is shown as a whole or not at all: a row, or a change with its table.

    It counts as `number` of what its section counts.
    """

    text: str
    rank: Rank
    number: int = 1


class Section(NamedTuple):
    """Parts under a head, which ends with the head of their table where they are rows.

    `nouns` are what the parts count, one and many.
    """

    head: str
    parts: Sequence[Part]
    nouns: tuple[str, str]


def marker(command: str, path: str) -> str:
    """Return the first line of a comment, by which a later run finds its own: an HTML comment.

    It names the file unless that has the usual name, as a comment is about one file.
    """
    name = _UNSAFE.sub(_in_percent, path)
    return f"<!-- reconcile:{command}{'' if path == USUAL_FILE else f' {name}'} -->"


def _in_percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def table(
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    rank: Rank,
    nouns: tuple[str, str],
) -> Section:
    """Return a section that is a table: its parts are the rows, whose cells are Markdown."""
    parts = [
        Part(markdown_row(row), rank if number < _FIRST_ROWS else Rank.REST)
        for number, row in enumerate(rows)
    ]
    return Section(f"\n### {title}\n\n{markdown_table(headings, ())}", parts, nouns)


def folded_json(document: Iterable[str]) -> Iterator[str]:
    """Yield JSON folded, in pieces. Its backticks are escaped, so that none can end the block."""
    yield "\n<details><summary>JSON</summary>\n\n```json\n"
    # Outside a string JSON has no backtick, and inside one its escape means the same.
    yield from (piece.replace("`", "\\u0060") for piece in document)
    yield "```\n\n</details>\n"


def size_of(text: str) -> int:
    """Return the number of units of UTF-16 that a text has; at least that of its code points."""
    return len(text.encode("utf-16-le")) // 2


def fit_comment(
    head: str,
    sections: Sequence[Section],
    document: Iterable[str],
    elsewhere: str,
    limit: int = COMMENT_LIMIT,
) -> str:
    """Return Markdown of at most `limit` units of UTF-16, unless `head` alone is longer.

    `document` is text in pieces for the end of the comment, read no further than there is room, and
    shown only where all parts are. Then parts are left out, those of the last rank first, and a
    note counts them and says where all is: `elsewhere`.
    """
    room = limit - size_of(head) - _NOTE_ROOM
    shown = _shown(sections, room)
    text = head + "".join(
        section.head + "".join(part.text for part in parts)
        for section, parts in zip(sections, shown, strict=True)
        if parts
    )
    cut = tuple(_cut(sections, shown))
    end = None if cut else _within(document, limit - size_of(text) - _NOTE_ROOM)
    if end is not None:
        return text + end
    return f"{text}\n*Left out here: {some_of(('the JSON', *cut))}. {elsewhere}*\n"


def _shown(sections: Sequence[Section], room: int) -> list[list[Part]]:
    """Return the parts of each section that are shown, in their order."""
    places = [(n, part) for n, section in enumerate(sections) for part in section.parts]
    taken: set[int] = set()
    begun: set[int] = set()
    for at in sorted(range(len(places)), key=lambda at: places[at][1].rank):
        number, part = places[at]
        needed = size_of(part.text)
        if number not in begun:
            needed += size_of(sections[number].head)
        if needed <= room:
            room -= needed
            taken.add(at)
            begun.add(number)
    shown: list[list[Part]] = [[] for _ in sections]
    for at in sorted(taken):
        number, part = places[at]
        shown[number].append(part)
    return shown


def _cut(sections: Sequence[Section], shown: Sequence[Sequence[Part]]) -> Iterable[str]:
    """Count what is left out: by what the sections count, and how much of it has risks."""
    left: Counter[tuple[str, str]] = Counter()
    risky: Counter[tuple[str, str]] = Counter()
    for section, parts in zip(sections, shown, strict=True):
        for part, times in (Counter(section.parts) - Counter(parts)).items():
            left[section.nouns] += part.number * times
            risky[section.nouns] += part.number * times * (part.rank is Rank.RISK)
    for nouns, number in left.items():
        with_risks = f" ({risky[nouns]:,} with risks)" if risky[nouns] else ""
        yield f"{number_of(number, *nouns)}{with_risks}"


def _within(pieces: Iterable[str], room: int) -> str | None:
    """Return the pieces as one text; None as soon as they are longer than `room`."""
    found: list[str] = []
    for piece in pieces:
        room -= size_of(piece)
        if room < 0:
            return None
        found.append(piece)
    return "".join(found)
