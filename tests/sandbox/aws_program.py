"""The `aws` client, where the machine has it; without a configuration of the user."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

PROGRAM = shutil.which("aws")
needs_aws = pytest.mark.skipif(PROGRAM is None, reason="the aws client is not installed")


def aws_ecr(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Run `aws ecr` with the variables that lead to a sandbox; a failure fails the test."""
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = subprocess.run(
        [str(PROGRAM), "ecr", *arguments, "--output", "json"],
        env={**nowhere, **environment, "PATH": os.environ["PATH"], "AWS_PAGER": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
