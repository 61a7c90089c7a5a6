"""A real central registry, 46 repositories and 64 accounts, from file to no drift."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.central_registry import FACTS, access_file, policy_of
from tests.cli.conftest import runner, sandbox_environment

pytestmark = pytest.mark.skipif(
    not FACTS.exists(), reason="the facts of the real registry (shared/real) are not here"
)


@pytest.fixture
def facts() -> dict[str, object]:
    return json.loads(FACTS.read_text())


@pytest.fixture
def registry(facts: dict[str, object]) -> Sandbox:
    sandbox = Sandbox(account=facts["registry"]["account"], region=facts["registry"]["region"])
    with sandbox:
        for repository in facts["repositories"]:
            sandbox.create_repository(repository["name"])
        yield sandbox


def test_compiled_applied_and_in_sync(
    facts: dict[str, object], registry: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "ecr_access.yaml").write_text(access_file(facts))
    reconcile = runner(tmp_path, sandbox_environment(registry))
    assert len(json.loads(reconcile("compile").out)) == 46
    applied = json.loads(reconcile("apply", "--yes", "--format", "json").out)
    assert [change["outcome"] for change in applied["changes"]] == ["applied"] * 46
    drift = reconcile("drift", "--format", "json")
    assert drift.code == 0
    assert json.loads(drift.out)["summary"]["in_sync"] == 46


def test_what_terraform_wrote_is_in_sync_with_the_file(
    facts: dict[str, object], registry: Sandbox, tmp_path: Path
) -> None:
    """Other Sids, a statement for each tier, repeated principals: the same access."""
    (tmp_path / "ecr_access.yaml").write_text(access_file(facts))
    for repository in facts["repositories"]:
        registry.set_policy_text(repository["name"], policy_of(repository, facts))
    drift = runner(tmp_path, sandbox_environment(registry))("drift")
    assert drift.code == 0, drift.out
