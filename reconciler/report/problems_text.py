"""Problems of a file as text: the place, the line, a caret, and what would help."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from reconciler.access.problems import Place, Problem, Severity
from reconciler.printable import printable
from reconciler.report.paint import Paint

_WIDTH = 100
_BEFORE = 60


def render_problems(
    problems: Iterable[Problem], lines: Mapping[str, Sequence[str]], paint: Paint
) -> str:
    """Render problems in the order given; `lines` holds each file's lines, by its path.

    Each starts with `FILE:LINE:COLUMN: RULE: message`. Whatever the file holds, no control
    character of it is in the text. Gives an empty string where there are no problems.
    """
    return "".join(_render(problem, lines, paint) for problem in problems)


def render_verdict(path: str, problems: Iterable[Problem], paint: Paint) -> str:
    """Say in one line whether the file is valid, and how many problems there are."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    told = ", ".join(count for count in counts if count)
    if errors:
        return f"{printable(path)} is {paint('error', 'invalid')}: {told}\n"
    return f"{printable(path)} is valid{f': {told}' if told else ''}\n"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""


def _render(problem: Problem, lines: Mapping[str, Sequence[str]], paint: Paint) -> str:
    severity = problem.severity
    rule = paint(severity, problem.rule)
    parts = [f"{paint('heading', _place(problem.place))}: {rule}: {printable(problem.message)}"]
    parts += _excerpt(problem.place, lines, severity, paint)
    if problem.other is not None:
        parts.append(f"  see {paint('heading', _place(problem.other))}")
    if problem.hint is not None:
        parts.append(f"  {paint('hint', 'hint:')} {printable(problem.hint)}")
    return "\n".join(parts) + "\n"


def _place(place: Place) -> str:
    return f"{printable(place.path)}:{place.line}:{place.column}"


def _excerpt(
    place: Place, lines: Mapping[str, Sequence[str]], severity: Severity, paint: Paint
) -> list[str]:
    """Show the part of a long line that is around the column, and a caret below it."""
    of_file = lines.get(place.path, ())
    line = of_file[place.line - 1] if place.line <= len(of_file) else ""
    if not line.strip():
        return []
    start = max(0, place.column - 1 - _BEFORE) if len(line) > _WIDTH else 0
    before, after = line[start : place.column - 1], line[place.column - 1 : start + _WIDTH]
    head = ("…" if start else "") + printable(before)
    tail = printable(after) + ("…" if start + _WIDTH < len(line) else "")
    caret = " " * _columns(head) + paint(severity, f"^ {severity}")
    # Together the two may spell an order to CI that neither does.
    return [f"  {printable(head + tail)}".rstrip(), f"  {caret}"]


def _columns(text: str) -> int:
    """Count the columns that text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
