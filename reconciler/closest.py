"""The known words that are closest to a misspelt one, and the hint that suggests them."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

from reconciler.printable import printable

_LONGEST = 60
_MOST_TYPOS = 4
_SHORT = 3
MOST_SUGGESTED = 3
"""The most texts that a hint suggests."""

_ABOUT_AS_CLOSE = 0.05
"""How much less similar than the closest word another one may be, to be suggested beside it."""


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is closest to a word, ignoring case; None where none is close."""
    return None if len(word) > _LONGEST else _closest(word.casefold(), tuple(sorted(choices)))


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return the hint that names the choice closest to a misspelt word; None if none is close."""
    close = closest(word, choices)
    return None if close is None else suggestion(close)


def suggestion(*texts: str) -> str:
    """Return the hint that suggests texts; none is ever cut, as it is to be copied."""
    *others, last = (f"'{printable(text)}'" for text in texts)
    return f"did you mean {' or '.join([', '.join(others), last] if others else [last])}?"


def nearest(word: str, choices: Iterable[str], *, cutoff: float = 0.6) -> tuple[str, ...]:
    """Return the choices that are about as close to a word as the closest is, that one first.

    `cutoff` is the least similarity, from 0 to 1, of a word of three characters or more.
    """
    if len(word) > _LONGEST:
        return ()
    return _nearest(word.casefold(), tuple(sorted(choices)), MOST_SUGGESTED, cutoff)


def _closest(word: str, choices: tuple[str, ...]) -> str | None:
    return next(iter(_nearest(word, choices, 1, 0.6)), None)


@lru_cache(maxsize=1024)
def _nearest(word: str, choices: tuple[str, ...], most: int, cutoff: float) -> tuple[str, ...]:
    folded = {
        choice.casefold(): choice
        for choice in choices
        if abs(len(choice) - len(word)) <= _MOST_TYPOS
    }
    least = 0.5 if len(word) < _SHORT else cutoff
    found = difflib.get_close_matches(word, folded, n=most, cutoff=least)
    alike = [difflib.SequenceMatcher(None, choice, word).ratio() for choice in found]
    return tuple(
        folded[choice]
        for choice, ratio in zip(found, alike, strict=True)
        if ratio >= alike[0] - _ABOUT_AS_CLOSE
    )
