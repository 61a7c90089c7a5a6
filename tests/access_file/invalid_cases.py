"""The bad files under `tests/invalid`, and what `validate` says of each."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from reconciler.access_file.load import Loaded, load_access
from reconciler.report.problems import render_problems
from reconciler.report.text import plain

FOLDER = Path(__file__).parents[1] / "invalid"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cases() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def rule_of(case: Path) -> str:
    """`RULE.yaml` and `RULE.VARIANT.yaml` are cases of one rule."""
    return case.name.partition(".")[0]


@cache
def load(case: Path) -> Loaded:
    return load_access(case.read_bytes(), case.name, now=NOW)


def output(case: Path) -> str:
    loaded = load(case)
    return render_problems(loaded.problems, loaded.lines, plain)


def rewrite() -> None:
    for case in cases():
        case.with_suffix(".txt").write_text(output(case), encoding="utf-8")
