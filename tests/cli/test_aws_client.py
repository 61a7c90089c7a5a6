"""The embedded ECR and `reconcile`, driven by the `aws` client as a new user would."""

import json
import os
import shlex
import shutil
import subprocess

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_2, Reconcile, sandbox_environment
from tests.test_readme import README, marked

AWS = shutil.which("aws")
pytestmark = pytest.mark.skipif(AWS is None, reason="the aws client is not installed")


def aws(environment: dict[str, str], *arguments: str) -> dict[str, str]:
    path = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "AWS_PAGER": ""}
    done = subprocess.run(
        [AWS, "ecr", *arguments, "--output", "json"],
        env={**environment, **path},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def test_a_hand_edit_is_named_and_repaired(reconcile: Reconcile, ecr: Sandbox) -> None:
    environment = sandbox_environment(ecr)
    assert reconcile("apply", "--yes").code == 0
    name = ("--repository-name", "payments/api")
    program, service, *call = shlex.split(marked("hand edit"))
    assert (program, service) == ("aws", "ecr")
    aws(environment, *call)

    drift = reconcile("drift")
    assert drift.code == 4
    assert f"$ reconcile drift\n{drift.out}" in README
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0
    repaired = aws(environment, "get-repository-policy", *name)["policyText"]
    pulls = [s for s in json.loads(repaired)["Statement"] if s["Principal"] == {"AWS": ROLE_2}]
    assert [len(statement["Action"]) for statement in pulls] == [3]
