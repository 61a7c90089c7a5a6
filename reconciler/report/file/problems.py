"""Problems of a file: as text with the line, a caret and a hint, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.access_file.document.problems import (
    Place,
    Problem,
    Severity,
    has_errors,
    invalid_files,
)
from reconciler.access_file.document.replacements import line_of
from reconciler.access_file.document.tree import find_forbidden
from reconciler.printable import number_of, printable, printable_json, some_of
from reconciler.report.text import ANY_PAGE, Line, Page, Paint, Span, columns, render, spelled

_INDENT = "  "
_ROOM = len("^ warning")
"""The columns that the caret, or the marks of what is cut, may take beyond the excerpt."""

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
    Returns an empty string where there are no problems.
    """
    return render((line for p in problems for line in _lines(p, lines, page)), paint)


def render_verdict(path: str, problems: Sequence[Problem], paint: Paint) -> str:
    """Render in one line whether the file at `path` is valid, and how many problems there are.

    Errors may be in included files or rules files: then these are named.
    """
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    counts = {
        number_of(errors, "error", "errors"): errors,
        number_of(warnings, "warning", "warnings"): warnings,
    }
    figures = ", ".join(count for count, number in counts.items() if number)
    wrong = invalid_files(problems)
    verb = " are " if len(wrong) > 1 else " is "
    validity = Span("invalid", "error") if errors else "valid"
    figured = f": {figures}" if figures else ""
    return render([(some_of(wrong) or path, verb, validity, figured)], paint)


def render_problems_json(problems: Sequence[Problem]) -> str:
    """Render `{"valid": …, "problems": […]}`; warnings alone leave a file valid.

    Each problem has `severity`, `rule`, `message`, `path`, `line`, `column` and `hint`, which
    may be null; one with a second place has `other`, too.
    """
    fields = list(map(_fields, problems))
    return printable_json({"valid": not has_errors(problems), "problems": fields})


def render_failure_json(
    message: str, hint: str | None, exit_code: int, problems: Sequence[Problem] = ()
) -> str:
    """Render `{"error": {"message", "hint", "exit_code"}}`; `hint` may be null.

    For an invalid file its `problems` stand beside `error`, as in `render_problems_json`.
    """
    shown = None if hint is None else printable(hint)
    document: dict[str, object] = {
        "error": {"message": printable(message), "hint": shown, "exit_code": exit_code}
    }
    if problems:
        document["problems"] = list(map(_fields, problems))
    return printable_json(document)


def _fields(problem: Problem) -> dict[str, object]:
    fields: dict[str, object] = {
        "severity": problem.severity,
        "rule": problem.rule,
        "message": problem.message,
        **problem.place._asdict(),
        "hint": problem.hint,
    }
    if problem.other is not None:
        fields["other"] = problem.other._asdict()
    return fields


def _lines(problem: Problem, lines: Mapping[str, Sequence[str]], page: Page) -> Iterable[Line]:
    rule = Span(problem.rule, problem.severity)
    yield _place(problem.place), ": ", rule, ": ", problem.message
    yield from _excerpt(problem.place, lines, problem.severity, page)
    if problem.other is not None:
        yield "  see ", _place(problem.other)
    if problem.hint is not None:
        yield "  ", Span("hint:", "hint"), " ", problem.hint


def _place(place: Place) -> Span:
    return Span(place.in_file, "heading")


def _excerpt(
    place: Place, lines: Mapping[str, Sequence[str]], severity: Severity, page: Page
) -> Iterable[Line]:
    """Return the part of a long line that is around the column, and a caret below it.

    A line with control characters is not shown: it may be no text, and secret.
    """
    # What is far away is cut anyway, and a line may be the whole file.
    line, column = line_of(place, lines), place.column - 1
    parts = line[max(0, column - _FAR) : column], line[column : column + _FAR]
    if not line.strip() or any(find_forbidden("".join(parts))):
        return
    # It is escaped here already, as the caret and the cuts are placed by columns.
    before, after = (spelled(printable(part), page) for part in parts)
    room = _WIDEST if page.width is None else min(page.width - len(_INDENT) - _ROOM, _WIDEST)
    if columns(before) + columns(after) > room:
        mark, most = spelled("…", page), int(room * _BEFORE)
        before = _cut(before[::-1], most, mark)[::-1]
        after = _cut(after, room - min(columns(before), most), mark)
    yield _INDENT, (before + after).rstrip()
    yield _INDENT, " " * columns(before), Span(f"^ {severity}", severity)


def _cut(text: str, most: int, mark: str) -> str:
    """Cut text to so many columns, with a mark where any of it is left out."""
    if columns(text) <= most:
        return text
    while (over := columns(text) - most) > 0:
        text = text[: -((over + 1) // 2)]  # no character takes more than two columns
    return text + mark
