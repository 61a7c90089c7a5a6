"""`reconcile sandbox` with the options that are about the registry's policy and templates."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.cli.conftest import clean_environment
from tests.cli.sandbox_process import sandbox_lines

WRITER = ("--concurrent-write-after-reads", "1", "--concurrent-write-to", "template")
OPTIONS = ("--registry-policy-v1", "--template-limit", "1", *WRITER)


def test_the_options_are_those_of_the_sandbox() -> None:
    with sandbox_lines(clean_environment(), *OPTIONS) as printed:
        exported = dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE))
        ecr = boto3.client(
            "ecr",
            endpoint_url=exported["AWS_ENDPOINT_URL"],
            region_name=exported["AWS_REGION"],
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        assert ecr.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V1"
        ecr.create_repository_creation_template(prefix="one", appliedFor=["CREATE_ON_PUSH"])
        with pytest.raises(ClientError, match="LimitExceededException"):
            ecr.create_repository_creation_template(prefix="two", appliedFor=["CREATE_ON_PUSH"])
        described = ecr.describe_repository_creation_templates
        described()
        (changed,) = described()["repositoryCreationTemplates"]
        assert "ConcurrentWriter" in changed["repositoryPolicy"]
        ecr.close()


def test_several_accounts_and_regions(tmp_path: Path) -> None:
    accounts = ("--account", "111122223333", "--account", "444455556666")
    regions = ("--region", "us-west-2", "--region", "eu-west-1", "--region", "us-west-2")
    there = ("--repository", "tools", "--profiles", str(tmp_path / "aws"))
    with sandbox_lines(clean_environment(), *accounts, *regions, *there) as printed:
        exported = dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE))
        found = _arns(exported, accounts[1::2], ("us-west-2", "eu-west-1", "eu-north-1"))
    assert found == [
        f"arn:aws:ecr:{region}:{account}:repository/tools"
        for account in accounts[1::2]
        for region in ("us-west-2", "eu-west-1")
    ]


ARNS = """
import sys
from itertools import product
import boto3
for account, region in product(*(argument.split() for argument in sys.argv[1:])):
    ecr = boto3.Session(profile_name=f"sandbox-{account}", region_name=region).client("ecr")
    print(*(one["repositoryArn"] for one in ecr.describe_repositories()["repositories"]))
"""


def _arns(exported: dict[str, str], accounts: Sequence[str], regions: Sequence[str]) -> list[str]:
    """The ARNs of all repositories, by a process with the variables and profiles of the sandbox."""
    done = subprocess.run(
        [sys.executable, "-c", ARNS, " ".join(accounts), " ".join(regions)],
        env=clean_environment() | exported,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()
