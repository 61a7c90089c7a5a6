"""`reconcile compile --repository`: entries, patterns, and what only patterns match."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SEED, Reconcile

PATTERNS = """\
  "payments/*": {access: {runtime: push}}
  "payments/w*": {access: {ci: pull}}
"""


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "ecr_access.yaml"
    path.write_text(SEED + PATTERNS)
    return path


@pytest.mark.parametrize(
    ("name", "sids"),
    [
        ("payments/worker", ["EcrAccessPull", "EcrAccessPush"]),
        ("payments/new", ["EcrAccessPush"]),
        ("payments/w*", ["EcrAccessPull"]),
    ],
)
@pytest.mark.usefixtures("file")
def test_a_repository_that_only_patterns_match(
    offline: Reconcile, name: str, sids: list[str]
) -> None:
    done = offline("compile", "--repository", name)
    policies = json.loads(done.out)
    assert list(policies) == [name]
    assert [one["Sid"] for one in policies[name]["Statement"]] == sids


@pytest.mark.usefixtures("file")
def test_a_name_stands_beside_the_patterns_that_are_asked_for(offline: Reconcile) -> None:
    done = offline("compile", "--repository", "payments/w*", "--repository", "payments/web")
    assert list(json.loads(done.out)) == ["payments/w*", "payments/web"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tools/x", "no entry of the file matches it"),
        ("paymnts/api", "did you mean 'payments/api'?"),
        ("payments/w:latest", "write only payments/w"),
        ("Payments/w", "write only payments/w"),
        ("", "a name has 2 to 256 characters"),
    ],
)
@pytest.mark.usefixtures("file")
def test_a_name_that_nothing_is_about(offline: Reconcile, name: str, told: str) -> None:
    done = offline("compile", "--repository", name)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
