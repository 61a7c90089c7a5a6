"""Text made safe to show: it can't control the terminal, start a CI command or hold a credential.

An error that quotes a credential may come from anywhere. So secrets are registered where they are
read, and redacted where anything is written.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from json.encoder import encode_basestring_ascii

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""

_CI_COMMAND = re.compile(r"\A\s*::(?=[A-Za-z])|##(?=\w*\[)")
"""The start of a command to the CI system that shows a line of output.

`::error::` counts in GitHub Actions at the start of a line, whatever the indent; `##[error]` there,
`##vso[…]` in Azure Pipelines and `##teamcity[…]` count anywhere. Sources: actions/runner,
ActionCommand.cs; microsoft/azure-pipelines-agent, Command.cs.
"""

_WORD = re.compile(r"[A-Za-z0-9._/*?-]+")
_PARTS_WORDS = re.compile('[ "]')  # all other blanks are escaped where they are shown
_MOST_LISTED = 12
_SHORT = 0x100
_LONG = 0x10000

REDACTED = "[redacted]"

_PART = 8
"""Characters in a row that give away part of a secret. Those of AWS have 40 and more."""

_LOGIN = re.compile(r"//[^/\s]*@")
_HEADER = re.compile(r"Invalid header value.*", re.DOTALL)
"""How Python's http.client quotes a header that it does not send; it may be a credential."""

_IN_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""As `html.escape` writes them; its module loads all entities of HTML."""

_learned: set[str] = set()
_parts: set[str] = set()


def printable(text: str) -> str:
    r"""Escape whatever is not plain visible text, as `\x1b` or `\u202e`.

    That is control and format characters (bidirectional overrides among them), lone surrogates,
    private and unassigned ones, and blanks that are no plain space. Line breaks and tabs are
    escaped too, and so is what a CI system would read as a command, in a text that begins a line.
    """
    plain = text.isascii() and text.isprintable()
    shown = text if plain else "".join(map(_shown, text))
    return _CI_COMMAND.sub(_disarmed, shown)


def printable_name(text: str) -> str:
    """Return a repository's name, or a pattern of names, safe to begin a line with.

    Any other text is quoted, so that it can't look like a line of the tool's own output.
    """
    return text if _WORD.fullmatch(text) else printable(json.dumps(text))


def unmistakable(text: str) -> str:
    """Quote a text that could be taken for more than one word of a line; it is escaped later."""
    return quoted(text) if _PARTS_WORDS.search(text) else text


def quoted(text: str) -> str:
    """Return a text as a JSON string, so that its end is visible."""
    return printable(json.dumps(text, ensure_ascii=False))


def some_of(words: Iterable[str], most: int = _MOST_LISTED) -> str:
    """List words, the first of them where they are more than `most`: `a, b and 3 more`."""
    every = tuple(words)
    left = len(every) - most
    return ", ".join(every[:most]) + (f" and {left:,} more" if left > 0 else "")


def number_of(count: int, one: str, many: str) -> str:
    """Return a number with its noun: `1 policy`, `12 policies`, `1,200 policies`."""
    return f"{count:,} {one if count == 1 else many}"


def printable_json(document: object) -> str:
    """Write JSON in ASCII, without terminal control characters and CI commands."""
    return f"{indented_json(document)}\n"


def indented_json(value: object, indent: str = "") -> str:
    """Write a part of a document as `printable_json` does; `indent` precedes its further lines."""
    return inert_json(_indented(value, indent))


def _indented(value: object, indent: str) -> str:
    # The standard library's encoder is slow where it indents. Loops, as a comprehension is a frame
    # of the stack more for each level of a deep document.
    inner = f"{indent}  "
    between = f",\n{inner}"
    parts: list[str] = []
    match value:
        case str():
            return encode_basestring_ascii(value)
        case dict() if value:
            for key, part in value.items():
                parts.append(f"{encode_basestring_ascii(str(key))}: {_indented(part, inner)}")
            start, end = "{}"
        case list() | tuple() if value:
            for part in value:
                parts.append(_indented(part, inner))
            start, end = "[]"
        case _:
            return json.dumps(value, default=str)
    return f"{start}\n{inner}{between.join(parts)}\n{indent}{end}"


def inert_json(text: str) -> str:
    """Return JSON with the same meaning in which a CI system reads no command."""
    # Outside a string JSON has no number sign, and inside one its escape means the same.
    return _CI_COMMAND.sub(r"\\u0023#", text)


def printable_value(value: object) -> object:
    """Return a JSON value with all its text escaped by `printable`."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {printable_value(key): printable_value(part) for key, part in value.items()}
        case list() | tuple():
            return [printable_value(part) for part in value]
        case _:
            return value


def _disarmed(command: re.Match[str]) -> str:
    """Escape the first character that is no blank."""
    start = command[0].lstrip()
    return f"{command[0][: -len(start)]}\\x{ord(start[0]):02x}{start[1:]}"


def _shown(char: str) -> str:
    if char == " " or (unicodedata.category(char) not in _HIDDEN and char not in _BLANK):
        return char
    return f"\\x{ord(char):02x}" if ord(char) < _SHORT else unicode_escape(char)


def unicode_escape(char: str) -> str:
    r"""Return a character as `\u` with four hexadecimal digits, or `\U` with eight."""
    number = ord(char)
    return f"\\u{number:04x}" if number < _LONG else f"\\U{number:08x}"


def learn_secret(secret: str) -> None:
    """Register a secret, to be redacted whole and in part, in each form that errors have."""
    if secret in _learned:
        return
    for form in _forms(secret):
        _parts.update(form[at : at + _PART] for at in range(len(form) - _PART + 1))
    _learned.add(secret)


def redacted(text: str) -> str:
    """Take secrets out of a text, and the user and password that an address in it may hold."""
    told = _HEADER.sub(f"Invalid header value {REDACTED}", _LOGIN.sub("//", text))
    secret = bytearray(len(told))
    for at in range(len(told) - _PART + 1):
        if told[at : at + _PART] in _parts:
            secret[at : at + _PART] = bytes([1] * _PART)
    runs = groupby(zip(told, secret, strict=True), key=lambda pair: pair[1])
    return "".join(REDACTED if hidden else "".join(c for c, _ in run) for hidden, run in runs)


def _forms(secret: str) -> set[str]:
    """Return a secret raw, escaped, quoted for an address, in HTML and in base64."""
    from base64 import b64encode  # noqa: PLC0415 - costs; only what calls AWS has a secret
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    raw = secret.encode("utf-8", "surrogateescape")
    addresses = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    return {
        secret,
        printable(secret),
        repr(secret)[1:-1],
        repr(raw)[2:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.translate(_IN_HTML),
        b64encode(raw).decode(),
        *addresses,
        *map(str.lower, addresses),
        *(quote(address, safe="") for address in addresses),
    }
