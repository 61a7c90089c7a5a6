"""The `aws` client uses the sandbox with only its environment variables.

Each call takes a second. What each operation does is tested by boto3, which `aws` is made of.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.sandbox.server import Sandbox

from .aws_program import aws_ecr, needs_aws
from .clients import PULL, keys_of, statement, text

Aws = Callable[..., dict[str, Any]]
NO_KEYS: Mapping[str, str] = {}

pytestmark = needs_aws


@pytest.fixture
def aws(sandbox: Sandbox) -> Aws:
    """Run `aws ecr` with the sandbox's own keys, or with others."""

    def run(*arguments: str, keys: Mapping[str, str] = NO_KEYS) -> dict[str, Any]:
        variables = {name.upper(): value for name, value in keys.items()}
        return aws_ecr(sandbox.environment() | variables, *arguments)

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
    policy = text(statement(Principal={"AWS": "444455556666"}, Action=PULL, Resource="*"))
    aws("put-registry-policy", "--policy-text", policy)
    assert sandbox.registry_policy_text() == policy
    assert aws("delete-registry-policy").keys() == {"registryId", "policyText"}
    assert sandbox.registry_policy_text() is None


def test_a_repository_has_the_policy_of_its_template_right_after_a_push(
    sandbox: Sandbox, aws: Aws
) -> None:
    pusher, puller = (sandbox.create_role("444455556666", f"role2-{n}") for n in (1, 2))
    policy = text(
        statement(Sid="Push", Principal={"AWS": pusher}, Action=[*PULL, "ecr:InitiateLayerUpload"]),
        statement(Sid="Pull", Principal={"AWS": puller}, Action=PULL),
    )
    of = ("--prefix", "pushed")
    given = ("--applied-for", "CREATE_ON_PUSH", "--repository-policy", policy)
    aws("create-repository-creation-template", *of, *given)
    updated = aws("update-repository-creation-template", *of, "--image-tag-mutability", "IMMUTABLE")
    assert "updatedAt" in updated["repositoryCreationTemplate"]

    new = ("--registry-id", "111122223333", "--repository-name", "pushed/api")
    aws("initiate-layer-upload", *new, keys=keys_of(sandbox, pusher))
    read = json.loads(aws("get-repository-policy", *new)["policyText"])
    assert {each["Sid"]: each["Principal"] for each in read["Statement"]} == {
        "Push": {"AWS": pusher},
        "Pull": {"AWS": puller},
    }
    assert sandbox.repository_settings("pushed/api").tag_mutability == "IMMUTABLE"
    sandbox.put_image("pushed/api")
    image = ("--image-ids", "imageTag=latest")
    pulled = aws("batch-get-image", *new, *image, keys=keys_of(sandbox, puller))
    assert len(pulled["images"]) == 1


def test_the_first_pull_of_a_cache_creates_a_repository(sandbox: Sandbox, aws: Aws) -> None:
    rule = ("--ecr-repository-prefix", "cache")
    aws("create-pull-through-cache-rule", *rule, "--upstream-registry-url", "public.ecr.aws")
    policy = text(statement(Principal={"AWS": "444455556666"}, Action=PULL))
    given = ("--applied-for", "PULL_THROUGH_CACHE", "--repository-policy", policy)
    aws("create-repository-creation-template", "--prefix", "cache", *given)
    name = ("--repository-name", "cache/nginx")
    pulled = aws("batch-get-image", *name, "--image-ids", "imageTag=latest")
    assert len(pulled["images"]) == 1
    assert sandbox.policy_text("cache/nginx") == policy
