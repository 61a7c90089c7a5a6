"""What the service and others do to policies, told and repaired through the command line."""

import json
from pathlib import Path

import boto3
import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import (
    ROLE_1,
    ROLE_2,
    Reconcile,
    clean_environment,
    runner,
    sandbox_environment,
)
from tests.cli.sandbox_process import exported, sandbox_lines

WORKLOADS = "444455556666"
FUNCTION = f"arn:aws:lambda:us-west-2:{WORKLOADS}:function:resize"
STRANGER = "arn:aws:lambda:us-west-2:999900001111:function:resize"
LAMBDA_SID = "LambdaECRImageRetrievalPolicy"


def statements(ecr: Sandbox) -> list[dict[str, object]]:
    return json.loads(ecr.policy_text("payments/api"))["Statement"]


def lambdas_own(ecr: Sandbox) -> list[dict[str, object]]:
    return [each for each in statements(ecr) if each.get("Sid") == LAMBDA_SID]


def test_a_role_deleted_and_made_again_gets_its_access_back(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    ecr.create_role(WORKLOADS, "role2-1")
    assert reconcile("apply", "--yes").code == 0
    ecr.delete_role(ROLE_1)
    ecr.create_role(WORKLOADS, "role2-1")
    (gone,) = (s["Principal"]["AWS"] for s in statements(ecr) if ROLE_2 not in json.dumps(s))
    assert gone.startswith("AROA")

    planned = reconcile("plan", "--exit-code")
    assert planned.code == 4
    assert gone in planned.out
    assert f"ci ({ROLE_1})" in planned.out
    document = json.loads(reconcile("plan", "--format", "json").out)
    (change,) = document["changes"]
    assert [grant["principal"] for grant in change["grants"]["removed"]] == [gone]
    assert [grant["name"] for grant in change["grants"]["added"]] == ["ci"]
    (finding,) = document["findings"]
    assert finding["rule"] == "dead-principal"
    assert f"the role {gone} was deleted" in finding["message"]
    assert "if ci was recreated under the same name" in finding["message"]

    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0
    assert gone not in ecr.policy_text("payments/api")


def test_a_role_that_is_only_deleted_is_named_in_drift(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_role(WORKLOADS, "role2-2")
    assert reconcile("apply", "--yes").code == 0
    ecr.delete_role(ROLE_2)
    drifted = reconcile("drift")
    assert drifted.code == 4
    assert "dead-principal" in drifted.out
    assert f"runtime ({ROLE_2})" in drifted.out


def test_lambdas_edit_is_no_drift_and_survives(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.add_lambda_statement("payments/api", FUNCTION)
    own = lambdas_own(ecr)
    assert reconcile("drift").code == 0
    ecr.add_lambda_statement("payments/api", f"{FUNCTION}-again")
    assert own != lambdas_own(ecr)
    own = lambdas_own(ecr)
    assert reconcile("drift").code == 0

    file = folder / "ecr_access.yaml"
    file.write_text(file.read_text().replace("runtime: pull", "runtime: push-pull"))
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0
    assert lambdas_own(ecr) == own
    assert any(ROLE_2 in json.dumps(s) and "ecr:PutImage" in s["Action"] for s in statements(ecr))


@pytest.mark.parametrize("condition", [{}, {"StringLike": {"aws:sourceArn": FUNCTION}}])
def test_a_statement_for_everyone_under_lambdas_sid_is_removed(
    reconcile: Reconcile, ecr: Sandbox, condition: dict[str, object]
) -> None:
    assert reconcile("apply", "--yes").code == 0
    public = {
        "Sid": LAMBDA_SID,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "ecr:BatchGetImage",
        "Condition": condition,
    }
    policy = json.loads(ecr.policy_text("payments/api"))
    ecr.set_policy_text(
        "payments/api", json.dumps(policy | {"Statement": [*policy["Statement"], public]})
    )
    drifted = reconcile("drift", "--format", "json")
    assert drifted.code == 4
    (removed,) = json.loads(drifted.out)["changes"][0]["grants"]["removed"]
    assert (removed["principal"], removed["actions"]) == ("*", ["ecr:BatchGetImage"])
    assert reconcile("apply", "--yes").code == 0
    assert lambdas_own(ecr) == []
    assert reconcile("drift").code == 0


def test_lambdas_statement_for_a_strangers_function_is_not_kept(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    assert reconcile("apply", "--yes").code == 0
    ecr.add_lambda_statement("payments/api", FUNCTION)
    ecr.add_lambda_statement("payments/api", STRANGER)
    drifted = reconcile("drift")
    assert drifted.code == 4
    assert "lambda.amazonaws.com" in drifted.out
    assert reconcile("apply", "--yes").code == 0
    assert "999900001111" not in ecr.policy_text("payments/api")
    assert reconcile("drift").code == 0


def test_lambdas_statement_without_a_condition_is_marked_and_kept_as_it_is(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    assert reconcile("apply", "--yes").code == 0
    policy = json.loads(ecr.policy_text("payments/api"))
    published = {
        "Sid": LAMBDA_SID,
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    ecr.set_policy_text(
        "payments/api", json.dumps(policy | {"Statement": [*policy["Statement"], published]})
    )
    planned = reconcile("plan")
    assert planned.code == 0
    assert "! lambda-loses-access: lambda.amazonaws.com can no longer fetch images" in planned.out
    document = json.loads(reconcile("plan", "--format", "json").out)
    assert document["changes"][0]["risks"] == ["lambda-loses-access"]
    (told,) = document["findings"]
    assert (told["rule"], "no source account" in told["message"]) == ("not-kept", True)
    assert reconcile("drift").code == 4

    file = folder / "ecr_access.yaml"
    file.write_text(f"{file.read_text()}{told['message'].partition('write ')[2]}\n")
    assert reconcile("drift").code == 0
    assert len(lambdas_own(ecr)) == 1


def test_an_unknown_role_is_refused_with_what_the_service_said(folder: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        ecr.create_repository("payments/api")
        ecr.create_role(WORKLOADS, "role2-1")
        reconcile = runner(folder, sandbox_environment(ecr))
        refused = reconcile("apply", "--yes", "--wait", "0")
        assert refused.code == 1
        assert "Principal not found" in refused.out + refused.err
        assert ecr.policy_text("payments/api") is None
        ecr.create_role(WORKLOADS, "role2-2")
        assert reconcile("apply", "--yes").code == 0
        assert reconcile("drift").code == 0


@pytest.mark.parametrize("kept", [True, False])
def test_the_sandbox_command_does_so_too(folder: Path, kept: bool) -> None:
    options = ("--known-principals-only", "--iam-delay", "1", "--account", WORKLOADS)
    ids = "--unique-ids" if kept else "--no-unique-ids"
    file = folder / "ecr_access.yaml"
    file.write_text(file.read_text().replace("111122223333", WORKLOADS))
    given = (*options, ids, "--repository", "payments/api")
    with sandbox_lines(clean_environment(), *given) as printed:
        variables = exported(printed)
        reconcile = runner(folder, {**clean_environment(), **variables})
        iam = boto3.client(
            "iam",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )
        made = [
            iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
            for name in ("role2-1", "role2-2")
        ]
        refused = reconcile("apply", "--yes", "--wait", "0")
        assert refused.code == 1
        assert "Principal not found" in refused.out + refused.err
        assert reconcile("apply", "--yes").code == 0
        iam.delete_role(RoleName="role2-1")
        iam.close()
        drifted = reconcile("drift")
        assert drifted.code == (4 if kept else 0)
        assert (made[0]["RoleId"] in drifted.out) == kept


def test_a_delay_without_known_principals_is_wrong_usage(offline: Reconcile) -> None:
    done = offline("sandbox", "--iam-delay", "1")
    assert done.code == 2
    assert "--known-principals-only" in done.err
    assert done.out == ""
