"""The threat model names tests that exist, and every option that passes a guard."""

import ast
import re
from pathlib import Path

import pytest

from tests.cli.conftest import clean_environment, runner

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]*)::([^`]*)`", TEXT)))
COMMANDS = ("validate", "compile", "plan", "apply", "drift", "rollback")


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_named_test_exists(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    named = {name for of, name in NAMED if of == path}
    assert {name for name in named if name.startswith("test_")} == named
    assert sorted(named - functions) == []


def test_every_row_names_a_test() -> None:
    tables = re.findall(r"^\|[^|\n]*\|[^|\n]*\| shown by \|\n\|---.*\n((?:\|.*\n)+)", TEXT, re.M)
    assert len(tables) == TEXT.count("shown by |") == TEXT.count("**Not covered.**")
    rows = [row for table in tables for row in table.splitlines()]
    assert [row for row in rows if "`tests/" not in row.split("|")[-2]] == []


def test_every_option_that_allows_something_is_in_the_table(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    told = {
        option: set(commands.split(", "))
        for option, commands in re.findall(
            r"^\| `(--allow-[a-z-]+)[^`]*` \|.*\| (.*) \|$", TEXT, re.M
        )
    }
    found: dict[str, set[str]] = {}
    for command in COMMANDS:
        for option in re.findall(r"--allow-[a-z-]*[a-z]", run(command, "--help").out):
            found.setdefault(option, set()).add(command)
    assert found
    assert told == found


def test_it_can_be_read_in_a_sitting() -> None:
    assert len(TEXT.splitlines()) <= 150
