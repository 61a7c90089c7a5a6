"""Credentials that boto3 can't get: the file or helper is named, with its own words."""

import json
from pathlib import Path

import pytest

from reconciler.model.registry import AssumedRole
from reconciler.registry.failures.errors import CallError, FailureKind
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import connect

ROLE = "arn:aws:iam::111122223333:role/x"
KEYS = {"Version": 1, "AccessKeyId": "AKIAX", "SecretAccessKey": "abcdefghijk"}
PAST = {**KEYS, "SessionToken": "abcdefghijk", "Expiration": "2020-01-01T00:00:00Z"}


def failure(pace: Pace, *, role: str | None = None) -> CallError:
    connection = connect("111122223333", "us-west-2", AssumedRole(role) if role else None)
    with pytest.raises(CallError) as caught:
        RegistryReader(connection, pace).read_policy("a/a")
    error = caught.value
    assert error.kind is FailureKind.CREDENTIALS
    assert "\\x" not in error.message
    assert "proxy" not in error.one_line
    return error


@pytest.fixture
def config(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Path:
    clean_environment.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return tmp_path / "config"


def program(folder: Path, text: str) -> Path:
    path = folder / "helper"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo no login >&2; echo twice >&2; exit 3", "no login twice"),
        ("exit 1", "it failed without a message"),
        ("true", "its output is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("echo hello", "its output is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("echo '[]'", "its output does not have the form of credentials"),
        ("echo '{}'", "Unsupported version '<Version key not provided>'"),
        ("echo '{\"Version\": 1}'", "Missing required key in response: 'AccessKeyId'"),
        (f"echo '{json.dumps(PAST)}'", "the refreshed credentials are still expired"),
        (f"echo '{json.dumps({**PAST, 'Expiration': 'soon'})}'", "Unknown string format: soon"),
        (r"printf '\377'", "codec can't decode byte 0xff"),
    ],
)
def test_a_helper_that_fails(config: Path, pace: Pace, text: str, said: str) -> None:
    helper = program(config.parent, text)
    config.write_text(f"[default]\ncredential_process = {helper} --key abcdefghijk\n")
    told = f"the AWS credentials do not work: {helper} (credential_process of profile default): "
    message = failure(pace).message
    assert message.startswith(told)
    assert said in message


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nowhere/helper -x", "/nowhere/helper (credential_process of profile default): No such"),
        ('"/nowhere helper', "No closing quotation"),
        ("", "credential_process of profile default: it names no program"),
        ("/etc", "/etc (credential_process of profile default): Permission denied"),
    ],
)
def test_a_command_that_is_none(config: Path, pace: Pace, command: str, said: str) -> None:
    config.write_text(f"[default]\ncredential_process = {command}\n")
    assert said in failure(pace).message


def test_a_helper_of_the_source_profile(
    config: Path, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "deploy")
    config.write_text(
        f"[profile deploy]\nrole_arn = {ROLE}\nsource_profile = base\n"
        "[profile base]\ncredential_process = /nowhere/helper\n"
    )
    assert "(credential_process of profile base): No such file" in failure(pace).message


def test_a_key_that_is_no_text(config: Path, tmp_path: Path, pace: Pace) -> None:
    helper = program(tmp_path, f"echo '{json.dumps({**KEYS, 'AccessKeyId': 1})}'")
    config.write_text(f"[default]\ncredential_process = {helper}\n")
    message = "the access key id is not a string; it comes from credential_process"
    assert failure(pace).message == message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        ("a folder", "Is a directory"),
        (b"", "Invalid length"),
        (b"\xff\xfe", "codec can't decode"),
    ],
)
def test_a_token_file_that_fails(
    tmp_path: Path,
    pace: Pace,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | str | None,
    said: str,
) -> None:
    file = tmp_path / "token"
    if isinstance(content, str):
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    told = f"the AWS credentials do not work: {file} (AWS_WEB_IDENTITY_TOKEN_FILE): "
    message = failure(pace).message
    assert message.startswith(told)
    assert said in message


@pytest.mark.parametrize("role", [None, ROLE])
def test_a_token_file_of_a_profile(config: Path, pace: Pace, role: str | None) -> None:
    file = config.parent / "token"
    config.write_text(f"[default]\nweb_identity_token_file = {file}\nrole_arn = {ROLE}\n")
    assert failure(pace, role=role).message == (
        f"the AWS credentials do not work: {file} (web_identity_token_file of profile default): "
        "No such file or directory"
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"FULL_URI": "http://example.com/x"}, "Unsupported host 'example.com'"),
        ({"FULL_URI": "http://127.0.0.1:1/x", "TOKEN": "/nowhere"}, "/nowhere (AWS_CONTAINER_AUT"),
    ],
)
def test_a_container_that_has_none(
    pace: Pace, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    names = {
        "FULL_URI": "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "TOKEN": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    }
    for name, value in variables.items():
        monkeypatch.setenv(names[name], value)
    assert said in failure(pace).message
