"""The entry for the catalog of SchemaStore, which gives editors the schema by a file's name."""

import json
from urllib.parse import urlsplit

from reconciler.cli.options import DEFAULT_FILE
from tests.guide import ROOT

ENTRY = json.loads((ROOT / "docs" / "schemastore.json").read_text(encoding="utf-8"))


def schema_of(url: str) -> dict[str, object]:
    """The schema of this tree that has this address in the repository that publishes it."""
    address = urlsplit(url)
    _, _, name, _, *path = address.path.split("/")
    assert (address.scheme, name) == ("https", "reconcile")
    loaded = json.loads(ROOT.joinpath(*path).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_it_has_what_the_catalog_asks_for() -> None:
    assert list(ENTRY) == ["name", "description", "fileMatch", "url"]


def test_it_is_for_the_file_that_commands_read_by_default() -> None:
    assert DEFAULT_FILE.name in ENTRY["fileMatch"]
    assert {name.partition(".")[0] for name in ENTRY["fileMatch"]} == {DEFAULT_FILE.stem}


def test_it_leads_to_the_schema_of_the_access_file() -> None:
    schema = schema_of(ENTRY["url"])
    assert schema["$id"] == "urn:reconcile:schema:ecr_access:1"
    assert schema["description"] == ENTRY["description"]
