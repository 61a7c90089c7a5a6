"""The access matrix, repositories by principals, as text, Markdown and CSV."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.access import DisplayNames
from reconciler.model.answers import Matrix, MatrixCell, MatrixRow, with_place
from reconciler.policy import NamedPrincipal, account_of, plain_name
from reconciler.printable import printable, printable_name
from reconciler.report.markdown import markdown_code, markdown_table
from reconciler.report.questions.answers import THROUGH_WORDS, subject_label
from reconciler.report.text import Line, Page, Paint, Span, render, shown_width

_GAP = 2
_FORMULA = ("=", "+", "-", "@")
"""What begins a formula in a spreadsheet (OWASP, "CSV Injection"); tabs and line breaks, which may
too, are escaped."""


def cell_words(cell: MatrixCell) -> str:
    """Return a cell in words: `pull`, `pull (account)`, `pull, push?` where push depends.

    `(registry)` marks what the registry's own policy gives, all or a part of it.
    """
    through = f" ({cell.through})" if cell.through else ""
    registry = " (registry)" if cell.by_registry else ""
    parts = (cell.allowed, f"{cell.depends}?" if cell.depends else "")
    return ", ".join(filter(None, parts)) + through + registry


def row_words(matrix: Matrix, row: MatrixRow) -> tuple[str, ...]:
    """Return the repository and then each cell in words, empty where there is no access."""
    if row.error:
        return (row.heading, *("unknown" for _ in matrix.subjects))
    cells = {cell.subject: cell_words(cell) for cell in row.cells}
    own = (cells.get(subject, "") for subject in matrix.subjects)
    return (row.heading, *own)


def subject_labels(subjects: Iterable[NamedPrincipal], names: DisplayNames) -> tuple[str, ...]:
    """Return what the file and AWS call each subject, in their order."""
    return tuple(subject_label(subject, names) for subject in subjects)


def render_matrix(matrix: Matrix, names: DisplayNames, paint: Paint, page: Page) -> str:
    """Render a table of as many principals as fit into the page's width, then of the next ones.

    Below it, what the names of principals stand for.
    """
    if not matrix.rows:
        return render([("no repositories",)], paint)
    heads = short_names(matrix.subjects, names)
    columns = list(zip(*(row_words(matrix, row) for row in matrix.rows), strict=True))
    _, *cells = columns
    lines: list[Line] = []
    headings = (with_place(printable_name(row.repository), row.place) for row in matrix.rows)
    first = ("repository", *headings)
    for some in _fitting(first, list(zip(heads, cells, strict=True)), page):
        lines += [*_table(some), ("",)]
    legend = [*_named(matrix, names), *marks_in(cell for column in cells for cell in column)]
    width = max((shown_width(term) for term, _ in legend), default=0)
    lines += [("  ", Span(term, width=width), "  ", meaning) for term, meaning in legend]
    return render(lines, paint)


def render_matrix_markdown(matrix: Matrix, names: DisplayNames) -> str:
    """Render the matrix as one table, and below it what its names and marks stand for."""
    headings = ("repository", *map(markdown_code, short_names(matrix.subjects, names)))
    rows = [row_words(matrix, row) for row in matrix.rows]
    table = markdown_table(headings, (tuple(map(markdown_code, row)) for row in rows))
    marks = marks_in(cell for row in rows for cell in row[1:])
    legend = [
        *((name, markdown_code(label)) for name, label in _named(matrix, names)),
        *marks,
    ]
    items = (f"- {markdown_code(term)}: {meaning}\n" for term, meaning in legend)
    return "\n".join(filter(None, (table, "".join(items))))


def render_matrix_csv(matrix: Matrix, names: DisplayNames) -> str:
    """Render the matrix as CSV (RFC 4180, but line feeds); no cell is a spreadsheet's formula."""
    rows = (
        ("repository", *subject_labels(matrix.subjects, names)),
        *(row_words(matrix, r) for r in matrix.rows),
    )
    return "".join(f"{','.join(map(_csv_cell, row))}\n" for row in rows)


def _csv_cell(text: str) -> str:
    shown = printable(text)
    inert = f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
    quoted = inert.replace('"', '""')
    return f'"{quoted}"' if set(inert) & {",", '"', "'", " "} else inert


def short_names(subjects: Sequence[NamedPrincipal], names: DisplayNames) -> tuple[str, ...]:
    """Return the shortest names that differ: the file's, that with its account, or a label."""
    accounts, labels = names.accounts, subject_labels(subjects, names)
    short = [subject.name or plain_name(subject.principal) for subject in subjects]
    longer = [
        f"{name} in {accounts.get(account_of(s.principal) or '', account_of(s.principal))}"
        for s, name in zip(subjects, short, strict=True)
    ]
    count, count_longer = Counter(short), Counter(longer)
    return tuple(
        one if count[one] == 1 else other if count_longer[other] == 1 else label
        for one, other, label in zip(short, longer, labels, strict=True)
    )


def _named(matrix: Matrix, names: DisplayNames) -> Iterator[tuple[str, str]]:
    """Yield the short names that stand for more, with what that is."""
    labels = subject_labels(matrix.subjects, names)
    for short, label in zip(short_names(matrix.subjects, names), labels, strict=True):
        if short != label:
            yield short, label


_MARKS = {
    "?": "depends on a condition",
    **{f"({through})": words for through, words in THROUGH_WORDS.items()},
    "(registry)": "by the registry's own policy, all or a part of it",
}


def marks_in(cells: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the marks that the words of cells have, with what they mean."""
    found = frozenset(cells)
    for mark, meaning in _MARKS.items():
        if any(mark in cell for cell in found):
            yield mark, meaning


_Column = Sequence[str]


def _fitting(
    first: _Column, columns: Iterable[tuple[str, _Column]], page: Page
) -> Iterator[list[_Column]]:
    """Yield tables of the first column and as many others as fit, at least one."""
    own = _width(first)
    some, taken = [first], own
    for head, cells in columns:
        column = (head, *cells)
        width = _width(column) + _GAP
        if page.width is not None and taken + width > page.width and len(some) > 1:
            yield some
            some, taken = [first], own
        some.append(column)
        taken += width
    yield some


def _table(columns: Sequence[_Column]) -> Iterator[Line]:
    widths = [*map(_width, columns[:-1]), 0]
    head, *rows = zip(*columns, strict=True)
    yield tuple(
        Span(cell, "heading", width + _GAP) for cell, width in zip(head, widths, strict=True)
    )
    for row in rows:
        filled = max(number for number, cell in enumerate(row) if cell)  # no blanks at the end
        yield (
            *(Span(c, None, w + _GAP) for c, w in zip(row[:filled], widths, strict=False)),
            row[filled],
        )


def _width(texts: Iterable[str]) -> int:
    return max(map(shown_width, texts), default=0)
