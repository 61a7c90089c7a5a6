"""Answers in every format: the golden ones, and text from outside, which stays text."""

import csv
import io
import json
import re

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.answers import (
    Answer,
    FileLine,
    Matrix,
    MatrixCell,
    MatrixRow,
    PolicyStatement,
)
from reconciler.policy import NamedPrincipal, Principal
from reconciler.policy.language.conditions import Clause
from reconciler.report.markdown import markdown_code
from reconciler.report.questions.answers import (
    render_access_of,
    render_answers_json,
    render_answers_markdown,
    render_can,
    render_who_can,
)
from reconciler.report.questions.matrix import (
    render_matrix,
    render_matrix_csv,
    render_matrix_markdown,
)
from reconciler.report.text import Page, ansi, plain
from tests.cli.hostile import ALL, LINES, faults
from tests.golden_answers import FOLDER, asked_file, expected_answers

NAMES = DisplayNames()
FORMULAS = ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=a,b\n=c"]
MARKUP = ["a|b", "`a`", "a\\|b", "<b>x</b>", "*a*_b_", "[a](b)", "@octocat", "#1", "\\", "a`|`b"]


def hostile_answers(text: str) -> list[Answer]:
    """Put a text wherever an answer has text."""
    subject = NamedPrincipal(Principal("AWS", (text,)), name=text)
    unnamed = NamedPrincipal(Principal("AWS", (text,)), (Clause("StringEquals", text, (text,)),))
    return [
        Answer(
            text, who, tier, frozenset({text}), "depends", "Allow", through, who.condition, source
        )
        for who, tier in ((subject, text), (unnamed, None))
        for through, source in (
            (None, FileLine(text, 1, text + "x", text)),
            ("organization", PolicyStatement("repository", 0, text)),
            ("account", PolicyStatement("registry", 0, text)),
        )
    ]


def hostile_matrix(text: str) -> Matrix:
    answers = hostile_answers(text)
    subjects = tuple(dict.fromkeys(answer.subject for answer in answers))
    cells = tuple(MatrixCell(who, text, text, None, ()) for who in subjects)
    return Matrix(subjects, (MatrixRow(text, cells), MatrixRow(text, (), "r", text)))


def test_each_output_is_the_golden_one() -> None:
    for name, text in expected_answers().items():
        assert (FOLDER / name).read_bytes().decode() == text, name


def test_every_output_has_a_golden_file() -> None:
    inputs = {"ecr_access.yaml", "live.json", "registry.json"}
    assert {path.name for path in FOLDER.iterdir()} == {*expected_answers(), *inputs}


@pytest.mark.parametrize("text", [ALL, *LINES, *FORMULAS, *MARKUP])
def test_no_format_shows_hostile_text_raw(text: str) -> None:
    answers, matrix = hostile_answers(text), hostile_matrix(text)
    for told in (
        render_who_can(answers, ("pull", text), NAMES, plain),
        render_who_can([], ("pull", text), NAMES, plain),
        render_can(answers, ("pull", text), NAMES, plain),
        render_access_of(answers, text, NAMES, (), plain),
        render_access_of([], text, NAMES, (text,), plain),
        render_answers_markdown(answers, NAMES, text),
        render_answers_json(answers),
        render_matrix(matrix, NAMES, plain, Page(80)),
        render_matrix_markdown(matrix, NAMES),
        render_matrix_csv(matrix, NAMES),
    ):
        assert faults(told) == []


@pytest.mark.parametrize("text", [ALL, *LINES, *FORMULAS, *MARKUP])
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(render_matrix_csv(hostile_matrix(text), NAMES), newline="")))
    assert {len(row) for row in rows} == {3}
    assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in {*"=+-@"} - {""}]


CODE = r"(`[^`]+`|<code>(&#(92|96|124);)+</code>)+"


@pytest.mark.parametrize("text", [ALL, *LINES, *FORMULAS, *MARKUP])
def test_markdown_keeps_its_cells_and_has_no_markup(text: str) -> None:
    for told in (
        render_answers_markdown(hostile_answers(text), NAMES),
        render_matrix_markdown(hostile_matrix(text), NAMES),
    ):
        table, _, legend = told.partition("\n\n")
        heads, _, *rows = table.splitlines()
        for line in legend.splitlines():
            assert re.fullmatch(rf"- {CODE}: ({CODE}|[\w ,']+)", line), line
        for row in rows:
            cells = re.split(r"(?<!\\)\|", row)[1:-1]
            assert len(cells) == heads.count("|") - 1
            for cell in cells:
                assert re.fullmatch(rf" ({CODE}|) ", cell), cell


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("payments/api", "`payments/api`"),
        ("", ""),
        (" a", "`  a `"),
        (" ", ""),
        ("a|`b", "`a`<code>&#124;&#96;</code>`b`"),
        ("a| |b@c.example", "`a`<code>&#124;</code>` `<code>&#124;</code>`b@c.example`"),
        ("<b>", "`<b>`"),
        ("\x1b[0m", "<code>&#92;</code>`x1b[0m`"),
    ],
)
def test_code_in_markdown(text: str, code: str) -> None:
    assert markdown_code(text) == code


def test_each_answer_in_json_has_the_same_keys() -> None:
    answers = json.loads(expected_answers()["who-can.json"])["answers"]
    keys = [
        "repository",
        "principal",
        "name",
        "tier",
        "actions",
        "verdict",
        "through",
        "conditions",
    ]
    assert {tuple(answer) for answer in answers} == {(*keys, "source")}
    assert {tuple(answer["source"]) for answer in answers} == {("path", "line")}
    live = json.loads(expected_answers()["who-can.live.json"])["answers"]
    assert {tuple(answer["source"]) for answer in live} == {("policy", "sid", "statement")}


def test_a_line_is_the_one_that_says_so() -> None:
    lines = asked_file().content.decode().splitlines()
    for answer in json.loads(expected_answers()["who-can.json"])["answers"]:
        line = lines[answer["source"]["line"] - 1]
        assert ("pull" in line) or ("read" in line), line


def test_colour_is_only_added() -> None:
    answers = hostile_answers("a/b")
    coloured = render_can(answers, ("pull", "a/b"), NAMES, ansi)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_can(
        answers, ("pull", "a/b"), NAMES, plain
    )


def test_the_matrix_fits_the_page_where_it_can() -> None:
    told = expected_answers()["matrix.txt"].split("\n\n  admins")[0]
    assert max(map(len, told.splitlines())) <= 100
    assert told.count("\nrepository") == 4


def test_no_repositories() -> None:
    assert render_matrix(Matrix((), ()), NAMES, plain, Page()) == "no repositories\n"


def test_what_is_not_known_is_no_lack_of_access() -> None:
    assert render_access_of([], "ci", NAMES, (), plain) == "ci has access to no repository.\n"
    told = render_access_of([], "ci", NAMES, ("app/api: access denied",), plain)
    assert told == "ci has access to no repository whose policy is known.\n"


def test_all_that_a_name_stands_for_is_in_the_same_columns() -> None:
    """A role's ARN differs in each partition, so that its name stands for several principals."""
    actions, line = frozenset({"ecr:batchgetimage"}), FileLine("f.yaml", 1, None, None)
    roles = [f"arn:{partition}:iam::444455556666:role/x" for partition in ("aws", "aws-cn")]
    answers = [
        Answer(repository, who, tier, actions, "allowed", "Allow", None, (), line)
        for role, repository, tier in zip(
            roles, ("a/b", "long/name"), ("push-pull", "pull"), strict=True
        )
        for who in (NamedPrincipal(Principal("AWS", (role,)), name="x"),)
    ]
    text = render_access_of(answers, "x", NAMES, [], plain)
    rows = [re.search("(?:push-)?pull: .*(f.yaml)", line) for line in text.splitlines()]
    first, second = (row for row in rows if row)
    assert (first.start(), first.start(1)) == (second.start(), second.start(1))
