"""Credentials that a profile can't give, in a home of its own: what whoever runs this is told."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Done, clean_environment

START = "https://example.awsapps.com/start"
LOGIN = f"sso_start_url = {START}\nsso_region = us-east-1\n"
ROLE = "sso_account_id = 111122223333\nsso_role_name = Reader\n"
SESSION = f'[sso-session corp]\n{LOGIN}[profile "dev team"]\nsso_session = corp\n{ROLE}'
LEGACY = f'[profile "dev team"]\n{LOGIN}{ROLE}'
SOURCE = (
    f"{SESSION}[profile deploy]\nrole_arn = arn:aws:iam::111122223333:role/x\n"
    "source_profile = dev team\n"
)
EXPIRED = '{"accessToken": "abcdefghijk", "expiresAt": "2020-01-01T00:00:00Z"}'


def plan(folder: Path, config: str, cached: str | None, profile: str) -> Done:
    """Run in a process that imports botocore anew: it keeps the home of its first import."""
    home = folder / "home"
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    (home / ".aws/config").write_text(config)
    if cached is not None:
        for key in ("corp", START):
            (cache / f"{hashlib.sha1(key.encode()).hexdigest()}.json").write_text(cached)
    variables = {
        "AWS_CONFIG_FILE": str(home / ".aws/config"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_PROFILE": profile,
        "HOME": str(home),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan"],
        cwd=folder,
        env=clean_environment() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("config", "cached", "said"),
    [
        (SESSION, None, "the SSO login does not work: Error loading SSO Token"),
        (SESSION, "{not json", ".json (the SSO login of profile dev team): Expecting property"),
        (LEGACY, "", ".json (the SSO login of profile dev team): Expecting value"),
        (LEGACY, EXPIRED, "the SSO login does not work: "),
        (SOURCE, EXPIRED, "the SSO login does not work: "),
    ],
)
def test_an_sso_login_that_is_none(
    folder: Path, config: str, cached: str | None, said: str
) -> None:
    done = plan(folder, config, cached, "deploy" if config == SOURCE else "dev team")
    assert (done.code, done.out) == (1, "")
    error, hint = done.err.splitlines()
    assert said in error
    assert hint == "hint: run `aws sso login --profile 'dev team'`"


def test_a_helper_is_named_in_one_line(folder: Path) -> None:
    config = "[default]\ncredential_process = /nowhere/helper --key abcdefghijk\n"
    done = plan(folder, config, None, "default")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == (
        "error: the AWS credentials do not work: /nowhere/helper "
        "(credential_process of profile default): No such file or directory"
    )


def test_an_mfa_code_that_nobody_enters(folder: Path) -> None:
    config = (
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::111122223333:mfa/x\n"
        "[profile base]\naws_access_key_id = AKIAX\naws_secret_access_key = abcdefghijk\n"
    )
    done = plan(folder, config, None, "default")
    assert (done.code, done.out) == (1, "")
    assert "a role of the profile asks for an MFA code, which can't be entered here" in done.err
