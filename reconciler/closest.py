"""The known word that is closest to a misspelt one, and the hint that suggests it."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

from reconciler.printable import printable

_LONGEST = 60
_MOST_TYPOS = 4
_SHORT = 3


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is closest to a word, ignoring case; None where none is close."""
    return None if len(word) > _LONGEST else _closest(word.casefold(), tuple(sorted(choices)))


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return the hint that names the choice closest to a misspelt word; None if none is close."""
    close = closest(word, choices)
    return None if close is None else suggestion(close)


def suggestion(text: str) -> str:
    """Return the hint that suggests a text; the text is never cut, as it is to be copied."""
    return f"did you mean '{printable(text)}'?"


@lru_cache(maxsize=1024)
def _closest(word: str, choices: tuple[str, ...]) -> str | None:
    folded = {
        choice.casefold(): choice
        for choice in choices
        if abs(len(choice) - len(word)) <= _MOST_TYPOS
    }
    cutoff = 0.5 if len(word) < _SHORT else 0.6
    found = difflib.get_close_matches(word, folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None
