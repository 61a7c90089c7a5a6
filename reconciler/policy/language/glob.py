"""Matching with `*` and `?`, as IAM and this tool's patterns use them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

_RUNS = re.compile(r"\*{2,}")
_PIECE_LENGTH = 3
_NO_PIECE = ""
_MOST_STEPS = 5_000


def has_wildcard(text: str) -> bool:
    """Whether the text has a `*` or a `?`."""
    return "*" in text or "?" in text


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text; `*` crosses `/` and `:`, case counts.

    The text may itself be a pattern: then true means that `pattern` matches everything that the
    text matches (a `?` stands for one character, so it never matches a `*`). Takes time in
    O(len(pattern) x len(text)) at worst, whatever the input.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return len(first) == len(text) and _find(first, text, 0, len(text)) == 0
    *middle, last = rest
    end = len(text) - len(last)
    if (
        end < len(first)
        or _find(first, text, 0, len(first)) < 0
        or _find(last, text, end, len(text)) < 0
    ):
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
    """Whether there is a text that both patterns match; a text without wildcards is a pattern, too.

    Takes a pass over `left` with sets of places in `right`, held as the bits of one number.
    """
    other = _RUNS.sub("*", right)
    stars = _places(other, "*")
    plain = ((1 << len(other)) - 1) & ~stars
    takes = {char: _places(other, f"{char}?") for char in set(left) - {"*", "?"}}
    # Bit n: what was read of `left` can be what the first n characters of `right` match.
    reached = _past_star(1, stars)
    for char in left:
        if char == "*":
            reached = (2 << len(other)) - (reached & -reached) if reached else 0
        else:
            moved = (reached & takes.get(char, plain)) << 1
            reached = _past_star(moved | (reached & stars), stars)
    return bool(reached >> len(other))


def glob_includes(outer: str, inner: str) -> bool:
    """Whether `outer` matches every text that `inner` matches; `*?` and `?*` are the same.

    A `?` of `inner`, and what its `*` stand for, is read as a character that neither pattern names.
    Where `outer` matches that, it matches any other there. False, too, where it takes more than
    5,000 steps to find out.
    """
    wide = _RUNS.sub("*", outer)
    stars, unnamed = _places(wide, "*"), _places(wide, "?")
    takes = {char: _places(wide, f"{char}?") for char in set(inner) - {"*", "?"}}

    def read(reached: int, char: str) -> int:
        moved = (reached & takes.get(char, unnamed)) << 1
        return _past_star(moved | (reached & stars), stars)

    # A step: how much of `inner` is read, and the places in `outer` where it can be then.
    left = [(0, _past_star(1, stars))]
    seen = set(left)
    while left and len(seen) <= _MOST_STEPS:
        place, reached = left.pop()
        if place == len(inner):
            if not reached >> len(wide):
                return False
            continue
        char = inner[place]
        moved = read(reached, char)
        following = [(place, moved), (place + 1, reached)] if char == "*" else [(place + 1, moved)]
        left += (step for step in following if step not in seen)
        seen.update(following)
    return not left


def _places(pattern: str, characters: str) -> int:
    """Return the places at which a pattern has one of these characters, as bits."""
    return sum(1 << place for place, char in enumerate(pattern) if char in characters)


def _past_star(places: int, stars: int) -> int:
    """Add the places behind stars: a star may stand for nothing."""
    return places | ((places & stars) << 1)


def _find(part: str, text: str, start: int, end: int) -> int:
    """Return the first place of a part without `*` in text[start:end]; -1 where there is none."""
    if "?" not in part:
        return text.find(part, start, end)
    found = _compiled(part).search(text, start, end)
    return found.start() if found else -1


@lru_cache(maxsize=1_024)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile("[^*]".join(map(re.escape, part.split("?"))))


class GlobIndex:
    """An index of patterns by a piece of literal text that every name they match contains.

    Each pattern is stored under its rarest piece; a pattern without one of three characters is a
    candidate for every name. What matches a name is found once.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Sort the patterns by their rarest piece."""
        written = {p: set[str]().union(*map(_pieces, re.split(r"[*?]", p))) for p in patterns}
        common = Counter(piece for pieces in written.values() for piece in pieces)
        self._by_piece: defaultdict[str, list[str]] = defaultdict(list)
        self._known: dict[str, frozenset[str]] = {}
        for pattern, pieces in written.items():
            rarest = min(pieces, key=lambda piece: (common[piece], piece), default=_NO_PIECE)
            self._by_piece[rarest].append(pattern)

    def count(self, name: str) -> int:
        """Return the number of candidates: the patterns that a name has to be matched against."""
        return len(self._candidates(name))

    def matching(self, name: str) -> frozenset[str]:
        """Return the patterns that match a name."""
        if name not in self._known:
            found = self._candidates(name)
            self._known[name] = frozenset(p for p in found if glob_matches(p, name))
        return self._known[name]

    def _candidates(self, name: str) -> list[str]:
        if not self._by_piece:
            return []
        pieces = _pieces(name) | {_NO_PIECE}
        return [pattern for piece in pieces for pattern in self._by_piece.get(piece, ())]


def _pieces(text: str) -> set[str]:
    return {text[at : at + _PIECE_LENGTH] for at in range(len(text) - _PIECE_LENGTH + 1)}
