"""Text for people: each part is escaped, none forges another, and nothing is lost in fitting."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.printable import printable
from reconciler.report.text import (
    Page,
    Span,
    ansi,
    columns,
    fitted,
    plain,
    render,
    shown_width,
    unbroken,
)

ROW = "  + ci (arn:aws:iam::444455556666:role/role2-1)        push-pull"


def fit(text: str, width: int | None) -> list[str]:
    return fitted(text, Page(width)).split("\n")


@pytest.mark.parametrize(
    ("line", "width", "lines"),
    [
        ("one two three", None, ["one two three"]),
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "  three"]),
        ("  hint: one two three", 16, ["  hint: one two", "    three"]),
        ("  ! public: one two", 16, ["  ! public: one", "      two"]),
        ("a " + "b" * 30 + " c", 20, ["a", "  " + "b" * 30, "  c"]),
        ("日本語 日本語 日本語", 14, ["日本語 日本語", "  日本語"]),
        # Columns come closer, or stand one below the other.
        (ROW, 60, ["  + ci (arn:aws:iam::444455556666:role/role2-1)    push-pull"]),
        (ROW, 56, ["  + ci (arn:aws:iam::444455556666:role/role2-1)", "      push-pull"]),
        (f"a/b{' ' * 53}111122223333 us-west-2", 40, [f"a/b{' ' * 15}111122223333 us-west-2"]),
        # Of several columns, the last come closer first, or each has a line of its own.
        ("  a/b          pull: allowed      f:1", 36, ["  a/b          pull: allowed     f:1"]),
        ("  a/b          pull: allowed      f:1", 31, ["  a/b       pull: allowed   f:1"]),
        (
            "  a/bcdefghijk   pull: allowed      f:1, as all",
            36,
            ["  a/bcdefghijk", "    pull: allowed   f:1, as all"],
        ),
        (
            "  a/bcdefghijk   pull: allowed      f:1, as all",
            24,
            ["  a/bcdefghijk", "    pull: allowed", "    f:1, as all"],
        ),
        (
            "  a/b      depends if it is so      f:1",
            24,
            ["  a/b   depends if it is", "    so   f:1"],
        ),
        ("failed   a/b (us-west-2): it is so", 24, ["failed   a/b", "  (us-west-2): it is so"]),
        # What is quoted stays as it is.
        ('if k "a     b" or "c d"', 20, ['if k "a     b" or', '  "c d"']),
        # A policy that is not understood is marked in each line.
        ("    | one two three", 14, ["    | one two", "    | three"]),
        # No line begins with a mark of ours or an order to a CI system.
        ("one two + three", 8, ["one", "  two +", "  three"]),
        ("one ::error::two", 8, ["one ::error::two"]),
    ],
)
def test_lines_end_between_words(line: str, width: int | None, lines: list[str]) -> None:
    assert fit(line, width) == lines


def test_colour_takes_no_room() -> None:
    painted = f"{ansi('warning', 'one two')} {ansi('faint', 'three')}"
    assert fit(painted, 13) == [painted]
    assert [columns(line) for line in fit(painted, 12)] == [7, 7]


def test_the_colour_of_a_column_ends_before_the_next() -> None:
    row = (
        Span("a/b/c/d/e/f/g", width=16),
        Span("pull: allowed", "added", 16),
        "   ",
        "f:1, as all",
    )
    assert fit(render([row], ansi), 20) == [
        "a/b/c/d/e/f/g",
        f"  {ansi('added', 'pull: allowed')}",
        "  f:1, as all",
        "",
    ]


def test_a_command_to_copy_stays_in_one_line() -> None:
    assert fit(f"saved; apply it with: {unbroken('reconcile apply plan.json')}", 30) == [
        "saved; apply it with:",
        "  reconcile apply plan.json",
    ]
    assert fit(unbroken("a b"), None) == ["a b"]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "é → …"), ("latin-1", "é -> ..."), ("ascii", r"\xe9 -> ...")],
)
def test_what_the_encoding_lacks_is_written_in_ascii(encoding: str, shown: str) -> None:
    assert fitted("é → …", Page(encoding=encoding)) == shown


def test_what_is_written_otherwise_counts_as_it_is_written() -> None:
    assert fitted("a → b c", Page(6, "ascii")) == "a -> b\n  c"


@given(st.text("ab +-~!|:\"' ", max_size=80).map(printable), st.integers(20, 60))
def test_nothing_is_lost_and_no_line_is_too_wide_for_its_words(text: str, width: int) -> None:
    lines = fit(text, width)
    assert "".join("".join(lines).split()).replace("|", "") == "".join(text.split()).replace(
        "|", ""
    )
    for line in lines[1:]:
        assert line.startswith("  ")
        assert not re.match(r" *([-+~!*] |::)", line)


@given(st.lists(st.text("abc:/", min_size=1, max_size=15), max_size=30), st.integers(24, 80))
def test_words_fill_the_lines(words: list[str], width: int) -> None:
    lines = fit("x " + " ".join(words).replace("::", "_"), width)
    assert all(len(line) <= width for line in lines)


def test_each_part_is_escaped_and_coloured_by_its_role() -> None:
    line = (Span("a\x1b[0m", "error"), ": ", "::error::b\n", Span("c"))
    assert render([line, ()], ansi) == "\x1b[1;31ma\\x1b[0m\x1b[0m: \\x3a:error::b\\x0ac\n\n"


def test_a_part_is_padded_as_it_is_shown() -> None:
    text = "a\u202e"
    width = shown_width(text) + 1
    assert render([(Span(text, width=width), "|")], plain) == "a\\u202e |\n"


def test_parts_do_not_spell_a_ci_command_together() -> None:
    for parts in (("##", "[error]x"), (" ", ":", ":error::x"), (Span("#", "hint"), "#vso[x]")):
        for paint in (plain, ansi):
            (line,) = render([parts], paint).splitlines()
            assert "##" not in line
            assert not line.lstrip().startswith("::")
