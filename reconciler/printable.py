"""Text from outside, made safe to show: no control of the terminal, no lookalike order."""

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""

_SHORT = 0x100
_LONG = 0x10000


def printable(text: str) -> str:
    r"""Escape whatever is not plain visible text, as `\x1b` or `\u202e`.

    That is control and format characters (bidirectional overrides among them), lone surrogates,
    private and unassigned ones, and blanks that are no plain space. Line breaks and tabs are
    escaped too.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char == " " or (unicodedata.category(char) not in _HIDDEN and char not in _BLANK):
        return char
    number = ord(char)
    if number < _SHORT:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < _LONG else f"\\U{number:08x}"
