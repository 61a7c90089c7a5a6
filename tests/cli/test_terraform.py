"""Terraform gives its policies up to `reconcile`, and takes one back, and none is ever gone."""

import json
import re
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, runner, sandbox_environment
from tests.cli.terraform import PROVIDER, check_format, init, needs_provider, terraform
from tests.guide import ROOT, marked

REPOSITORIES = """
resource "aws_ecr_repository" "api" {
  name = "payments/api"
}
resource "aws_ecr_repository" "other" {
  name = "other/one"
}
module "team" {
  source   = "./team"
  for_each = toset(["tools/a", "tools/b"])
  name     = each.key
}
"""
POLICIES = """
resource "aws_ecr_repository_policy" "api" {
  repository = aws_ecr_repository.api.name
  policy     = file("policy.json")
}
"""
OTHER_POLICY = """
resource "aws_ecr_repository_policy" "other" {
  repository = aws_ecr_repository.other.name
  policy     = file("policy.json")
}
"""
TEAM = """
variable "name" { type = string }
resource "aws_ecr_repository" "this" {
  name = var.name
}
"""
TEAM_POLICY = """
resource "aws_ecr_repository_policy" "this" {
  count      = 1
  repository = aws_ecr_repository.this.name
  policy     = file("policy.json")
}
"""
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "written by hand",
                "Effect": "Allow",
                "Principal": {"AWS": "444455556666"},
                "Action": ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
            }
        ],
    }
)
ACCESS = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666"}
tiers: {fetch: {actions: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]}}
repositories:
  "tools/*": {access: {workloads: fetch}}
"""
IMPORT = """
import {
  to = aws_ecr_repository_policy.api
  id = "payments/api"
}
"""
MANAGED = ("payments/api", "tools/a", "tools/b")


def write(folder: Path, *, policies: str, of_team: str) -> None:
    (folder / "team").mkdir(exist_ok=True)
    (folder / "policy.json").write_text(POLICY)
    (folder / "team" / "main.tf").write_text(TEAM + of_team)
    (folder / "main.tf").write_text(PROVIDER + REPOSITORIES + OTHER_POLICY)
    (folder / "policies.tf").write_text(policies)


@needs_provider
def test_a_policy_has_one_owner_after_the_other(tmp_path: Path) -> None:
    with Sandbox() as ecr:
        environment = sandbox_environment(ecr)
        reconcile = runner(tmp_path, environment)

        def run(*arguments: str) -> str:
            return terraform(tmp_path, *arguments, environment=environment)

        write(tmp_path, policies=POLICIES, of_team=TEAM_POLICY)
        init(tmp_path)
        run("apply", "-auto-approve", "-no-color")
        assert None not in [ecr.policy_text(name) for name in MANAGED]

        adopt(reconcile, tmp_path / "ecr_access.yaml")
        assert reconcile("plan", "--exit-code").code == 0
        (tmp_path / "state.json").write_text(run("show", "-json"))
        give_up(reconcile, tmp_path)
        write(tmp_path, policies="", of_team="")
        applied = run("apply", "-auto-approve", "-no-color")
        told = " will no longer be managed by Terraform, but will not be destroyed"
        assert len(re.findall(rf"^ *# \S+{told}", applied, re.MULTILINE)) == len(MANAGED)
        assert "0 added, 0 changed, 0 destroyed" in applied
        owned = run("state", "list").split()
        assert [name for name in owned if "policy" in name] == ["aws_ecr_repository_policy.other"]
        assert None not in [ecr.policy_text(name) for name in MANAGED]
        assert reconcile("drift").code == 0

        (tmp_path / "removed.tf").unlink()
        (tmp_path / "ecr_access.yaml").write_text(ACCESS)
        write(tmp_path, policies=POLICIES + IMPORT, of_team="")
        applied = run("apply", "-auto-approve", "-no-color")
        assert "1 imported, 0 added, 0 changed, 0 destroyed" in applied
        assert reconcile("drift").code == 0


def adopt(reconcile: Reconcile, file: Path) -> None:
    """Import the live registry, without the one repository that stays with Terraform."""
    done = reconcile("import", "--region", "us-west-2")
    assert done.code == 0, done.err
    text, others = re.subn(r"^  other/one:\n(    .*\n)+", "", done.out, flags=re.MULTILINE)
    assert others == 1, done.out
    file.write_text(text)


def give_up(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("handover", "terraform", "state.json")
    assert done.code == 0, done.err
    assert (
        "left to Terraform: aws_ecr_repository_policy.other: the file does not manage" in done.err
    )
    check_format(done.out, folder)
    (folder / "removed.tf").write_text(done.out)


OF_REGISTRY = """
resource "aws_ecr_registry_policy" "this" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.fetch, {
      Resource = "arn:aws:ecr:us-west-2:111122223333:repository/shared/*"
    })]
  })
}
resource "aws_ecr_repository_creation_template" "payments" {
  prefix            = "payments"
  applied_for       = ["REPLICATION"]
  repository_policy = jsonencode({ Version = "2012-10-17", Statement = [local.fetch] })
}
locals {
  fetch = {
    Effect    = "Allow"
    Principal = { AWS = "444455556666" }
    Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
  }
}
"""
ACCESS_OF_REGISTRY = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
accounts: {workloads: "444455556666"}
tiers: {fetch: {actions: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]}}
repositories:
  "shared/*": {via: registry-policy, access: {workloads: fetch}}
  "payments/*": {create_on: [replication], access: {workloads: fetch}}
unmanaged: {registry_statements: remove}
"""


@needs_provider
def test_the_registrys_policy_and_a_template_are_removed_by_hand(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "terraform.md").read_text(encoding="utf-8")
    removed = marked(guide, "removed by hand")
    check_format(removed, tmp_path)
    (tmp_path / "ecr_access.yaml").write_text(ACCESS_OF_REGISTRY)
    with Sandbox() as ecr:
        environment = sandbox_environment(ecr)
        reconcile = runner(tmp_path, environment)
        (tmp_path / "main.tf").write_text(PROVIDER + OF_REGISTRY)
        init(tmp_path)
        terraform(tmp_path, "apply", "-auto-approve", "-no-color", environment=environment)
        assert reconcile("plan", "--exit-code").code == 0
        (tmp_path / "main.tf").write_text(PROVIDER + removed)
        applied = terraform(
            tmp_path, "apply", "-auto-approve", "-no-color", environment=environment
        )
        assert applied.count("will no longer be managed by Terraform, but will not be") == 2
        assert reconcile("drift").code == 0
        assert ecr.registry_policy_text()
        assert ecr.creation_template("payments")
