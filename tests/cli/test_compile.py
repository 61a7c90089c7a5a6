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


WHOLE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2, eu-west-1], policy: manage}
repositories:
  "*": {via: registry-policy, access: {"777788889999": pull, "444455556666": replicate}}
  "payments/*": {create_on: [push], access: {"444455556666": push}}
  "mirror/*": {create_on: [pull-through-cache], access: {}}
registry_statements:
  - Sid: EcrAccessNoDelete
    Effect: Deny
    Principal: "*"
    Action: ecr:DeleteRepository
    Resource: "*"
"""


def test_the_registrys_policy_and_templates_are_printed_after_the_repositories(
    folder: Path, offline: Reconcile
) -> None:
    (folder / "ecr_access.yaml").write_text(WHOLE)
    policies = json.loads(offline("compile").out)
    assert list(policies) == [
        "*",
        "mirror/*",
        "payments/*",
        "registry-policy eu-west-1",
        "registry-policy us-west-2",
        "creation-template mirror",
        "creation-template payments",
    ]
    assert policies["*"] is policies["creation-template mirror"] is None
    assert policies["creation-template payments"] == policies["payments/*"]
    for region in ("eu-west-1", "us-west-2"):
        own = policies[f"registry-policy {region}"]["Statement"]
        assert [(one["Sid"], one["Resource"]) for one in own] == [
            ("EcrAccessPull", f"arn:aws:ecr:{region}:111122223333:repository/*"),
            ("EcrAccessReplicate", f"arn:aws:ecr:{region}:111122223333:repository/*"),
            ("EcrAccessNoDelete", "*"),
        ]


def test_selected_repositories_are_printed_alone(folder: Path, offline: Reconcile) -> None:
    (folder / "ecr_access.yaml").write_text(WHOLE)
    assert list(json.loads(offline("compile", "--repository", "*").out)) == [
        "*",
        "mirror/*",
        "payments/*",
    ]


def test_a_registrys_policy_without_access_is_null(folder: Path, offline: Reconcile) -> None:
    head = "\n".join(WHOLE.split("\n")[:2])
    (folder / "ecr_access.yaml").write_text(f"{head}\nrepositories: {{}}\n")
    assert json.loads(offline("compile").out) == {
        "registry-policy eu-west-1": None,
        "registry-policy us-west-2": None,
    }
