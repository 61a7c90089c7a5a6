"""docs/recipes.md is true: its files have no problems, and plans on the embedded ECR are these."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.access_file.files import load_access
from tests.cli.conftest import runner, sandbox_environment
from tests.guide import BLOCK, ROOT, marked, shell, typed_all

GUIDE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^<!-- file: (.*) -->$", GUIDE, re.MULTILINE)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    """The registry of the introduction."""
    introduction = GUIDE.partition("which have no policies")[0]
    with Sandbox() as sandbox:
        for name in re.findall(r"`(\w+/\w+)`", introduction):
            sandbox.create_repository(name)
        yield sandbox


def test_every_recipe_shows_its_plan() -> None:
    marks = [block["mark"] for block in BLOCK.finditer(GUIDE)]
    assert RECIPES
    assert marks == [mark for name in RECIPES for mark in (f"file: {name}", f"output: {name}")]


@pytest.mark.parametrize("name", RECIPES)
def test_a_file_has_no_problems(name: str) -> None:
    content = marked(GUIDE, f"file: {name}").encode()
    assert load_access(content, "ecr_access.yaml", now=NOW).problems == ()


@pytest.mark.parametrize("name", RECIPES)
def test_a_plan_is_the_one_that_is_shown_and_can_be_applied(
    tmp_path: Path, ecr: Sandbox, name: str
) -> None:
    (tmp_path / "ecr_access.yaml").write_text(marked(GUIDE, f"file: {name}"))
    shown = marked(GUIDE, f"output: {name}")
    printed = shell(typed_all(shown), tmp_path, sandbox_environment(ecr))
    assert printed.splitlines() == shown.splitlines()
    reconcile = runner(tmp_path, sandbox_environment(ecr))
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("plan", "--exit-code").code == 0


def test_the_statement_of_another_tool_stays(tmp_path: Path, ecr: Sandbox) -> None:
    (tmp_path / "ecr_access.yaml").write_text(marked(GUIDE, "file: keep"))
    backup = {
        "Sid": "BackupTool",
        "Effect": "Allow",
        "Principal": {"Service": "backup.amazonaws.com"},
        "Action": "ecr:BatchGetImage",
    }
    ecr.set_policy_text("payments/api", json.dumps({"Statement": [backup]}))
    assert runner(tmp_path, sandbox_environment(ecr))("apply", "--yes").code == 0
    statements = json.loads(ecr.policy_text("payments/api") or "{}")["Statement"]
    assert sorted(statement["Sid"] for statement in statements) == ["BackupTool", "EcrAccessPull"]
