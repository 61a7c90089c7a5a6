"""An HTML page: one file of ASCII text that loads nothing, made from a template of this package.

`printable` and the autoescaping of Jinja2 make each text of a template safe; no template marks a
text as safe. The Content-Security-Policy allows the page's own style and script, by their
digests, and nothing else. (Source: Content Security Policy Level 3, W3C.)
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from reconciler.errors import ReconcileError
from reconciler.printable import printable, printable_value
from reconciler.report.plans.plan_view import RiskView
from reconciler.report.words import MOST_NAMES

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ImportError as error:
    raise ReconcileError(
        "HTML pages need more packages",
        hint="pip install 'ecr-reconcile[html]'",
    ) from error

_TEMPLATES = "templates"
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&#"}
"""Characters that could end a script element, or begin a comment or a CI command in it."""


class Figure(NamedTuple):
    """A number at the top of a page, its noun, and a role of the stylesheet."""

    number: int
    label: str
    role: str


def figure(number: int, one: str, many: str = "", role: str = "") -> Figure:
    """Return a figure with the noun for one or for many; without `many`, the same for both."""
    return Figure(number, one if number == 1 else many or one, role)


class RiskPlace(NamedTuple):
    """A repository, or several, with a risk: `anchor` leads there; without one, the filter does.

    `region` is empty where all regions agree.
    """

    name: str
    anchor: str = ""
    region: str = ""


class RiskRow(NamedTuple):
    """A risk, and where it is."""

    risk: RiskView
    places: tuple[RiskPlace, ...]


def risk_rows(found: Iterable[tuple[RiskView, RiskPlace]]) -> tuple[RiskRow, ...]:
    """Return a row for each risk, in the order of their first places."""
    rows: defaultdict[RiskView, dict[RiskPlace, None]] = defaultdict(dict)
    for risk, place in found:
        rows[risk][place] = None
    return tuple(RiskRow(risk, tuple(places)) for risk, places in rows.items())


class _Script(NamedTuple):
    code: Markup
    data: Markup


def render_page(template: str, words: object, *, script: str = "", data: object = None) -> str:
    """Render a page from a template, which knows `words` by this name.

    `script` names a script of the templates' folder; it finds `data`, any JSON value, in the
    element with the id `data`.
    """
    style, code = _text_of("style.css"), _text_of(script) if script else ""
    parts = _Script(Markup(code), Markup(_json(data))) if script else None  # noqa: S704
    page = (
        _environment()
        .get_template(template)
        .render(
            words=words,
            most_names=MOST_NAMES,
            policy=_security_policy(style, code),
            style=Markup(style),  # noqa: S704 - it is a file of this package
            script=parts,
        )
    )
    return page.encode("ascii", "xmlcharrefreplace").decode() + "\n"


@cache
def _environment() -> Environment:
    """Return what has compiled each template once, which takes longer than to render a page."""
    return Environment(
        loader=PackageLoader(__package__, _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )


def _finalized(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _json(data: object) -> str:
    """Write JSON in ASCII for a script element, with all its text escaped by `printable`."""
    text = json.dumps(printable_value(data), separators=(",", ":"))
    return text.translate(_UNSAFE)


def _security_policy(style: str, code: str) -> str:
    scripts = f"'{content_digest(code)}'" if code else "'none'"
    return (
        f"default-src 'none'; style-src '{content_digest(style)}'; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )


def content_digest(text: str) -> str:
    """Return the source expression of a style or script that stands in the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text_of(name: str) -> str:
    return (files(__package__) / _TEMPLATES / name).read_text(encoding="ascii")
