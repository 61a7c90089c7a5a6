"""Terraform's AWS provider manages a registry: its policy, setting, templates and cache rules."""

import json
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import sandbox_environment
from tests.cli.terraform import PROVIDER, init, needs_provider, terraform

REGISTRY = """
resource "aws_ecr_account_setting" "scope" {
  name  = "REGISTRY_POLICY_SCOPE"
  value = "V2"
}
resource "aws_ecr_registry_policy" "this" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DESCRIPTION"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:root"] }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource  = "arn:aws:ecr:us-west-2:111122223333:repository/*"
    }]
  })
}
resource "aws_ecr_pull_through_cache_rule" "this" {
  ecr_repository_prefix = "ecr-public"
  upstream_registry_url = "public.ecr.aws"
}
resource "aws_ecr_repository_creation_template" "plain" {
  prefix      = "ROOT"
  applied_for = ["PULL_THROUGH_CACHE"]
}
resource "aws_ecr_repository_creation_template" "full" {
  prefix               = "payments"
  description          = "DESCRIPTION"
  applied_for          = ["PULL_THROUGH_CACHE", "REPLICATION"]
  image_tag_mutability = "MUTABLE"
  custom_role_arn      = "arn:aws:iam::111122223333:role/ecr-templates"
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
  repository_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "444455556666" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
  lifecycle_policy = jsonencode({
    rules = [{
      rulePriority = 1
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
      action       = { type = "expire" }
    }]
  })
  resource_tags = { team = "payments" }
}
"""


@needs_provider
def test_applies_sees_no_difference_and_destroys(tmp_path: Path) -> None:
    with Sandbox() as ecr:
        environment = sandbox_environment(ecr)

        def run(*arguments: str) -> str:
            return terraform(tmp_path, *arguments, "-no-color", environment=environment)

        def write(description: str) -> None:
            text = PROVIDER + REGISTRY.replace("DESCRIPTION", description)
            (tmp_path / "main.tf").write_text(text)

        write("old")
        init(tmp_path)
        assert "5 added, 0 changed, 0 destroyed" in run("apply", "-auto-approve")
        policy = ecr.registry_policy_text()
        assert policy is not None
        assert json.loads(policy)["Statement"][0]["Sid"] == "old"
        template = ecr.creation_template("payments")
        assert template is not None
        assert template["description"] == "old"

        write("new")
        assert "0 added, 2 changed, 0 destroyed" in run("apply", "-auto-approve")
        policy = ecr.registry_policy_text()
        assert policy is not None
        assert json.loads(policy)["Statement"][0]["Sid"] == "new"
        changed = ecr.creation_template("payments")
        times = {"updatedAt": changed and changed["updatedAt"]}
        assert changed == template | {"description": "new"} | times
        assert "No changes." in run("plan", "-detailed-exitcode")

        assert "5 destroyed" in run("destroy", "-auto-approve")
        assert ecr.registry_policy_text() is None
        assert ecr.creation_template("payments") is None
        assert ecr.creation_template("ROOT") is None
