"""`create: true`, as a user meets it: a repository is made once, and never configured again."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, runner, sandbox_environment

NEW = SEED + (
    "  tools/builder:\n"
    "    create: true\n"
    "    settings: {tag_mutability: immutable, scan_on_push: true, encryption: kms,\n"
    "               tags: {team: tools}}\n"
    "    access: {ci: push-pull}\n"
)


@pytest.fixture
def creating(folder: Path) -> Path:
    (folder / "ecr_access.yaml").write_text(NEW)
    return folder


@pytest.mark.usefixtures("creating")
def test_it_is_shown_made_and_in_sync(reconcile: Reconcile, ecr: Sandbox) -> None:
    planned = reconcile("plan")
    assert planned.code == 0
    assert (
        "  * create the repository: immutable tags, scan on push, encryption by KMS, "
        'tag "team"="tools"\n'
        "  + ci (arn:aws:iam::444455556666:role/role2-1) in workloads   push-pull\n"
    ) in planned.out
    assert "1 policy to set, 0 policies to remove, 1 repository to create" in planned.out
    assert reconcile("drift").code == 4
    assert reconcile("apply", "--yes").code == 0
    made = ecr.repository_settings("tools/builder")
    assert (made.tag_mutability, made.scan_on_push, made.encryption_type) == (
        "IMMUTABLE",
        True,
        "KMS",
    )
    assert dict(made.tags) == {"team": "tools"}
    assert reconcile("drift").code == 0


@pytest.mark.usefixtures("creating")
def test_one_that_exists_is_never_configured_again(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_repository("tools/builder")
    before = ecr.repository_settings("tools/builder")
    assert reconcile("apply", "--yes").code == 0
    assert ecr.repository_settings("tools/builder") == before
    assert "CreateRepository" not in {call.name for call in ecr.calls()}


def test_one_without_access_is_made_all_the_same(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED + "  tools/builder: {create: true, access: {}}\n")
    assert "create the repository" in reconcile("plan", "--repository", "tools/*").out
    assert reconcile("drift", "--repository", "tools/*").code == 4
    assert reconcile("apply", "--yes", "--repository", "tools/*").code == 0
    assert reconcile("drift", "--repository", "tools/*").code == 0
    assert ecr.policy_text("tools/builder") is None


@pytest.mark.usefixtures("creating")
def test_the_json_tells_the_settings(reconcile: Reconcile) -> None:
    document = json.loads(reconcile("plan", "--format", "json").out)
    assert document["summary"]["create"] == 1
    (change,) = [c for c in document["changes"] if c["change"] == "create"]
    assert change["settings"] == {
        "tag_mutability": "IMMUTABLE",
        "scan_on_push": True,
        "encryption": "KMS",
        "kms_key": None,
        "tags": {"team": "tools"},
    }
    assert change["policy"]["before"] is None


def test_it_is_waited_for_until_it_is_visible(creating: Path) -> None:
    with Sandbox(Behaviour(visible_after=3)) as ecr:
        ecr.create_repository("payments/api")
        reconcile = runner(creating, sandbox_environment(ecr))
        assert reconcile("apply", "--yes").code == 0
        assert ecr.policy_text("tools/builder") is not None


def test_a_full_registry_is_told_and_not_asked_again(creating: Path) -> None:
    with Sandbox(Behaviour(repository_limit=1)) as ecr:
        ecr.create_repository("payments/api")
        done = runner(creating, sandbox_environment(ecr))("apply", "--yes")
        assert done.code == 6
        assert "LimitExceededException" in done.out
        assert [call.name for call in ecr.calls()].count("CreateRepository") == 1
