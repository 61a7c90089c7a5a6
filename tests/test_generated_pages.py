"""What `make docs` makes is up to date, and the page of the keys has every key."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from reconciler.model.rules import RuleId
from tests.guide import ROOT

DOCS = ROOT / "docs"
SCHEMA = json.loads((ROOT / "schema" / "ecr_access.schema.json").read_text(encoding="utf-8"))
KEYS = (DOCS / "keys.md").read_text(encoding="utf-8")
RECIPE = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ndocs:")[1].split("\n\n")[0]
MADE = re.findall(r"^\t\$\(BIN\)/python (.*) > (.*)$", RECIPE, re.MULTILINE)
"""How `make docs` makes each file: the arguments of Python, and the file."""


@pytest.mark.parametrize(("script", "made"), MADE, ids=[made for _, made in MADE])
def test_a_file_is_what_its_script_prints(script: str, made: str) -> None:
    done = subprocess.run(
        [sys.executable, *script.split()],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == (ROOT / made).read_text(encoding="utf-8")


def test_each_script_is_of_make_docs() -> None:
    assert len(MADE) == RECIPE.count("$(BIN)")
    names = {re.sub(r"^docs/|\.py$|^-m docs\.", "", script) for script, _ in MADE}
    assert {path.stem for path in DOCS.glob("*.py")} == names | {"conf", "images"}


def test_the_anchor_of_a_rule_is_its_id() -> None:
    headings = re.findall(
        r"^## (.*)$", (DOCS / "rules.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(headings) == sorted(RuleId)
    assert [name for name in headings if not re.fullmatch(r"[a-z]+([-_][a-z0-9]+)*", name)] == []


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
