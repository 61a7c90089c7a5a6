"""The matrix as a page: its data has every cell, and nothing in it is more than text."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.desired import compile_registry
from reconciler.model.access import DisplayNames
from reconciler.model.answers import Answer, FileLine, Matrix, MatrixCell, MatrixRow
from reconciler.model.registry import LiveRegistry, LiveRegistryPolicy, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.plan.checks.risks import StandingRisk
from reconciler.plan.model import Risk
from reconciler.plan.origin import Origin, PlannedRegistry
from reconciler.policy import NamedPrincipal, Principal
from reconciler.report.html.matrix_data import MatrixData, encode_matrix
from reconciler.report.html.matrix_page import render_matrix_html
from reconciler.report.html.page import content_digest
from reconciler.report.questions.answers import source_words
from reconciler.report.questions.matrix import cell_words
from reconciler.workflow.file.source import AccessSource, load
from reconciler.workflow.policies import compile_policies
from reconciler.workflow.questions.answers import access_overview
from reconciler.workflow.questions.asked_policies import live_policies
from tests.cli.hostile import ALL, LINES, MARKUP, faults
from tests.effort import examples
from tests.golden import FILE, NOW, case_folders, live_registry
from tests.golden_answers import asked_file, from_live
from tests.policy.making import allow
from tests.report.html_text import elements_of, raw_of, text_of
from tests.report.test_answers import hostile_matrix

NAMES = DisplayNames()
ORIGIN = Origin(
    "1.0.0", "ecr_access.yaml", "ab" * 32, (PlannedRegistry("111122223333", ("us-west-2",)),)
)
SCOPE = RegistryScope("111122223333", "us-west-2")
WHO = [
    NamedPrincipal(Principal("AWS", (f"arn:aws:iam::444455556666:role/r{number}",)), name=name)
    for number, name in enumerate(["a", "b", None, None])
]
PULL = frozenset({"ecr:BatchGetImage"})


class Decoded(NamedTuple):
    """What the page shows of a cell."""

    row: int
    column: int
    words: str
    mark: str
    places: tuple[int, ...]


def decoded(data: MatrixData) -> Iterator[Decoded]:
    """Decode the rows as the page's script does."""
    for row, text in enumerate(data["rows"]):
        numbers = iter(map(int, text.split(",")) if text else ())
        column = place = 0
        for step in numbers:
            column += step
            shape = data["shapes"][next(numbers)]
            places = []
            for _ in shape.givers:
                place += next(numbers)
                places.append(place)
            yield Decoded(row, column, shape.words, shape.mark, tuple(places))


def cell(who: NamedPrincipal, repository: str, words: str, *lines: int) -> MatrixCell:
    answers = tuple(
        Answer(
            repository, who, None, PULL, "allowed", source=FileLine(FILE, line, repository, None)
        )
        for line in lines
    )
    return MatrixCell(who, words, "", None, answers)


def matrix_of(*rows: MatrixRow) -> Matrix:
    return Matrix(tuple(WHO), rows)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    words, lines = st.sampled_from(["pull", "push", "other"]), st.integers(1, 99_999)
    rows = []
    for name in draw(st.lists(st.text("abc/*", min_size=1), unique=True, max_size=5)):
        who = [one for one in WHO if draw(st.booleans())]
        given = [draw(st.lists(lines, min_size=1, max_size=3)) for _ in who]
        cells = (cell(o, name, draw(words), *some) for o, some in zip(who, given, strict=True))
        rows.append(MatrixRow(name, tuple(cells)))
    return matrix_of(*rows)


@given(matrices())
def test_each_cell_is_in_the_data_with_its_words_and_lines(matrix: Matrix) -> None:
    data = encode_matrix(matrix, NAMES)
    assert list(decoded(data)) == [
        Decoded(
            number,
            WHO.index(one.subject),
            cell_words(one),
            "",
            tuple(source_words(answer).number for answer in one.answers),
        )
        for number, row in enumerate(matrix.rows)
        for one in row.cells
    ]
    assert data["cells"] == sum(len(row.cells) for row in matrix.rows)


def test_a_live_matrix_is_compared_where_the_file_manages_and_the_policy_is_known() -> None:
    live = matrix_of(
        MatrixRow("known", (cell(WHO[0], "known", "pull", 1), cell(WHO[1], "known", "push", 2))),
        MatrixRow("unknown", (), error="access denied"),
        MatrixRow("unmanaged", (cell(WHO[0], "unmanaged", "pull", 3),)),
    )
    known = (cell(WHO[1], "known", "pull", 4), cell(WHO[2], "known", "pull", 5))
    unknown = (cell(WHO[0], "unknown", "pull", 6),)
    desired = matrix_of(MatrixRow("known", known), MatrixRow("unknown", unknown))
    data = encode_matrix(live, NAMES, desired=desired)
    assert [found[:4] for found in decoded(data)] == [
        (0, 0, "pull", "only live"),
        (0, 1, "push", "differs"),
        (0, 2, "pull", "not live"),
        (2, 0, "pull", ""),
    ]
    assert (data["cells"], data["differences"]) == (3, 3)
    assert data["repositories"][1].error == "access denied"


def sources() -> Iterator[AccessSource]:
    yield asked_file()
    for folder in case_folders():
        source = load((folder / FILE).read_bytes(), FILE, file=folder / FILE, now=NOW)
        yield from (source._replace(parts=(part,)) for part in source.parts)


def applied(source: AccessSource) -> MatrixData:
    """The data of the matrix of a registry that has what the file asks for."""
    wanted = compile_policies(source)
    of_registry = re.compile(r"[* ]")  # patterns, and what is no repository's
    live = {n: policy for n, policy in wanted.items() if not of_registry.search(n)}
    scope = source.parts[0].registry.scopes[0]
    own = LiveRegistryPolicy(compile_registry(source.parts[0], scope, NOW), "V2")
    found = live_policies([live_registry(scope, live)._replace(policy=own)])
    seen = access_overview(source, live=lambda _source, _globs: [found])
    return encode_matrix(seen.result.matrix, seen.result.display_names, desired=seen.desired)


def test_what_was_applied_shows_no_difference() -> None:
    for source in sources():
        data = applied(source)
        assert [one for one in decoded(data) if one.mark] == []
        assert data["differences"] == 0


LEFT_ALONE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1]}
accounts: {workloads: "444455556666", staging: "777788889999"}
repositories:
  app: {access: {staging: admin}}
"""


def live_app(region: str, *statements: object) -> LiveRegistry:
    document = {"Version": "2012-10-17", "Statement": statements}
    return live_registry(RegistryScope("111122223333", region), {"app": document})


def marks_of(*live: LiveRegistry) -> list[tuple[str, str, str]]:
    """Return the region, words and mark of each cell that differs from LEFT_ALONE."""
    source = load(LEFT_ALONE.encode(), FILE, now=NOW)
    seen = access_overview(source, live=lambda _source, _globs: [live_policies(live)])
    data = encode_matrix(seen.result.matrix, seen.result.display_names, desired=seen.desired)
    regions = [repository.region for repository in data["repositories"]]
    return [(regions[one.row], one.words, one.mark) for one in decoded(data) if one.mark]


ADMIN = allow("777788889999", ["ecr:*"])
OF_LAMBDA = {
    "Sid": "LambdaECRImageRetrievalPolicy",
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    "Condition": {
        "StringLike": {"aws:SourceArn": "arn:aws:lambda:us-west-2:444455556666:function:*"}
    },
}


def test_what_a_plan_leaves_alone_shows_no_difference() -> None:
    """Statements that others cover, and those of others that are kept."""
    covered = allow("777788889999", ["ecr:BatchGetImage"])
    west = live_app("us-west-2", ADMIN, covered, OF_LAMBDA)
    assert marks_of(west, live_app("eu-west-1", ADMIN)) == []
    assert marks_of(live_app("us-west-2", ADMIN, {**OF_LAMBDA, "Sid": "Ours"})) == [
        ("", "lambda", "only live")
    ]


@pytest.mark.parametrize(
    ("actions", "look"),
    [
        ({"ecr:BatchGetImage", "ecr:ListImages"}, "pull"),
        ({"ecr:PutImage"}, "push"),
        ({"ecr:PutImage", "ecr:BatchGetImage"}, "push-pull"),
        ({"ecr:SetRepositoryPolicy"}, "admin"),
        ({"ecr:*"}, "admin"),
        ({"ecr:ListImages"}, "other"),
    ],
)
def test_other_access_looks_like_what_it_resembles(actions: set[str], look: str) -> None:
    answer = Answer("a", WHO[0], None, frozenset(actions), "allowed")
    row = MatrixRow("a", (MatrixCell(WHO[0], "some words", "", None, (answer,)),))
    (shape,) = encode_matrix(matrix_of(row), NAMES)["shapes"]
    assert shape.look == look


def test_a_risk_marks_the_cell_of_its_principal() -> None:
    matrix = matrix_of(MatrixRow("a", ()), MatrixRow("b", (cell(WHO[1], "b", "pull", 1),)))
    risks = [
        StandingRisk("b", None, Risk(RuleId.ADMIN, WHO[1].principal)),
        StandingRisk("b", None, Risk(RuleId.ADMIN, Principal("AWS", ("nobody's",)))),
    ]
    data = encode_matrix(matrix, NAMES, risks)
    assert data["risks"] == [(1, 1)]
    page = text_of(render_matrix_html(matrix, NAMES, ORIGIN, risks))
    assert "admin arn:aws:iam::444455556666:role/r1 may do everything b " in page


def hostile_page(text: str) -> str:
    matrix = hostile_matrix(text)
    risk = StandingRisk(text, None, Risk(RuleId.ADMIN, Principal("AWS", (text,)), (), text))
    where = Origin("1.0.0", text, text, (PlannedRegistry(text, (text,)),))
    return render_matrix_html(matrix, NAMES, where, [risk], matrix)


@pytest.mark.parametrize(
    "text",
    [*MARKUP, *LINES, ALL, "</script><b>", "<!--<script>", "]]>", "\u2028\u2029", "x" * 10_000],
)
def test_no_text_becomes_an_element(text: str) -> None:
    page = hostile_page(text)
    assert elements_of(page) == elements_of_harmless()
    assert faults(page) == []


@examples(20)
@given(st.text(min_size=1))
def test_no_random_text_becomes_an_element(text: str) -> None:
    assert elements_of(hostile_page(text)) == elements_of_harmless()


@cache
def elements_of_harmless() -> list[str]:
    return elements_of(hostile_page("harmless"))


def test_the_data_is_read_back_as_it_was_escaped() -> None:
    data = json.loads(raw_of(hostile_page("<b>&\u202e##[error]\u2028"))["script"])
    assert data["repositories"][0][0] == "<b>&\\u202e\\x23#[error]\\u2028"


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    raw = raw_of(hostile_page("harmless"))
    assert raw["policy"] == (
        f"default-src 'none'; style-src '{content_digest(raw['style'])}'; "
        f"script-src '{content_digest(raw['script2'])}'; base-uri 'none'; form-action 'none'"
    )


def test_the_script_makes_no_markup_and_asks_for_nothing() -> None:
    script = (files("reconciler.report.html") / "templates" / "matrix.js").read_text()
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|fetch|import\("
    assert re.findall(forbidden, script) == []
    page = hostile_page("harmless")
    assert page.isascii()
    assert not {e.split()[0] for e in elements_of(page)} & {"link", "img", "iframe", "object"}
    assert "src" not in {word for e in elements_of(page) for word in e.split()[1:]}


def test_the_page_of_a_file_and_of_a_registry() -> None:
    of_file, live = access_overview(asked_file()), access_overview(asked_file(), live=from_live)
    pages = [
        text_of(
            render_matrix_html(
                seen.result.matrix, seen.result.display_names, seen.origin, seen.risks, seen.desired
            )
        )
        for seen in (of_file, live)
    ]
    assert pages[0].startswith("Access in the file ecr_access.yaml 111122223333 us-west-2")
    assert "4 repositories 13 principals 28 grants 2 risks" in pages[0]
    assert pages[1].startswith("Live access ecr_access.yaml 111122223333 us-west-2")
    assert "21 differences" in pages[1]
    assert "public everyone includes callers from accounts that are not named =cmd|x " in pages[1]
