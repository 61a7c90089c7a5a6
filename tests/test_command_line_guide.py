"""The pages about the command line are true: every command, every option, every exit code."""

import re
from pathlib import Path

from reconciler.cli.exits import Exit
from tests.cli.conftest import clean_environment, runner
from tests.guide import ROOT

GUIDE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
OPTIONS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("\n## ")[0]


def section(title: str) -> str:
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_exit_codes_table_names_every_code() -> None:
    codes = re.findall(r"^\| (\d) \|", section("Exit codes"), re.MULTILINE)
    assert [int(code) for code in codes] == list(Exit)


def test_every_command_is_in_the_table(tmp_path: Path) -> None:
    help_text = runner(tmp_path, {})("--help").out
    listed = re.findall(r"^  ([a-z]+)  ", help_text.split("Commands:")[1], re.MULTILINE)
    assert set(listed) == set(re.findall(r"^\| \[`([a-z]+)[^`]*`", TABLE, re.MULTILINE))


def test_every_command_with_options_is_in_the_table() -> None:
    anchors = {title.replace(" ", "-") for title in re.findall(r"^## ([a-z -]+)$", OPTIONS, re.M)}
    assert anchors == set(re.findall(r"\(commands\.md#([a-z-]+)\)", TABLE))


def test_the_options_of_a_command_are_those_of_its_help(tmp_path: Path) -> None:
    help_text = runner(tmp_path, clean_environment())("apply", "--help").out
    shown = re.split(r"^## ", OPTIONS, flags=re.MULTILINE)
    (apply,) = [text for text in shown if text.startswith("apply\n")]
    pattern = r"--[a-z][a-z-]+[a-z]"
    assert set(re.findall(pattern, help_text)) == {*re.findall(pattern, apply), "--help"}
    assert "env var: ECR_ACCESS_FILE; default: ecr_access.yaml" in apply


def test_the_environment_variables_are_read() -> None:
    names = re.findall(r"`([A-Z_]+)`", section("Environment variables"))
    package = "".join(path.read_text() for path in (ROOT / "reconciler").rglob("*.py"))
    assert len(names) > 5
    assert [name for name in names if name[:4] != "AWS_" and f'"{name}"' not in package] == []
