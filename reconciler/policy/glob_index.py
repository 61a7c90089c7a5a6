"""Many patterns against many names: each name is held only against patterns that can match it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from reconciler.policy.glob import glob_matches

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
