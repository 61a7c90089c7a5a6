"""The excerpt of a file's line fits the terminal, with a caret below what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document.problems import Place, Problem
from reconciler.report.file.problems import render_problems
from reconciler.report.text import Page, columns, plain

WIDE = "日本語"


def excerpt(line: str, column: int, page: Page) -> list[str]:
    problem = Problem("bad-name", "error", "no", Place("f.yaml", 1, column))
    return render_problems([problem], {"f.yaml": [line]}, plain, page).splitlines()[1:]


@given(
    st.text("ab :日\u0301", min_size=1, max_size=300),
    st.integers(0, 299),
    st.integers(30, 120),
    st.sampled_from(["utf-8", "ascii"]),
)
def test_it_fits_and_the_caret_points(text: str, number: int, width: int, encoding: str) -> None:
    column = min(number, len(text) - 1)
    line = f"{text[:column]}!{text[column + 1 :]}"
    shown, caret = excerpt(line, column + 1, Page(width, encoding))
    assert max(columns(shown), columns(caret)) <= width
    assert columns(shown[: shown.index("!")]) == caret.index("^")


@pytest.mark.parametrize("width", [None, 200])
def test_no_excerpt_is_wider_than_one_reads(width: int | None) -> None:
    shown, _ = excerpt("a" * 300, 100, Page(width))
    assert columns(shown) == len("  …") + 100 + len("…")


def test_a_short_line_stays_whole() -> None:
    assert excerpt(WIDE, 2, Page(60)) == [f"  {WIDE}", "    ^ error"]
