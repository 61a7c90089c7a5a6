"""JUnit XML: another reader finds each problem once, whatever its texts hold."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from reconciler.access_file.document.problems import Place, Problem
from reconciler.model.rules import RuleId
from reconciler.report.file.junit import render_problems_junit
from tests.access_file.invalid_cases import cases, load
from tests.cli.hostile import ALL, faults

PROBLEM = Problem(RuleId.UNKNOWN_TIER, "error", "bad", Place("a.yaml", 1, 1))
LINES = {"a.yaml": ["ci: pulll"]}


def read(text: str) -> list[TestCase]:
    """The cases of a report, whose totals are theirs."""
    report = JUnitXml.fromstring(text.encode())
    (suite,) = report
    assert isinstance(suite, TestSuite)
    found = list(suite)
    results = [type(result) for case in found for result in case.result]
    for total in (report, suite):
        assert total.tests == len(found)
        assert total.failures == results.count(Failure)
        assert total.skipped == results.count(Skipped)
        assert total.errors == results.count(Error) == 0
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_each_problem_of_a_bad_file_is_one_case(case: Path) -> None:
    checked = load(case)
    found = read(render_problems_junit(case.name, checked.problems, checked.lines))
    assert len({(one.classname, one.name) for one in found}) == len(found)
    results = [(result.type, type(result)) for one in found for result in one.result]
    kinds = {"error": Failure, "warning": Skipped}
    assert results == [(p.rule, kinds[p.severity]) for p in checked.problems]
    assert [one.name for one in found if not one.result] == (["valid"] if checked.parts else [])


def test_a_valid_file_is_one_case_that_passes() -> None:
    (case,) = read(render_problems_junit("a.yaml", [], LINES))
    assert (case.classname, case.name, case.is_passed) == ("a.yaml", "valid", True)


def test_a_failure_has_the_line_and_the_hint() -> None:
    problem = PROBLEM._replace(hint="did you mean 'pull'?", place=Place("a.yaml", 1, 5))
    (case,) = read(render_problems_junit("a.yaml", [problem], LINES))
    assert case.name == "unknown-tier at 1:5"
    assert case.result[0].message == "bad"
    assert case.result[0].text == (
        "a.yaml:1:5: unknown-tier: bad\n  ci: pulll\n      ^ error\n  hint: did you mean 'pull'?\n"
    )


def test_problems_of_one_rule_and_place_have_names_of_their_own() -> None:
    problems = [PROBLEM, PROBLEM._replace(message="worse")]
    names = [case.name for case in read(render_problems_junit("a.yaml", problems, LINES))]
    assert names == ["unknown-tier at 1:1", "unknown-tier at 1:1 (2)"]


def test_a_problem_of_another_file_does_not_change_a_name() -> None:
    problems = [PROBLEM, PROBLEM._replace(place=Place("b.yaml", 1, 1))]
    found = read(render_problems_junit("a.yaml", problems, LINES))
    assert [(case.classname, case.name) for case in found] == [
        ("a.yaml", "unknown-tier at 1:1"),
        ("b.yaml", "unknown-tier at 1:1"),
    ]


@given(st.text(), st.text(), st.text())
def test_any_text_is_xml(message: str, line: str, path: str) -> None:
    problem = PROBLEM._replace(message=message, hint=line, place=Place(path, 1, 1))
    text = render_problems_junit(path, [problem], {path: [line]})
    (case,) = read(text)
    assert case.result[0].type == "unknown-tier"
    assert faults(text) == []


def test_hostile_text_is_text() -> None:
    problem = PROBLEM._replace(message=ALL, hint=ALL)
    warning = problem._replace(severity="warning")
    assert faults(render_problems_junit(ALL, [problem, warning], {"a.yaml": [ALL]})) == []
