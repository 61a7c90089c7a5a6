"""The site is built without a warning, its links work, and it loads nothing from elsewhere."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser import Tab
from tests.guide import ROOT
from tests.once import made_once

COMMAND = "$(BIN)/python -m sphinx "
LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"), ("iframe", "src")}


class Page(NamedTuple):
    anchors: frozenset[str]
    targets: tuple[tuple[str, str, str], ...]
    """The element, the attribute and the address."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in {"href", "src"} and value:
                self.targets.append((tag, name, value))


def read(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    return Page(frozenset(reader.anchors), tuple(reader.targets))


def pages(site: Path) -> dict[Path, Page]:
    return {path: read(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def dead_links(site: Path, of: Mapping[Path, Page]) -> Iterator[str]:
    for path, page in of.items():
        for _, _, address in page.targets:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = of[target].anchors if target in of else frozenset()
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                yield f"{path.relative_to(site)}: {address}"


def loaded_from_elsewhere(site: Path, of: Mapping[Path, Page]) -> Iterator[str]:
    for path, page in of.items():
        for tag, name, address in page.targets:
            if (tag, name) in LOADS and urlsplit(address).netloc:
                yield f"{path.relative_to(site)}: {address}"
    for path in site.rglob("*.css"):
        for address in re.findall(r"url\([\"']?((?:https?:)?//[^)]*)", path.read_text("utf-8")):
            yield f"{path.relative_to(site)}: {address}"


def options() -> list[str]:
    """How `make site` calls the generator, without its last two paths: the source and the site."""
    (line,) = re.findall(
        rf"^\t{re.escape(COMMAND)}(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    *options, _, _ = shlex.split(line)
    assert "--fail-on-warning" in options
    return [option for option in options if option not in {"-d", "build/doctrees"}]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make site` builds it."""
    return made_once(tmp_path_factory, "site", build) / "site"


def build(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options(), "-d", folder / "read", ROOT, folder / "site"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_site_is_built_and_its_links_lead_somewhere(site: Path) -> None:
    built = pages(site)
    assert {site / "index.html", site / "README.html", site / "docs" / "rules.html"} <= set(built)
    assert list(dead_links(site, built)) == []
    assert list(loaded_from_elsewhere(site, built)) == []


def test_the_first_page_is_the_readme(site: Path) -> None:
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()


@pytest.mark.parametrize("page", ["index.html", "docs/command-line.html", "docs/commands.html"])
def test_a_phone_shows_each_option_on_one_line(tab: Tab, site: Path, page: str) -> None:
    tab.show(width=390)
    tab.open(site / page)
    assert tab.value("document.documentElement.scrollWidth") == 390
    words = tab.value(
        "[...document.querySelectorAll('code .pre')]"
        ".map(word => [word.textContent, word.getBoundingClientRect().height])"
    )
    assert words
    assert [word for word, height in words if word.startswith("-") and height > 30] == []


@pytest.mark.parametrize(
    ("html", "dead"),
    [
        ('<a href="b.html#here">', []),
        ('<a href="#top"><p id="top">', []),
        ('<a href="b.html#gone">', ["a.html: b.html#gone"]),
        ('<img src="gone.png">', ["a.html: gone.png"]),
        ('<a href="https://example.com/gone">', []),
    ],
)
def test_a_dead_link_is_found(tmp_path: Path, html: str, dead: list[str]) -> None:
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "b.html").write_text('<h2 id="here">')
    assert list(dead_links(tmp_path, pages(tmp_path))) == dead


@pytest.mark.parametrize(
    ("html", "css"),
    [
        ('<script src="https://example.com/x.js">', ""),
        ('<link rel="stylesheet" href="//example.com/x.css">', ""),
        ("", "@font-face { src: url(https://example.com/x.woff2) }"),
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(tmp_path: Path, html: str, css: str) -> None:
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "a.css").write_text(css)
    assert len(list(loaded_from_elsewhere(tmp_path, pages(tmp_path)))) == 1
