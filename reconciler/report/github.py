"""Workflow commands: how a step of GitHub Actions annotates lines of a file.

Source: "Workflow commands for GitHub Actions" of the GitHub Docs, and the escaping of the package
`@actions/core`, which the page leaves out.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from reconciler.access_file.document.problems import Problem
from reconciler.printable import printable

Level = Literal["error", "warning", "notice"]

_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = {**_DATA, ord(":"): "%3A", ord(","): "%2C"}


def workflow_command(level: Level, message: str, properties: Mapping[str, object]) -> str:
    """Return a command, one line; its texts may come from outside."""
    named = ",".join(
        f"{name}={_shown(str(value)).translate(_PROPERTY)}" for name, value in properties.items()
    )
    return f"::{level} {named}::{_shown(message).translate(_DATA)}\n"


def _shown(text: str) -> str:
    """Return text without control characters, but for line breaks, which are escaped anyway."""
    return "\n".join(printable(line) for line in text.split("\n"))


def render_problems_github(problems: Iterable[Problem]) -> str:
    """Render problems as annotations of their lines, in the order given."""
    return "".join(map(_annotation, problems))


def _annotation(problem: Problem) -> str:
    place, other = problem.place, problem.other
    see = [] if other is None else [f"see {other.in_file}"]
    hint = [] if problem.hint is None else [f"hint: {problem.hint}"]
    return workflow_command(
        problem.severity,
        "\n".join([problem.message, *see, *hint]),
        {"file": place.path, "line": place.line, "col": place.column, "title": problem.rule},
    )
