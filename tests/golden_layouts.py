"""The golden folders of `tests/fmt`: a file before and after `reconcile fmt`, byte by byte."""

from pathlib import Path

from reconciler.access_file.layout.canonical import canonical_layout

CASES = Path(__file__).parent / "fmt"


def layout_cases() -> list[Path]:
    """The folder of each case."""
    return sorted(CASES.iterdir())


def formatted(folder: Path) -> bytes:
    """What `before.yaml` becomes."""
    return canonical_layout((folder / "before.yaml").read_bytes(), "before.yaml").after.encode()
