"""The credentials that calls are signed with: looked at before use, and kept from being told."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import botocore.session
from botocore.client import BaseClient

from reconciler.redaction import learn_secret
from reconciler.registry.credential_failures import explain_credentials
from reconciler.registry.credential_sources import CONTAINER_TOKEN_FILE, TOKEN_FILE
from reconciler.registry.fault import CallError, Fault

_SECRET_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
_TOKEN_FILES = (TOKEN_FILE, CONTAINER_TOKEN_FILE)
_SECRET_SETTINGS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")
_TOKEN_FILE_SETTING = "web_identity_token_file"  # noqa: S105 - a setting's name
_MOST_OF_TOKEN = 2**16  # bytes
_SOURCES = {
    "env": "the environment",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the AWS configuration file",
    "custom-process": "credential_process",
}


def learn_settings(session: botocore.session.Session) -> None:
    """Learn the secrets that boto3 would find in the environment, profiles and token files.

    Of all profiles, for one may be the source of another. Raises what botocore does for a broken
    configuration file.
    """
    for name in _SECRET_VARIABLES:
        learn_secret(os.environ.get(name, ""))
    files = [os.environ[name] for name in _TOKEN_FILES if name in os.environ]
    profiles: Mapping[str, Mapping[str, object]] = session.full_config["profiles"]
    for profile in profiles.values():
        for name in _SECRET_SETTINGS:
            learn_secret(str(profile.get(name, "")))
        if _TOKEN_FILE_SETTING in profile:
            files.append(str(profile[_TOKEN_FILE_SETTING]))
    for file in files:
        learn_secret(_content(file))


def load_credentials(session: botocore.session.Session) -> None:
    """Have boto3 find credentials, which may run a helper, but calls neither ECR nor STS.

    Raises CallError where what the settings name can't be used.
    """
    with _explaining(session):
        session.get_credentials()


def watch_credentials(client: BaseClient, session: botocore.session.Session) -> None:
    """Have the credentials of a client looked at before each use, for they may be renewed.

    A call with some that can't be right then raises CallError, and nothing is sent.
    """

    def look(**_event: object) -> None:
        found = session.get_credentials()
        if found is None:
            return
        with _explaining(session):
            frozen = found.get_frozen_credentials()
        secrets = {
            "the secret access key": frozen.secret_key or "",
            "the session token": frozen.token or "",
        }
        for secret in secrets.values():
            learn_secret(str(secret))
        for name, value in {"the access key id": frozen.access_key or "", **secrets}.items():
            _require_plain(name, value, found.method or "")

    client.meta.events.register("before-sign", look)


@contextmanager
def _explaining(session: botocore.session.Session) -> Iterator[None]:
    """Explain what fails inside as a failure to get credentials."""
    try:
        yield
    except Exception as error:
        raise explain_credentials(error, session) from error


def _require_plain(name: str, value: object, method: str) -> None:
    """Raise CallError for a credential with a blank, a line break or a letter beyond ASCII.

    None of AWS has any; with a line break no call can even be made.
    """
    source = _SOURCES.get(method, method)
    if not isinstance(value, str):
        message = f"{name} is no text; it comes from {source}"
        raise CallError(message, fault=Fault.CREDENTIALS, hint="write it in quotes, as a string")
    odd = {at: char for at, char in enumerate(value) if not "!" <= char <= "~"}
    if not odd:
        return
    ends = [end for end, at in (("begins", 0), ("ends", len(value) - 1)) if at in odd]
    where = f"{' and '.join(ends)} with" if ends else "has in it"
    is_blank = all(map(str.isspace, odd.values()))
    what = "white space" if is_blank else "a character that no credential has"
    raise CallError(
        f"{name} {where} {what}; it comes from {source}",
        fault=Fault.CREDENTIALS,
        hint="set it again without that; a file or a secret store may add a line break at the end",
    )


def _content(file: str) -> str:
    try:
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(_MOST_OF_TOKEN).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""  # boto3 will say why it can't be read
