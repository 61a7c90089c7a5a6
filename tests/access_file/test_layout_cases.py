"""Each folder under `tests/fmt` is a test: see tests/README.md."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.access_file.layout.canonical import canonical_layout
from tests.access_file.files import load_access
from tests.golden_layouts import formatted, layout_cases

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PART = "included-file"


@pytest.mark.parametrize("folder", layout_cases(), ids=lambda folder: folder.name)
def test_the_layout_is_the_golden_one(folder: Path) -> None:
    after = (folder / "after.yaml").read_bytes()
    assert formatted(folder) == after
    assert canonical_layout(after, "after.yaml").is_canonical


@pytest.mark.parametrize("folder", layout_cases(), ids=lambda folder: folder.name)
def test_the_file_is_valid(folder: Path) -> None:
    """One that is not would never be formatted."""
    for name in ("before.yaml", "after.yaml"):
        loaded = load_access((folder / name).read_bytes(), name, now=NOW)
        assert bool(loaded.parts) == (folder.name != PART), loaded.problems
