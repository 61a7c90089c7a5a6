"""Each file under `tests/invalid` is a test; together they show every rule."""

import ast
from pathlib import Path

import pytest

from reconciler.model.rules import RuleId, load_rules
from tests.access_file.invalid_cases import cases, load, output, rule_of
from tests.modules import MODULES, PACKAGE, nodes_of

ROOM = PACKAGE / "access_file"
INCLUDED = PACKAGE / "workflow" / "file" / "included.py"
RULES = {rule.id for rule in load_rules().values() if "problem" in rule.kinds}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_a_bad_file_says_what_is_expected(case: Path) -> None:
    assert output(case) == case.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_a_bad_file_breaks_the_rule_in_its_name(case: Path) -> None:
    loaded = load(case)
    found = {problem.rule for problem in loaded.problems}
    assert rule_of(case) in found
    assert found <= RULES


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_only_errors_make_a_file_invalid(case: Path) -> None:
    loaded = load(case)
    has_errors = any(problem.severity == "error" for problem in loaded.problems)
    assert (not loaded.parts) == has_errors


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_places_are_sorted_and_inside_the_file(case: Path) -> None:
    loaded = load(case)
    assert list(loaded.problems) == sorted(loaded.problems, key=lambda p: p.place)
    for problem in loaded.problems:
        for place in filter(None, (problem.place, problem.other)):
            lines = loaded.lines[place.path]
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


def test_every_rule_has_a_case() -> None:
    assert {rule_of(case) for case in cases()} == RULES


def test_every_rule_that_the_code_reports_is_in_the_table() -> None:
    assert rules_reported() <= RULES


def test_every_rule_in_the_table_is_in_the_code() -> None:
    code = "".join(module.read_text() for module in (*ROOM.rglob("*.py"), INCLUDED))
    assert [rule for rule in RULES if f"RuleId.{rule.name}" not in code] == []


def rules_reported() -> set[str]:
    """The ids in all calls that report a problem, where they are written out."""
    calls = [
        node
        for module in MODULES
        if module.is_relative_to(ROOM) or module == INCLUDED
        for node in nodes_of(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    reports = [call for call in calls if call.func.attr in {"error", "warning", "_stop"}]
    assert reports
    ids = [c.args[0].attr for c in reports if c.args and isinstance(c.args[0], ast.Attribute)]
    assert ids
    return {RuleId[name] for name in ids if name in RuleId.__members__}


def test_every_expected_output_has_its_file() -> None:
    folder = cases()[0].parent
    outputs = {path.stem for path in folder.glob("*.txt")}
    assert outputs == {case.stem for case in cases()}
