"""The main job: from the file to applied policies, a hand edit, drift and repair."""

import json
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, ROLE_2, Reconcile
from tests.cli.edits import add_action

WRITES = {"SetRepositoryPolicy", "DeleteRepositoryPolicy", "CreateRepository"}


def writes(ecr: Sandbox) -> list[tuple[str, str | None]]:
    return [tuple(call) for call in ecr.calls() if call[0] in WRITES]


def test_plan_apply_plan_drift_apply(reconcile: Reconcile, ecr: Sandbox) -> None:
    planned = reconcile("plan", "--exit-code")
    assert planned.code == 4
    assert f"+ ci ({ROLE_1})" in planned.out
    assert not writes(ecr)

    applied = reconcile("apply", "--yes")
    assert applied.code == 0, applied.err
    assert writes(ecr) == [("SetRepositoryPolicy", "payments/api")]
    assert reconcile("plan", "--exit-code").code == 0

    add_action(ecr, ROLE_2, "ecr:PutImage")
    drifted = reconcile("drift")
    assert drifted.code == 4
    who = f"runtime ({ROLE_2}) in workloads"
    assert f"~ {who}   live: pull + ecr:PutImage; file: pull" in drifted.out

    document = json.loads(reconcile("drift", "--format", "json").out)
    (removed,) = document["changes"][0]["grants"]["removed"]
    assert removed == {
        "effect": "Allow",
        "principal": ROLE_2,
        "name": "runtime",
        "tier": None,
        "actions": ["ecr:PutImage"],
        "conditions": {},
    }
    assert document["changes"][0]["grants"]["added"] == []

    repaired = reconcile("apply", "--yes")
    assert repaired.code == 0, repaired.err
    assert reconcile("drift").code == 0


def test_applying_twice_writes_nothing_the_second_time(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("apply", "--yes").code == 0
    before = len(writes(ecr))
    again = reconcile("apply", "--yes")
    assert again.code == 0
    assert "0 policies to set" in again.out
    assert len(writes(ecr)) == before == 1


def test_apply_in_json_says_what_became_of_each_change(reconcile: Reconcile) -> None:
    applied = reconcile("apply", "--yes", "--format", "json")
    (change,) = json.loads(applied.out)["changes"]
    assert (change["outcome"], change["error"]) == ("applied", None)


def test_apply_refuses_where_nobody_can_be_asked(reconcile: Reconcile, ecr: Sandbox) -> None:
    refused = reconcile("apply", stdin="y\n")
    assert refused.code == 5
    assert "--yes" in refused.err
    assert f"+ ci ({ROLE_1})" in refused.out, "the plan is shown before the refusal"
    assert not writes(ecr)


def test_apply_with_nothing_to_do_needs_nobody(reconcile: Reconcile) -> None:
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("apply").code == 0


def test_a_wrong_account_is_refused_before_anything_else(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    file = folder / "ecr_access.yaml"
    file.write_text(file.read_text().replace("111122223333", "999999999999"))
    refused = reconcile("apply", "--yes")
    assert refused.code == 5
    assert "111122223333" in refused.err
    assert "999999999999" in refused.err
    assert [call[0] for call in ecr.calls()] == ["GetCallerIdentity"]


def test_a_missing_repository_leaves_the_others_going(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    file = folder / "ecr_access.yaml"
    file.write_text(file.read_text() + "  payments/gone:\n    access: {ci: pull}\n")
    planned = reconcile("plan")
    assert planned.code == 1
    assert "payments/gone" in planned.out
    assert "missing-repository" in planned.out
    applied = reconcile("apply", "--yes")
    assert applied.code == 6
    assert writes(ecr) == [("SetRepositoryPolicy", "payments/api")]
    assert reconcile("apply", "--yes").code == 1


def test_revoking_much_is_refused_and_allowed_by_name(reconcile: Reconcile, ecr: Sandbox) -> None:
    roles = [f"arn:aws:iam::444455556666:role/old-{number}" for number in range(11)]
    ecr.set_policy_text(
        "payments/api",
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": roles},
                    "Action": "ecr:BatchGetImage",
                },
            }
        ),
    )
    for command in (["plan"], ["apply", "--yes"]):
        refused = reconcile(*command)
        assert refused.code == 5
        assert "max_revoked" in refused.err
        assert "--allow-revocations 11" in refused.err
        assert "- arn:aws:iam::444455556666:role/old-0" in refused.out
    assert not writes(ecr)
    assert reconcile("apply", "--yes", "--allow-revocations", "11").code == 0


def test_no_grants_delete_the_policy(reconcile: Reconcile, ecr: Sandbox, folder: Path) -> None:
    assert reconcile("apply", "--yes").code == 0
    file = folder / "ecr_access.yaml"
    head = file.read_text().split("    access:")[0]
    file.write_text(head + "    access: {}\n")
    assert "1 policy to remove" in reconcile("plan").out
    assert reconcile("apply", "--yes", "--allow-empty", "payments/api").code == 0
    assert ecr.policy_text("payments/api") is None


def test_a_glob_limits_what_is_planned(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_repository("tools/x")
    limited = json.loads(reconcile("plan", "--repository", "tools/*", "--format", "json").out)
    assert limited["changes"] == []
    assert limited["unmanaged_repositories"] == ["tools/x"]
    limited = json.loads(reconcile("plan", "--repository", "pay*", "--format", "json").out)
    assert [change["repository"] for change in limited["changes"]] == ["payments/api"]
    assert limited["unmanaged_repositories"] == []
