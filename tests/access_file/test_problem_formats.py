"""Problems as text and as JSON, whatever the file holds."""

import json

from reconciler.access_file.document.problems import Place, Problem, quote
from reconciler.closest import did_you_mean
from reconciler.report.file.problems import render_problems, render_problems_json, render_verdict
from reconciler.report.text import ansi, plain


def problem(column: int = 1, **changes: object) -> Problem:
    fields = {
        "rule": "bad-value",
        "severity": "error",
        "message": "m",
        "place": Place("f", 1, column),
    }
    return Problem(**{**fields, **changes})


def test_text_has_place_rule_line_caret_and_hint() -> None:
    shown_ = render_problems(
        [problem(4, hint="h", other=Place("g", 7, 8))], {"f": ("ab: cd",)}, plain
    )
    assert shown_ == "f:1:4: bad-value: m\n  ab: cd\n     ^ error\n  see g:7:8\n  hint: h\n"


def test_text_lines_up_with_wide_and_combining_characters() -> None:
    shown_ = render_problems([problem(4)], {"f": ("日e\u0301x",)}, plain)
    assert shown_.splitlines()[2] == "     ^ error"


def test_text_shows_the_part_of_a_long_line_that_matters() -> None:
    line = "a" * 500 + "X" + "b" * 500
    _, excerpt, caret = render_problems([problem(501)], {"f": (line,)}, plain).splitlines()
    assert len(excerpt) < 120
    assert excerpt[caret.index("^")] == "X"


def test_nothing_that_steers_a_terminal_gets_out() -> None:
    bad = "\x1b[31m\u202e\x07\r"
    text = render_problems(
        [problem(3, message=bad, hint=bad, place=Place(bad, 1, 3))], {bad: (f"x {bad}",)}, plain
    )
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b[31m\\u202e\\x07\\x0d" in text


def test_a_line_that_is_not_there_or_empty_is_not_shown() -> None:
    for lines in ({}, {"f": ("",)}):
        assert len(render_problems([problem()], lines, plain).splitlines()) == 1


def test_colour_adds_and_changes_no_text() -> None:
    problems, lines = [problem(2, hint="h", severity="warning")], {"f": ("abc",)}
    painted = render_problems(problems, lines, ansi)
    assert "\x1b[" in painted
    for code in ("0", "1", "31", "33", "36", "1;31", "2"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == render_problems(problems, lines, plain)


def test_the_verdict_counts() -> None:
    warning = problem(severity="warning")
    assert render_verdict("f", [], plain) == "f is valid\n"
    assert render_verdict("f", [warning], plain) == "f is valid: 1 warning\n"
    assert render_verdict("f", [problem(), problem(2), warning], plain) == (
        "f is invalid: 2 errors, 1 warning\n"
    )


def test_the_verdict_names_the_files_that_have_errors() -> None:
    elsewhere, there = (problem(place=Place(name, 1, 1)) for name in ("team.yaml", "rules.yaml"))
    warning = problem(severity="warning")
    assert render_verdict("f", [warning, elsewhere], plain) == (
        "team.yaml is invalid: 1 error, 1 warning\n"
    )
    assert render_verdict("f", [elsewhere, there, elsewhere], plain) == (
        "team.yaml, rules.yaml are invalid: 3 errors\n"
    )


def test_json_has_the_keys_of_the_contract() -> None:
    document = json.loads(render_problems_json([problem(4, hint="h")]))
    assert document == {
        "valid": False,
        "problems": [
            {
                "severity": "error",
                "rule": "bad-value",
                "message": "m",
                "path": "f",
                "line": 1,
                "column": 4,
                "hint": "h",
            }
        ],
    }
    assert json.loads(render_problems_json([problem(severity="warning")]))["valid"] is True
    other = json.loads(render_problems_json([problem(other=Place("g", 7, 8))]))["problems"][0]
    assert other["other"] == {"path": "g", "line": 7, "column": 8}


def test_a_value_is_shown_short_and_safe() -> None:
    assert quote("a\x1b") == "'a\\x1b'"
    assert len(quote("x" * 1000)) < 70
    assert [quote(v) for v in (None, True, 5, [], {})] == [
        "nothing",
        "true",
        "5",
        "a list",
        "a mapping",
    ]


def test_what_was_meant_is_guessed_only_where_it_is_close() -> None:
    assert did_you_mean("pulll", ["push", "pull"]) == "did you mean 'pull'?"
    assert did_you_mean("PULL", ["push", "pull"]) == "did you mean 'pull'?"
    assert did_you_mean("whatever", ["push", "pull"]) is None
    assert did_you_mean("x" * 10_000, ["push", "pull"]) is None
