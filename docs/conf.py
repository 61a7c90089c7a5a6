"""The settings of the site: `make site`.

The source folder is the root of the repository: a link leads to the same page here and there.
"""

from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from reconciler import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NAVIGATION = {
    "README": {
        "Start": (
            "docs/quick-start",
            "docs/first-change",
            "docs/adopt",
            "docs/terraform",
            "docs/compared",
        ),
        "The access file": (
            "docs/file",
            "docs/keys",
            "docs/fmt",
            "docs/registry",
            "docs/registries",
        ),
        "Commands": (
            "docs/command-line",
            "docs/commands",
            "docs/rules",
            "docs/answers",
            "docs/pages",
        ),
        "In use": (
            "docs/recipes",
            "docs/pull-requests",
            "docs/pipelines",
            "docs/python",
            "docs/transport",
        ),
        "Safety": ("docs/safety", "docs/threat-model"),
        "The project": ("CHANGELOG", "benchmarks/README", "CONTRIBUTING"),
    },
    "CONTRIBUTING": {"For contributors": ("tests/README", "docs/decisions/README")},
    "docs/decisions/README": {"Decisions": ("0*",)},
}
"""The pages under a page, by heading. The build fails if a page is under none."""

project = html_title = "reconcile"
version = release = __version__
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "benchmarks/README.md", "tests/README.md"]
exclude_patterns = [".*", "build", "reconciler", "schema"]

extensions = ["myst_parser"]
myst_heading_anchors = 4
smartquotes = False  # an option would become a dash
nitpicky = True

html_theme = "furo"
html_copy_source = False
html_show_copyright = False
html_static_path = ["site/static"]
html_css_files = ["site.css"]


def add_navigation(_app: "Sphinx", page: str, source: list[str]) -> None:
    """Append the navigation to a page, so that the repository shows the page without it."""
    for heading, pages in NAVIGATION.get(page, {}).items():
        options = f":hidden:\n:glob:\n:caption: {heading}\n"
        source[0] += f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def copy_first_page(app: "Sphinx", error: Exception | None) -> None:
    """Write README as index.html, too: a page that only leads to another is no page."""
    if error is None:
        copyfile(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))


def setup(app: "Sphinx") -> None:
    app.connect("source-read", add_navigation)
    app.connect("build-finished", copy_first_page)
