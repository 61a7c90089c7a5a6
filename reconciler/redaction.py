"""Redaction of credentials in output: errors, tracebacks, answers of AWS that quote a request.

An error that quotes a credential may come from anywhere. So secrets are registered where they are
read, and redacted where anything is written.
"""

import json
import re
from itertools import groupby

from reconciler.printable import printable

REDACTED = "[redacted]"

_PART = 8
"""Characters in a row that give away part of a secret. Those of AWS have 40 and more."""

_LOGIN = re.compile(r"//[^/\s]*@")
_HEADER = re.compile(r"Invalid header value.*", re.DOTALL)
"""How Python's http.client quotes a header that it does not send; it may be a credential."""

_learned: set[str] = set()
_parts: set[str] = set()


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
    """Give the spellings of a secret: raw, escaped, quoted for an address, for HTML, in base64."""
    import html  # noqa: PLC0415 - costs; only what calls AWS has a secret
    from base64 import b64encode  # noqa: PLC0415
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
        html.escape(secret),
        b64encode(raw).decode(),
        *addresses,
        *map(str.lower, addresses),
        *(quote(address, safe="") for address in addresses),
    }
