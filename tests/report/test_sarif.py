"""SARIF is valid by its schema, and its places and rules are those of the problems."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from reconciler.access_file.document.problems import Place, Problem, Suggestion
from reconciler.model.rules import RuleId
from reconciler.report.file.sarif import render_problems_sarif
from tests.access_file.invalid_cases import cases, load
from tests.cli.hostile import ALL, faults

RULE = RuleId.UNKNOWN_TIER
SCHEMA = Path(__file__).parent / "sarif-2.1.0.schema.json"


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def run_of(problems: Sequence[Problem], lines: Mapping[str, Sequence[str]]) -> Any:
    """The run of a log that the schema accepts."""
    log = json.loads(render_problems_sarif(problems, lines))
    validator().validate(log)
    (run,) = log["runs"]
    return run


def result_of(problem: Problem, line: str = "") -> Any:
    (result,) = run_of([problem], {problem.place.path: [line]})["results"]
    return result


def problem(message: str = "bad", path: str = "a.yaml", line: int = 1, column: int = 1) -> Problem:
    return Problem(RULE, "error", message, Place(path, line, column))


def test_the_schema_rejects_what_is_no_log() -> None:
    assert not validator().is_valid({"version": "2.1.0", "runs": [{"results": []}]})
    assert not validator().is_valid({"version": "2.1.0", "runs": [], "run": 1})


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_the_problems_of_each_bad_file_are_results(case: Path) -> None:
    checked = load(case)
    run = run_of(checked.problems, checked.lines)
    rules = run["tool"]["driver"]["rules"]
    found = [
        (
            rules[result["ruleIndex"]]["id"],
            result["level"],
            *result["locations"][0]["physicalLocation"]["region"].values(),
        )
        for result in run["results"]
    ]
    assert found == [(p.rule, p.severity, p.place.line, p.place.column) for p in checked.problems]
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}
    fingerprints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)


def test_a_valid_file_has_no_results() -> None:
    assert run_of([], {})["results"] == []


def test_a_second_place_is_a_related_location() -> None:
    clash = problem()._replace(other=Place("b.yaml", 4, 3))
    (related,) = result_of(clash)["relatedLocations"]
    place = related["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "b.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 3}


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("access.d/a b#1%.yaml", {"uri": "access.d/a%20b%231%25.yaml", "uriBaseId": "%SRCROOT%"}),
        ("c:ä.yaml", {"uri": "c%3A%C3%A4.yaml", "uriBaseId": "%SRCROOT%"}),
        ("\udcff.yaml", {"uri": "%FF.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/etc/a?.yaml", {"uri": "file:///etc/a%3F.yaml"}),
    ],
)
def test_a_path_is_an_address(path: str, location: dict[str, str]) -> None:
    (found,) = result_of(problem(path=path))["locations"]
    assert found["physicalLocation"]["artifactLocation"] == location


@pytest.mark.parametrize(
    ("line", "column", "deleted"),
    [
        ("ci: pulll", 5, (5, 10)),
        ("  ci: {tier: pulll}", 14, (14, 19)),
        ("ci: [pulll, pull]", 6, (6, 11)),
        ("🐙: 'pulll' # pull", 4, (5, 10)),
        ('"pulll": x', 1, (2, 7)),
        ("pulll: x", 1, (1, 6)),
        ("ci: &a pulll", 5, None),
        ('ci: "pull\\x6c"', 5, None),
        ("ci: pulllll", 5, None),
        ("ci: 'pulll", 5, None),
        ("ci:", 5, None),
    ],
)
def test_a_fix_replaces_the_word_and_nothing_else(
    line: str, column: int, deleted: tuple[int, int] | None
) -> None:
    found = problem(column=column)._replace(
        hint="did you mean 'pull'?", suggested=Suggestion("pulll", "pull")
    )
    result = result_of(found, line)
    if deleted is None:
        assert "fixes" not in result
        return
    ((change,),) = (fix["artifactChanges"] for fix in result["fixes"])
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    assert (region["startColumn"], region["endColumn"]) == deleted
    assert line[deleted[0] - 1 : deleted[1] - 1] == "pulll"
    assert replacement["insertedContent"] == {"text": "pull"}


@pytest.mark.parametrize("meant", ["true", "null", "7", "444455556666", "a b", "it's", "", "a:"])
def test_what_would_need_quotes_is_no_fix(meant: str) -> None:
    suggested = Suggestion("pulll", meant)
    found = problem()._replace(hint="did you mean that?", suggested=suggested)
    assert "fixes" not in result_of(found, "pulll")


def test_a_fingerprint_outlives_lines_that_are_added_above() -> None:
    before = result_of(problem(line=1), "  ci: pulll")
    (after,) = run_of([problem(line=2)], {"a.yaml": ["# new", "    ci: pulll"]})["results"]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    other = result_of(problem(line=1), "  ci: pushh")
    assert before["partialFingerprints"] != other["partialFingerprints"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("'{0}' is not a tier", "'{{0}}' is not a tier"),
        ("write {role: NAME}, or [a, b]", "write {role: NAME}, or [a, b]"),
        ("[a](http://b.example)", r"\[a\](http://b.example)"),
        ("[0](1) {12}", r"\[0\](1) {{12}}"),
    ],
)
def test_a_message_has_neither_placeholders_nor_links(message: str, shown: str) -> None:
    assert result_of(problem(message))["message"]["text"] == shown


@given(st.text(), st.text(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_a_valid_log(message: str, line: str, path: str) -> None:
    found = problem(message, path)._replace(hint=line)
    run_of([found], {path: [line]})
    assert faults(render_problems_sarif([found], {path: [line]})) == []


def test_hostile_text_is_text() -> None:
    found = problem(ALL)._replace(hint=ALL)
    assert faults(render_problems_sarif([found], {"a.yaml": [ALL]})) == []
