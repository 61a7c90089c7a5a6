"""Secrets are taken out of a text, in whatever form an error quotes them."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from reconciler.printable import REDACTED, learn_secret, printable, redacted

SECRET = "Redaction/Test+Secret&9Qm2Zt8Lw4Xr7Bn1'Vc5Hj=3Kd6Pf\n"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "repr": repr,
    "bytes": lambda secret: repr(secret.encode()),
    "json": json.dumps,
    "printable": printable,
    "quoted": quote,
    "quoted wholly": lambda secret: quote(secret, safe=""),
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "quoted for a form": quote_plus,
    "quoted small": lambda secret: quote(secret, safe="").lower(),
    "html": html.escape,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("how", SPELLINGS)
def test_no_spelling_is_left(how: str) -> None:
    spelled = SPELLINGS[how](SECRET)
    assert redacted(f"<{spelled}>") == f"<{spelled}>"
    learn_secret(SECRET)
    told = redacted(f"<{spelled}>")
    rest = told.replace(REDACTED, "")
    assert len(rest) < len("<''b>") + 2, told
    for begin, end in ((0, len(spelled) // 2), (len(spelled) // 3, len(spelled))):
        assert REDACTED in redacted(f"... {spelled[begin:end]} ...")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test learns is no secret of the next one."""
    monkeypatch.setattr("reconciler.printable._parts", set())
    monkeypatch.setattr("reconciler.printable._learned", set())


def test_all_else_stays() -> None:
    learn_secret(SECRET)
    learn_secret("")
    learn_secret("short")
    text = "an error of a short kind, at https://host/path?x=1\n  with lines"
    assert redacted(text) == text


def test_logins_and_headers() -> None:
    assert redacted("proxy http://me:pass@host:80 fails") == "proxy http://host:80 fails"
    assert redacted("x: Invalid header value b'any\\n'") == f"x: Invalid header value {REDACTED}"


@pytest.mark.parametrize("at", range(9))
def test_a_part_is_found_wherever_it_begins(at: int) -> None:
    learn_secret("0123456789abcdef")
    assert redacted(f"x{'0123456789abcdef'[at : at + 8]}y") == (f"x{REDACTED}y")
