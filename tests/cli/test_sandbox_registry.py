"""`reconcile sandbox` with the options that are about the registry's policy and templates."""

import re

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
