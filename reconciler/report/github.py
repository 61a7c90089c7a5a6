"""Workflow commands: how a step of GitHub Actions annotates lines of a file.

Source: "Workflow commands for GitHub Actions" of the GitHub Docs, and the escaping of the package
`@actions/core`, which the page leaves out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, get_args

from reconciler.access_file.document.problems import Problem, Severity
from reconciler.printable import printable

Level = Literal["error", "warning", "notice"]

_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = {**_DATA, ord(":"): "%3A", ord(","): "%2C"}

_MOST = 10
"""Annotations of one level that GitHub shows of a step ("Limitations" in the documentation of
problem matchers, actions/toolkit); it drops the others silently."""


class Annotation(NamedTuple):
    """A message about a file; `place` are more properties, such as `line`."""

    path: str
    title: str
    message: str
    place: Mapping[str, object] = {}


def annotations(level: Level, found: Iterable[Annotation]) -> Iterator[str]:
    """Return the commands of one level, as many as are shown; the last one counts the others."""
    every = tuple(found)
    left = len(every) - _MOST + 1 if len(every) > _MOST else 0
    shown = every[: len(every) - left]
    for one in shown:
        properties = {"file": one.path, **one.place, "title": one.title}
        yield workflow_command(level, one.message, properties)
    if left:
        more = f"{left:,} more annotations are left out; the text has all that they are about"
        path = every[len(shown)].path
        yield workflow_command(level, more, {"file": path, "title": f"{left:,} more"})


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
    """Render problems as annotations of their lines: errors, then warnings, in the order given."""
    found = tuple(problems)
    return "".join(
        command
        for severity in get_args(Severity)
        for command in annotations(
            severity, (_annotation(one) for one in found if one.severity == severity)
        )
    )


def _annotation(problem: Problem) -> Annotation:
    place, other = problem.place, problem.other
    see = [] if other is None else [f"see {other.in_file}"]
    hint = [] if problem.hint is None else [f"hint: {problem.hint}"]
    return Annotation(
        place.path,
        problem.rule,
        "\n".join([problem.message, *see, *hint]),
        {"line": place.line, "col": place.column},
    )
