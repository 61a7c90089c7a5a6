"""The embedded ECR and `reconcile`, driven by the `aws` client as a new user would."""

import json
import shlex
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_2, Reconcile, sandbox_environment
from tests.sandbox.aws_program import aws_ecr, needs_aws
from tests.test_quick_start import GUIDE, marked

pytestmark = needs_aws


def test_a_hand_edit_is_named_and_repaired(reconcile: Reconcile, ecr: Sandbox) -> None:
    environment = sandbox_environment(ecr)
    assert reconcile("apply", "--yes").code == 0
    name = ("--repository-name", "payments/api")
    program, service, *call = shlex.split(marked("hand edit"))
    assert (program, service) == ("aws", "ecr")
    aws_ecr(environment, *call)

    drift = reconcile("drift")
    assert drift.code == 4
    assert f"$ reconcile drift\n{drift.out}" in GUIDE
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0
    repaired = aws_ecr(environment, "get-repository-policy", *name)["policyText"]
    pulls = [s for s in json.loads(repaired)["Statement"] if s["Principal"] == {"AWS": ROLE_2}]
    assert [len(statement["Action"]) for statement in pulls] == [3]


BORN = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
accounts: {workloads: "444455556666"}
principals: {organization: {organization: o-a1b2c3d4e5}}
repositories:
  "payments/*": {access: {workloads: push-pull}, create_on: [push]}
  "*": {via: registry-policy, access: {organization: pull}}
"""


def test_a_repository_born_by_a_push_has_the_files_access_at_once(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    environment, name = sandbox_environment(ecr), ("--repository-name", "payments/new")
    (folder / "ecr_access.yaml").write_text(BORN)
    assert reconcile("apply", "--yes").code == 0
    aws_ecr(environment, "initiate-layer-upload", *name)
    (statement,) = json.loads(aws_ecr(environment, "get-repository-policy", *name)["policyText"])[
        "Statement"
    ]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert len(statement["Action"]) == 7
    drift = reconcile("drift")
    assert (drift.code, "2 in sync" in drift.out) == (0, True)
    of_registry = aws_ecr(environment, "get-registry-policy")["policyText"]
    assert "o-a1b2c3d4e5" in of_registry
