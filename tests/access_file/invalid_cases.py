"""The bad files under `tests/invalid`, and what `validate` says of each."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from reconciler.access_file.load import Loaded
from reconciler.report.file.problems import render_problems
from reconciler.report.text import plain
from reconciler.workflow.file.source import validate
from tests.access_file.files import load_access

FOLDER = Path(__file__).parents[1] / "invalid"
MAIN = "ecr_access.yaml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cases() -> list[Path]:
    """The files, and the folders of files that include others."""
    folders = (file.parent for file in FOLDER.glob(f"*/{MAIN}"))
    return sorted([*files(), *folders])


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def rule_of(case: Path) -> str:
    """`RULE.yaml`, `RULE.VARIANT.yaml` and the folder `RULE/` are cases of one rule."""
    return case.name.partition(".")[0]


@cache
def load(case: Path) -> Loaded:
    if case.is_dir():
        file = case / MAIN
        return validate(file.read_bytes(), MAIN, file=file, now=NOW)
    return load_access(case.read_bytes(), case.name, now=NOW)


def output(case: Path) -> str:
    loaded = load(case)
    return render_problems(loaded.problems, loaded.lines, plain)


def rewrite() -> None:
    for case in cases():
        case.with_suffix(".txt").write_text(output(case), encoding="utf-8")
