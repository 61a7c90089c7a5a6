"""The `aws` client uses the sandbox with only its environment variables."""

import json
import os
import shutil
import subprocess

import pytest

from reconciler.sandbox.server import Sandbox

from .clients import PULL, statement, text

AWS = shutil.which("aws")


@pytest.mark.skipif(AWS is None, reason="the aws client is not installed")
def test_the_aws_client_creates_sets_and_gets(sandbox: Sandbox) -> None:
    def aws(*arguments: str) -> dict[str, object]:
        # Without a configuration, so that no settings of the user apply.
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **sandbox.environment(),
        }
        run = subprocess.run(
            [str(AWS), *arguments, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        answer: dict[str, object] = json.loads(run.stdout)
        return answer

    policy = text(statement(Principal={"AWS": ["444455556666"]}, Action=PULL))
    aws("ecr", "create-repository", "--repository-name", "tools/cli")
    aws(
        "ecr",
        "set-repository-policy",
        "--repository-name",
        "tools/cli",
        "--policy-text",
        policy,
    )
    read = aws("ecr", "get-repository-policy", "--repository-name", "tools/cli")
    assert read["registryId"] == "111122223333"
    (only,) = json.loads(str(read["policyText"]))["Statement"]
    assert only["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert sorted(only["Action"]) == sorted(PULL)
    assert sandbox.policy_text("tools/cli") == policy
