"""The whole access files of the documentation are in their canonical layout, as `fmt` writes it."""

import pytest

from reconciler.access_file.layout.canonical import canonical
from tests.guide import BLOCK, ROOT

STARTS = ("file", "include: ecr_access.yaml")
"""How the marks of whole files begin."""

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FILES = [
    pytest.param(block["text"], id=f"{page.name} {block['mark']}")
    for page in PAGES
    for block in BLOCK.finditer(page.read_text(encoding="utf-8"))
    if block["kind"] == "yaml" and (block["mark"] or "").startswith(STARTS)
]


def test_there_are_whole_files() -> None:
    assert len(FILES) > 15


@pytest.mark.parametrize("text", FILES)
def test_a_whole_file_is_canonical(text: str) -> None:
    assert canonical(text, "ecr_access.yaml") == text
