"""Each folder under `tests/cases` is a test: see tests/README.md."""

from pathlib import Path

import pytest

from tests.golden import case_folders, expected_output


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_the_output_is_the_golden_one(folder: Path) -> None:
    for name, text in expected_output(folder).items():
        assert (folder / name).read_text() == text, f"{name} differs"
