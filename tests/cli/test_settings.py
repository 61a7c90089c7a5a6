"""`demo` and `sandbox` as processes in a shell whose AWS settings lead elsewhere or are broken."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import SEED, Reconcile, clean_environment
from tests.cli.sandbox_process import RECONCILE, sandbox_lines

NOWHERE = "http://127.0.0.1:9"
HOSTILE = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_DEFAULT_PROFILE": "no-such-profile",
    "AWS_SESSION_TOKEN": "of somebody else",
    "AWS_ENDPOINT_URL_ECR": NOWHERE,
    "AWS_ENDPOINT_URL_STS": NOWHERE,
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/no/such/bundle",
    "AWS_RETRY_MODE": "no-such-mode",
    "AWS_MAX_ATTEMPTS": "no number",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "no-such-mode",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/no",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/token",
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "ALL_PROXY": NOWHERE,
    "no_proxy": "example.com",
    "REQUESTS_CA_BUNDLE": "/no/such/bundle",
}


def hostile(folder: Path) -> dict[str, str]:
    broken = folder / "broken"
    broken.write_text("[default\nregion =")
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), str(broken))
    return {**clean_environment(), **HOSTILE, **files, "HOME": str(folder)}


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def run(environment: dict[str, str], folder: Path, *arguments: str) -> Done:
    done = subprocess.run(
        arguments,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,  # the demo is a dozen processes
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_demo_is_deaf_to_all_of_them(tmp_path: Path) -> None:
    done = run(hostile(tmp_path), tmp_path, *RECONCILE, "demo")
    assert done.code == 0, done.out + done.err
    steps_shown, _, end = done.out.partition("\n# The exit code of each command:\n")
    steps = re.findall(r"^\$ (.*)\n(?:.*\n)*?\(exit code (\d)\)$", steps_shown, re.MULTILINE)
    assert len(steps) == 10
    assert re.findall(r"^  (\d)  \w+ +(.*)$", end, re.MULTILINE) == [(c, s) for s, c in steps]


def test_what_the_sandbox_prints_sets_all_of_them_aside(tmp_path: Path) -> None:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    environment = hostile(tmp_path)
    with sandbox_lines(environment, "--repository", "payments/api") as printed:
        assert "export NO_PROXY=example.com,127.0.0.1\n" in printed
        assert f"export AWS_CONFIG_FILE={os.devnull}\n" in printed
        script = f"{printed}\n{' '.join(RECONCILE)} apply --yes"
        applied = run(environment, tmp_path, "sh", "-ec", script)
    assert applied.code == 0, applied.out + applied.err
    assert "1 applied" in applied.out


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_CONFIG_FILE", "HTTP_PROXY", "AWS_RETRY_MODE"])
def test_one_of_them_alone_is_set_aside(name: str, tmp_path: Path) -> None:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    environment = {**clean_environment(), name: hostile(tmp_path)[name]}
    with sandbox_lines(environment, "--repository", "payments/api") as printed:
        script = f"{printed}\n{' '.join(RECONCILE)} plan"
        planned = run(environment, tmp_path, "sh", "-ec", script)
    assert planned.code == 0, planned.out + planned.err


@pytest.mark.parametrize(
    ("option", "region", "hint"),
    [
        ("--region", "x\x1b[31m y", "such as us-west-2"),
        ("--region", "", "such as us-west-2"),
        ("--dead-region", "nowhere", "such as us-west-2"),
        ("--disabled-region", "eu-wset-1", "did you mean eu-west-1?"),
    ],
)
def test_an_unknown_region_is_wrong_usage(
    option: str, region: str, hint: str, offline: Reconcile
) -> None:
    done = offline("sandbox", option, region)
    assert done.code == 2
    assert "the sandbox knows no region" in done.err
    assert hint in done.err
    assert "\x1b" not in done.err
    assert done.out == ""
