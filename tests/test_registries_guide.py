"""docs/registries.md is true: its file is that of a golden case, and so is what it shows."""

from pathlib import Path

from tests.golden import CASES

GUIDE = (Path(__file__).parents[1] / "docs" / "registries.md").read_text(encoding="utf-8")
CASE = CASES / "several-registries"


def test_its_file_and_its_heading_are_those_of_the_case() -> None:
    _, file, _, heading, *_ = GUIDE.split("```")
    assert file.removeprefix("yaml\n") == (CASE / "ecr_access.yaml").read_text()
    assert heading.strip() in (CASE / "plan.txt").read_text().splitlines()
