"""The known words that are closest to a misspelt one, and the hint that suggests them."""

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from reconciler.printable import printable

_LONGEST = 60
_MOST_TYPOS = 4
_SHORT = 3
MOST_SUGGESTED = 3
"""The most texts that a hint suggests."""

ALIKE = 0.6
"""The least similarity, from 0 to 1, of a word of three characters or more to a known one."""

_ABOUT_AS_CLOSE = 0.05
"""How much less similar than the closest word another one may be, to be suggested beside it."""

_TURNS_A_WORD = r"(?:anti|dis|im|in|non?|not|pre|un)[-_.]?"
"""What makes another thing of the word behind it, often its opposite: `disallow`, `nonprod`."""


def closest(word: str, choices: Iterable[str], *, cutoff: float = ALIKE) -> str | None:
    """Return the one choice that is closest to a word, ignoring case; `cutoff` as for `nearest`.

    Returns None where none is close, and where two are equally close.
    """
    folded = word.casefold()
    match nearest(word, choices, cutoff=cutoff):
        case (only,):
            return only
        case (first, second, *_) if _similarity(folded, first) > _similarity(folded, second):
            return first
        case _:
            return None


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return the hint that names the choice closest to a misspelt word; None if none is close."""
    close = closest(word, choices)
    return None if close is None else suggestion(close)


def suggestion(*texts: str) -> str:
    """Return the hint that suggests texts; none is ever cut, as it is to be copied."""
    *others, last = (f"'{printable(text)}'" for text in texts)
    return f"did you mean {' or '.join([', '.join(others), last] if others else [last])}?"


def nearest(word: str, choices: Iterable[str], *, cutoff: float = ALIKE) -> tuple[str, ...]:
    """Return the choices that are about as close to a word as the closest is, that one first.

    A word with a prefix such as `non` is not close to what stands behind it, nor the other way
    round. `cutoff` is the least similarity, from 0 to 1, of a word of three characters or more.
    """
    if len(word) > _LONGEST:
        return ()
    return _nearest(word.casefold(), tuple(sorted(choices)), cutoff)


def _similarity(word: str, choice: str) -> float:
    return difflib.SequenceMatcher(None, choice.casefold(), word).ratio()


@lru_cache(maxsize=1024)
def _nearest(word: str, choices: tuple[str, ...], cutoff: float) -> tuple[str, ...]:
    folded = {
        choice.casefold(): choice
        for choice in choices
        if abs(len(choice) - len(word)) <= _MOST_TYPOS
        and not _is_turned(word, choice.casefold())
        and not _is_turned(choice.casefold(), word)
    }
    least = 0.5 if len(word) < _SHORT else cutoff
    found = difflib.get_close_matches(word, folded, n=MOST_SUGGESTED, cutoff=least)
    alike = [_similarity(word, choice) for choice in found]
    return tuple(
        folded[choice]
        for choice, ratio in zip(found, alike, strict=True)
        if ratio >= alike[0] - _ABOUT_AS_CLOSE
    )


def _is_turned(word: str, other: str) -> bool:
    """Whether a word is another one behind a prefix that makes another thing of it."""
    at = word.find(other)
    return at > 0 and re.fullmatch(_TURNS_A_WORD, word[:at]) is not None
