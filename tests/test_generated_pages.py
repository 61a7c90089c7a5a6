"""The pages that `make docs` makes are up to date, and the one of the keys has every key."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.guide import ROOT

DOCS = ROOT / "docs"
SCHEMA = json.loads((ROOT / "schema" / "ecr_access.schema.json").read_text(encoding="utf-8"))
KEYS = (DOCS / "keys.md").read_text(encoding="utf-8")
PAGES = ("commands", "keys", "rules")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_its_script_prints(page: str) -> None:
    done = subprocess.run(
        [sys.executable, DOCS / f"{page}.py"], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == (DOCS / f"{page}.md").read_text(encoding="utf-8")


def test_make_docs_makes_these_pages() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\ndocs:")[1].split("\n\n")[0]
    assert set(re.findall(r"docs/(\w+)\.md", recipe.partition("\n")[2])) == set(PAGES)


def described(schema: object) -> Iterator[tuple[str, str]]:
    """The keys that a schema has anywhere, with what it says about them, if it does so itself."""
    match schema:
        case dict():
            for name, key in schema.get("properties", {}).items():
                yield name, key.get("description", "")
            for inner in schema.values():
                yield from described(inner)
        case list():
            for inner in schema:
                yield from described(inner)


def test_every_key_of_the_schema_is_on_the_page() -> None:
    sections = re.findall(r"^##+ (\S+)\n\n.*\n\n(.*)\n", KEYS, re.MULTILINE)
    told = {(path.rpartition(".")[2], text.replace("\\", "")) for path, text in sections}
    names = {name for name, _ in told}
    keys = set(described(SCHEMA))
    assert len(keys) > 70
    assert [key for key in keys if key[0] not in names] == []
    assert [key for key in keys if key[1] and key not in told] == []


def test_every_key_has_an_example() -> None:
    sections = re.split(r"^##+ ", KEYS, flags=re.MULTILINE)[1:]
    assert [text for text in sections if "```yaml\n" not in text] == []
