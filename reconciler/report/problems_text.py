"""Problems of a file as text: the place, the line, a caret, and what would help."""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.access_file.document.problems import Place, Problem, Severity
from reconciler.printable import printable
from reconciler.report.layout import ANY_PAGE, Page, columns, spelled
from reconciler.report.paint import Paint
from reconciler.report.words import number_of

_INDENT = "  "
_ROOM = len("^ warning")
"""What the caret, or the marks of what is left out, may take beyond the excerpt."""

_WIDEST = 100
_FAR = 1_000
_BEFORE = 0.6
"""The share of a long line's excerpt that is before its column."""


def render_problems(
    problems: Iterable[Problem],
    lines: Mapping[str, Sequence[str]],
    paint: Paint,
    page: Page = ANY_PAGE,
) -> str:
    """Render problems in the order given; `lines` holds each file's lines, by its path.

    Each starts with `FILE:LINE:COLUMN: RULE: message`; excerpts of lines fit onto the page.
    Whatever the file holds, no control character of it is in the text. Gives an empty string
    where there are no problems.
    """
    return "".join(_render(problem, lines, paint, page) for problem in problems)


def render_verdict(path: str, problems: Iterable[Problem], paint: Paint) -> str:
    """Say in one line whether the file is valid, and how many problems there are."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    counts = {
        number_of(errors, "error", "errors"): errors,
        number_of(warnings, "warning", "warnings"): warnings,
    }
    told = ", ".join(count for count, number in counts.items() if number)
    if errors:
        return f"{printable(path)} is {paint('error', 'invalid')}: {told}\n"
    return f"{printable(path)} is valid{f': {told}' if told else ''}\n"


def _render(problem: Problem, lines: Mapping[str, Sequence[str]], paint: Paint, page: Page) -> str:
    severity = problem.severity
    rule = paint(severity, problem.rule)
    parts = [f"{paint('heading', _place(problem.place))}: {rule}: {printable(problem.message)}"]
    parts += _excerpt(problem.place, lines, severity, paint, page)
    if problem.other is not None:
        parts.append(f"  see {paint('heading', _place(problem.other))}")
    if problem.hint is not None:
        parts.append(f"  {paint('hint', 'hint:')} {printable(problem.hint)}")
    return "\n".join(parts) + "\n"


def _place(place: Place) -> str:
    return f"{printable(place.path)}:{place.line}:{place.column}"


def _excerpt(
    place: Place,
    lines: Mapping[str, Sequence[str]],
    severity: Severity,
    paint: Paint,
    page: Page,
) -> list[str]:
    """Show the part of a long line that is around the column, and a caret below it."""
    of_file = lines.get(place.path, ())
    line = of_file[place.line - 1] if place.line <= len(of_file) else ""
    if not line.strip():
        return []
    # What is far away is cut anyway, and a line may be the whole file.
    before = spelled(printable(line[max(0, place.column - 1 - _FAR) : place.column - 1]), page)
    after = spelled(printable(line[place.column - 1 : place.column - 1 + _FAR]), page)
    room = _WIDEST if page.width is None else min(page.width - len(_INDENT) - _ROOM, _WIDEST)
    if columns(before) + columns(after) > room:
        mark, most = spelled("…", page), int(room * _BEFORE)
        before = _cut(before[::-1], most, mark)[::-1]
        after = _cut(after, room - min(columns(before), most), mark)
    caret = " " * columns(before) + paint(severity, f"^ {severity}")
    # Together the two may spell an order to CI that neither does.
    return [f"{_INDENT}{printable(before + after)}".rstrip(), f"{_INDENT}{caret}"]


def _cut(text: str, most: int, mark: str) -> str:
    """Cut text to so many columns, with a mark where any of it is left out."""
    if columns(text) <= most:
        return text
    while (over := columns(text) - most) > 0:
        text = text[: -((over + 1) // 2)]  # no character takes more than two columns
    return text + mark
