"""`init --schema`: the starter file with the JSON schema beside it, which editors find."""

from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.pipelines.test_files import tool

SCHEMA = "ecr_access.schema.json"


def test_the_schema_is_beside_the_file_which_names_it(offline: Reconcile, folder: Path) -> None:
    (folder / "access").mkdir()
    done = offline("init", "--schema", "-f", "access/new.yaml")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(f"wrote access/new.yaml and access/{SCHEMA}; next: edit it, then ")
    schema = folder / "access" / SCHEMA
    assert schema.read_text() == offline("schema").out
    first, _, rest = (folder / "access" / "new.yaml").read_text().partition("\n")
    assert first == f"# yaml-language-server: $schema=./{SCHEMA}"
    assert offline("init", "-f", "plain.yaml").code == 0
    assert rest == (folder / "plain.yaml").read_text()
    assert offline("validate", "-f", "access/new.yaml").err == ""
    assert offline("fmt", "--check", "access/new.yaml").code == 0
    assert tool("check-jsonschema", "--schemafile", schema, folder / "access" / "new.yaml") == ""


@pytest.mark.parametrize("existing", [SCHEMA, "new.yaml"])
def test_nothing_is_written_where_one_of_both_exists(
    offline: Reconcile, folder: Path, existing: str
) -> None:
    (folder / existing).write_text("mine")
    before = {path.name for path in folder.iterdir()}
    done = offline("init", "--schema", "-f", "new.yaml")
    assert done.code == 5
    assert done.err.startswith(f"error: {existing} already exists; not overwritten\n")
    assert {path.name for path in folder.iterdir()} == before
    assert (folder / existing).read_text() == "mine"


def test_without_the_option_there_is_one_file(offline: Reconcile, folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    assert offline("init", "-f", "new.yaml").code == 0
    assert {path.name for path in folder.iterdir()} - before == {"new.yaml"}
