"""What a misspelt word was most likely meant as."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

_LONGEST = 60
_MOST_TYPOS = 4
_SHORT = 3


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Give the choice that is closest to a word, whatever its case; None where none is close."""
    return None if len(word) > _LONGEST else _closest(word.casefold(), tuple(sorted(choices)))


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
