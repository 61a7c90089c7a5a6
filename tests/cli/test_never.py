"""`never` rules as real commands: what the file breaks, and what is broken live."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_2, SEED, Reconcile

GUARDS = """\
guards:
  rules:
    - {never: push, to: runtime, on: "payments/*", because: it only runs}
"""
PUSH = ["ecr:PutImage", "ecr:UploadLayerPart"]
BROKEN = 'runtime has push, which it must never have: "it only runs"'


def policy(who: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def guarded(folder: Path) -> Path:
    file = folder / "ecr_access.yaml"
    file.write_text(SEED + GUARDS)
    return file


def test_validate_names_the_line_and_the_rule(offline: Reconcile, guarded: Path) -> None:
    assert offline("validate").code == 0
    guarded.write_text(guarded.read_text().replace("runtime: pull", "runtime: [pull, push]"))
    done = offline("validate")
    assert done.code == 3
    said = done.out + done.err
    assert "ecr_access.yaml:14:23: never: 'runtime' gets push here, which it must never" in said
    assert "see ecr_access.yaml:17:15" in said


@pytest.mark.usefixtures("guarded")
def test_plan_shows_what_it_repairs(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.set_policy_text("payments/api", policy(ROLE_2, *PUSH))
    done = reconcile("plan", "--format", "json")
    assert done.code == 0, done.err
    (broken,) = json.loads(done.out)["never_broken"]
    assert (broken["repository"], broken["name"], broken["repaired"]) == (
        "payments/api",
        "runtime",
        True,
    )
    drift = reconcile("drift")
    assert drift.code == 4
    assert BROKEN in drift.out
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0


@pytest.mark.usefixtures("guarded")
def test_drift_finds_what_is_broken_where_the_file_manages_nothing(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    assert reconcile("apply", "--yes").code == 0
    for name in ("payments/legacy", "tools/legacy"):
        ecr.create_repository(name)
        ecr.set_policy_text(name, policy(ROLE_2, *PUSH))
    done = reconcile("drift")
    assert done.code == 4
    assert f"payments/legacy (us-west-2): finding: never: {BROKEN}" in done.out
    assert "tools/legacy (" not in done.out
    assert done.out.endswith("from the file; 1 in sync; never rules broken: 1.\n")
    (broken,) = json.loads(reconcile("drift", "--format", "json").out)["never_broken"]
    assert (broken["repository"], broken["repaired"]) == ("payments/legacy", False)
    assert reconcile("drift", "--repository", "payments/api").code == 0
    assert reconcile("plan").code == 0  # which reads only what the file manages
    ecr.set_policy_text("payments/legacy", policy(ROLE_2, "ecr:BatchGetImage"))
    assert reconcile("drift").code == 0


@pytest.mark.usefixtures("guarded")
def test_drift_fails_where_it_cannot_tell(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.create_repository("payments/legacy")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:*", "Condition": {"X": {}}}
    ecr.set_policy_text("payments/legacy", json.dumps({"Statement": [statement]}))
    done = reconcile("drift")
    assert done.code == 1
    assert "payments/legacy (us-west-2): error: unreadable-policy:" in done.out


KEPT = """\
unmanaged: {statements: {default: keep}}
"""


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_a_break_that_stays_is_refused_and_allowed_by_name(
    reconcile: Reconcile, guarded: Path, ecr: Sandbox, command: tuple[str, ...]
) -> None:
    guarded.write_text(guarded.read_text() + KEPT)
    ecr.set_policy_text("payments/api", policy(ROLE_2, *PUSH))
    refused = reconcile(*command)
    assert refused.code == 5
    assert (
        "refused: never: runtime has push on payments/api (us-west-2). The plan does not remove it"
        in refused.err
    )
    assert "--allow-never payments/api allows it once" in refused.err
    assert reconcile(*command, "--allow-never", "payments/api").code == 0


@pytest.mark.parametrize(("wanted", "code"), [("ignore", 0), ("report", 0), ("fail", 4)])
def test_what_becomes_of_repositories_that_no_entry_is_about(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, wanted: str, code: int
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED + f"unmanaged: {{repositories: {wanted}}}\n")
    assert reconcile("apply", "--yes").code == 0
    ecr.create_repository("tools/x")
    for command in (["plan"], ["drift"], ["apply", "--yes"]):
        done = reconcile(*command)
        assert done.code == code
        assert ("tools/x" in done.out) is (wanted != "ignore")
        forbidden = "1 unmanaged repository, which 'unmanaged.repositories: fail' forbids"
        assert (forbidden in done.err) is (wanted == "fail")
    assert ecr.policy_text("tools/x") is None
