"""The `aws` client uses the sandbox with only its environment variables."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.server import Sandbox

from .clients import PULL, statement, text

PROGRAM = shutil.which("aws")
Aws = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="the aws client is not installed")


@pytest.fixture
def aws(sandbox: Sandbox) -> Aws:
    """Run `aws ecr` without a configuration, so that no settings of the user apply."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **sandbox.environment(),
    }

    def run(*arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(PROGRAM), "ecr", *arguments, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


def test_creates_a_repository_and_sets_its_policy(sandbox: Sandbox, aws: Aws) -> None:
    policy = text(statement(Principal={"AWS": ["444455556666"]}, Action=PULL))
    aws("create-repository", "--repository-name", "tools/cli")
    aws("set-repository-policy", "--repository-name", "tools/cli", "--policy-text", policy)
    read = aws("get-repository-policy", "--repository-name", "tools/cli")
    assert read["registryId"] == "111122223333"
    (only,) = json.loads(read["policyText"])["Statement"]
    assert only["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert sorted(only["Action"]) == sorted(PULL)
    assert sandbox.policy_text("tools/cli") == policy


def test_puts_the_policy_and_the_settings_of_the_registry(sandbox: Sandbox, aws: Aws) -> None:
    scope = ("--name", "REGISTRY_POLICY_SCOPE")
    aws("put-account-setting", *scope, "--value", "V2")
    assert aws("get-account-setting", *scope)["value"] == "V2"
    policy = text(statement(Principal={"AWS": "444455556666"}, Action=PULL, Resource="*"))
    aws("put-registry-policy", "--policy-text", policy)
    assert sandbox.registry_policy_text() == policy
    read = aws("get-registry-policy")
    assert read.keys() == aws("delete-registry-policy").keys() == {"registryId", "policyText"}
    assert sandbox.registry_policy_text() is None


def test_a_template_creates_the_repository_of_a_push(sandbox: Sandbox, aws: Aws) -> None:
    policy = text(statement(Principal={"AWS": "444455556666"}, Action=PULL))
    of = ("--prefix", "pushed")
    given = ("--applied-for", "CREATE_ON_PUSH", "--repository-policy", policy)
    aws("create-repository-creation-template", *of, *given)
    aws("update-repository-creation-template", *of, "--image-tag-mutability", "IMMUTABLE")
    shown = aws("describe-repository-creation-templates", "--prefixes", "pushed")
    (template,) = shown["repositoryCreationTemplates"]
    assert template["imageTagMutability"] == "IMMUTABLE"
    assert "updatedAt" in template
    aws("initiate-layer-upload", "--repository-name", "pushed/api")
    assert sandbox.policy_text("pushed/api") == policy
    assert sandbox.repository_settings("pushed/api").tag_mutability == "IMMUTABLE"
    aws("delete-repository-creation-template", *of)
    assert sandbox.creation_template("pushed") is None
