"""Terraform with its AWS provider, where the machine has both; nothing is downloaded."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import clean_environment

PROGRAM = shutil.which("terraform")
SETTINGS = {
    "TF_CLI_CONFIG_FILE": os.devnull,
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "CHECKPOINT_DISABLE": "1",
    "GOGC": "400",  # the provider's schemas are large, and collected again and again
}
PROVIDER = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                     = "us-west-2"
  skip_requesting_account_id = true
}
"""


def plugin_folders() -> Iterable[Path]:
    """Where providers may be installed: TERRAFORM_PLUGINS, Terraform's own folders, add-ons.

    Source: Terraform documentation, "CLI Configuration", "Implied Local Mirror Directories".
    """
    if told := os.environ.get("TERRAFORM_PLUGINS"):
        yield Path(told)
    yield from (
        Path.home() / place for place in (".terraform.d/plugins", ".local/share/terraform/plugins")
    )
    yield from map(Path, ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"))
    yield from sorted(Path("/opt").glob("*/"))


def plugins() -> Path | None:
    """The folder that has the AWS provider."""
    return next((f for f in plugin_folders() if any(f.glob("*/hashicorp/aws/*/*"))), None)


PLUGINS = plugins()
needs_terraform = pytest.mark.skipif(PROGRAM is None, reason="Terraform is not installed")
needs_provider = pytest.mark.skipif(
    PROGRAM is None or PLUGINS is None,
    reason="Terraform with its AWS provider is not installed; TERRAFORM_PLUGINS names its folder",
)


def terraform(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> str:
    """Run Terraform in a folder, and return what it prints; a failure fails the test."""
    assert PROGRAM is not None
    kept = {k: v for k, v in (environment or clean_environment()).items() if k[:3] != "TF_"}
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env=kept | SETTINGS,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def init(folder: Path) -> None:
    """Initialize a folder with the provider that is installed."""
    terraform(folder, "init", "-no-color", f"-plugin-dir={PLUGINS}")


def check_format(text: str, folder: Path) -> None:
    """Fail where `terraform fmt` would lay a text out differently."""
    terraform(folder, "fmt", "-check", "-diff", "-", stdin=text)
