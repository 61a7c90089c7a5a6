"""The exit codes, one table for all commands."""

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    DIFFERS = 4
    REFUSED = 5
    PARTLY_APPLIED = 6


_FIRST = (
    Exit.USAGE,
    Exit.INVALID,
    Exit.REFUSED,
    Exit.PARTLY_APPLIED,
    Exit.FAILED,
    Exit.DIFFERS,
)


def worst(codes: Iterable[Exit]) -> Exit:
    """Choose the code to end with where several hold; DONE where none does."""
    found = set(codes)
    return next((code for code in _FIRST if code in found), Exit.DONE)
