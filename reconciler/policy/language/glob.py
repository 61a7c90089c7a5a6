"""Matching with `*` and `?`, as IAM and this tool's patterns use them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

_RUNS = re.compile(r"\*{2,}")


def glob_matches(pattern: str, text: str) -> bool:
    """Tell whether the pattern matches the whole text; `*` crosses `/` and `:`, case counts.

    The text may itself be a pattern: then true means that everything it matches is matched by
    `pattern` too (a `?` stands for one character, so it never answers for a `*`). Takes time in
    O(len(pattern) x len(text)) at the worst, whatever the input.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return len(first) == len(text) and _stands_at(first, text, 0)
    *middle, last = rest
    end = len(text) - len(last)
    if end < len(first) or not (_stands_at(first, text, 0) and _stands_at(last, text, end)):
        return False
    position = len(first)
    # The leftmost place is the best for each part: it leaves the most room for those after it.
    for part in middle:
        position = _find(part, text, position, end)
        if position < 0:
            return False
        position += len(part)
    return True


def globs_intersect(left: str, right: str) -> bool:
    """Tell whether there is a text that both patterns match; a text is a pattern, too.

    Takes a pass over `left` with sets of places in `right`, held as the bits of one number.
    """
    other = _RUNS.sub("*", right)
    stars = sum(1 << place for place, char in enumerate(other) if char == "*")
    plain = ((1 << len(other)) - 1) & ~stars
    takes = {
        char: sum(1 << place for place, there in enumerate(other) if there in (char, "?"))
        for char in set(left) - {"*", "?"}
    }
    # Bit n: what was read of `left` can be what the first n characters of `right` match.
    reached = _past_star(1, stars)
    for char in left:
        if char == "*":
            reached = (2 << len(other)) - (reached & -reached) if reached else 0
        else:
            moved = (reached & takes.get(char, plain)) << 1
            reached = _past_star(moved | (reached & stars), stars)
    return bool(reached >> len(other))


def has_wildcard(text: str) -> bool:
    """Tell whether the text has a `*` or a `?`."""
    return "*" in text or "?" in text


def _past_star(places: int, stars: int) -> int:
    """Add the places behind stars: a star may stand for nothing."""
    return places | ((places & stars) << 1)


def _find(part: str, text: str, start: int, end: int) -> int:
    """Find a part without `*` in text[start:end]; -1 where it is not."""
    if "?" not in part:
        return text.find(part, start, end)
    if end - start < len(part):
        return -1
    by_char = _places(text)
    # Bit n: the part may stand at n.
    left = ((1 << (end - len(part) + 1)) - 1) >> start << start
    for offset, wanted in enumerate(part):
        if wanted == "?":
            left &= ~(by_char.get("*", 0) >> offset)
        else:
            left &= by_char.get(wanted, 0) >> offset
    return (left & -left).bit_length() - 1


@lru_cache(maxsize=4_096)
def _places(text: str) -> dict[str, int]:
    """Give the places of each character, as the bits of one number."""
    places: dict[str, int] = {}
    for place, char in enumerate(text):
        places[char] = places.get(char, 0) | 1 << place
    return places


def _stands_at(part: str, text: str, place: int) -> bool:
    if "?" not in part:
        return text.startswith(part, place)
    there = text[place : place + len(part)]
    return len(there) == len(part) and all(map(_one_matches, part, there))


def _one_matches(wanted: str, char: str) -> bool:
    return wanted == char or (wanted == "?" and char != "*")


_LENGTH = 3
_ANY = ""


class GlobIndex:
    """Patterns by a piece of literal text that each name they match holds.

    Of a pattern's pieces, the one that the fewest patterns have; a pattern without one of three
    characters may match any name.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Sort the patterns by their rarest piece."""
        written = {pattern: _pieces_of_pattern(pattern) for pattern in patterns}
        common = Counter(piece for pieces in written.values() for piece in pieces)
        self._by_piece: defaultdict[str, list[str]] = defaultdict(list)
        for pattern, pieces in written.items():
            rarest = min(pieces, key=lambda piece: (common[piece], piece), default=_ANY)
            self._by_piece[rarest].append(pattern)

    def count(self, name: str) -> int:
        """Count the patterns that a name is to be held against."""
        return sum(len(self._by_piece.get(piece, ())) for piece in _pieces(name) | {_ANY})

    def matching(self, name: str) -> frozenset[str]:
        """Give the patterns that match a name."""
        return frozenset(
            pattern
            for piece in _pieces(name) | {_ANY}
            for pattern in self._by_piece.get(piece, ())
            if glob_matches(pattern, name)
        )


def _pieces_of_pattern(pattern: str) -> set[str]:
    return set[str]().union(*map(_pieces, re.split(r"[*?]", pattern)))


def _pieces(text: str) -> set[str]:
    return {text[start : start + _LENGTH] for start in range(len(text) - _LENGTH + 1)}
