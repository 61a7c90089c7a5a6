"""The credentials of the calls: checked before use, redacted in output, explained if they fail."""

import hashlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import botocore.session
from botocore import exceptions as boto
from botocore.client import BaseClient
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials

from reconciler.printable import learn_secret
from reconciler.registry.failures.boto_errors import CREDENTIALS_HINT, error_text
from reconciler.registry.failures.errors import CallError
from reconciler.registry.failures.kinds import explain, quoted
from reconciler.registry.settings.credential_form import credentials_error, require_plain

_TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 - a variable's name
_CONTAINER_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the same
_CONTAINER_ADDRESS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_SSO_CACHE = Path("~/.aws/sso/cache")

_Settings = Mapping[str, str]
_Kind = Literal["token file", "program", "SSO", "container"]

_SECRET_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
_TOKEN_FILES = (_TOKEN_FILE, _CONTAINER_TOKEN_FILE)
_SECRET_SETTINGS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")
_TOKEN_FILE_SETTING = "web_identity_token_file"  # noqa: S105 - a setting's name
_MAX_TOKEN = 2**16  # bytes
_FAILED = "the AWS credentials do not work"
_PROGRAM_FAILED = "Error when retrieving credentials from custom-process:"


_HINTS: Mapping[_Kind, str] = {
    "token file": "the file must hold the identity provider's token; the environment that "
    "starts this run writes it",
    "program": 'it must print credentials as JSON, with "Version": 1; see \'Sourcing '
    "credentials with an external process' of the AWS CLI",
}


@dataclass(frozen=True, slots=True)
class _Source:
    """The file or program that credentials come from, and the setting that names it."""

    kind: _Kind
    name: str
    setting: str

    def __str__(self) -> str:
        return f"{self.name} ({self.setting})" if self.name else self.setting


def learn_settings(session: botocore.session.Session) -> None:
    """Register the secrets of the environment, the profiles and the token files for redaction.

    Of all profiles, since one may be the source of another. Raises what botocore does for a broken
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
    """Let boto3 find credentials, which may run a program, but calls neither ECR nor STS.

    Raises CallError where the settings name a source that fails.
    """
    with _explaining(session):
        session.get_credentials()


def watch_credentials(client: BaseClient, session: botocore.session.Session) -> None:
    """Check a client's credentials before each call, since they may be renewed.

    A call with malformed ones raises CallError, and nothing is sent.
    """

    def check(**_event: object) -> None:
        usable_credentials(session)

    client.meta.events.register("before-sign", check)


def has_to_renew(session: botocore.session.Session) -> bool:
    """Whether the credentials have to be found or renewed, which may take calls."""
    found = session.get_credentials()
    return isinstance(found, RefreshableCredentials) and found.refresh_needed()


def usable_credentials(
    session: botocore.session.Session, checked: ReadOnlyCredentials | None = None
) -> ReadOnlyCredentials | None:
    """Return the credentials for a call, renewed where they have to be; None without any.

    `checked` are those of an earlier call. Raises CallError where they can't be renewed, and for
    malformed ones.
    """
    found = session.get_credentials()
    if found is None:
        return None
    with _explaining(session):
        frozen = found.get_frozen_credentials()
    if frozen == checked:
        return frozen
    for secret in (frozen.secret_key, frozen.token):
        learn_secret(str(secret or ""))
    require_plain(frozen.access_key, frozen.secret_key, frozen.token, found.method or "")
    return frozen


def _explain_credentials(error: Exception, session: botocore.session.Session) -> CallError:
    """Return why boto3 got no credentials, by the source that its settings name."""
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        message = f"the SSO login does not work: {quoted(error_text(error))}"
        return credentials_error(message, _login_hint(session))
    if isinstance(error, EOFError):
        return credentials_error(
            f"{_FAILED}: a role of the profile asks for an MFA code, which can't be entered here",
            "use a session that has one",
        )
    source = _source_of(session)
    reason = _reason(error, source)
    if reason is None:
        return explain(error, "the request for credentials")
    where = f"{quoted(str(source))}: " if source else ""
    is_sso = source is not None and source.kind == "SSO"
    hint = _login_hint(session) if is_sso else _HINTS.get(source.kind) if source else None
    return credentials_error(f"{_FAILED}: {where}{quoted(reason)}", hint or CREDENTIALS_HINT)


@contextmanager
def _explaining(session: botocore.session.Session) -> Iterator[None]:
    """Raise whatever fails inside as a failure to get credentials."""
    try:
        yield
    except CallError:
        raise
    except Exception as error:
        raise _explain_credentials(error, session) from error


def _reason(error: BaseException, source: _Source | None) -> str | None:
    """Return the message of a source's failure; None for an error of another origin."""
    if isinstance(error, boto.BotoCoreError | boto.ClientError):
        return _boto_reason(error, source)
    if isinstance(error, KeyError) and isinstance(error.__context__, OSError | ValueError):
        # botocore's JSONFileCache turns an unreadable file into a missing key.
        return _reason(error.__context__, source)
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        is_named = source is not None and source.name == str(error.filename)
        return reason if is_named or error.filename is None else f"{error.filename}: {reason}"
    if source is not None and source.kind == "program":
        return _program_reason(error)
    return str(error).rstrip(".") if isinstance(error, ValueError | RuntimeError) else None


def _boto_reason(error: Exception, source: _Source | None) -> str | None:
    text = error_text(error)
    match source:
        case _Source(kind="program") if isinstance(error, boto.CredentialRetrievalError):
            return text.removeprefix(_PROGRAM_FAILED).strip() or "it failed without a message"
        case _Source(kind="token file") if isinstance(error, boto.ParamValidationError):
            return text
        case _:
            return None


def _program_reason(error: BaseException) -> str:
    match error:
        case json.JSONDecodeError():
            return f"its output is not JSON: {error}"
        case IndexError():
            return "it names no program"
        case ValueError() | RuntimeError():
            return str(error).rstrip(".")
        case _:
            return "its output does not have the form of credentials"


def _content(file: str) -> str:
    try:
        with Path(file).expanduser().open("rb") as opened:
            return opened.read(_MAX_TOKEN).decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return ""  # boto3 will say why it can't be read


def _login_hint(session: botocore.session.Session) -> str:
    """Return the command that logs in: of the profile in use, or of one that it takes from."""
    profiles = [name for name, settings in _profiles(session) if _is_sso(settings)]
    profile = next(iter(profiles), _profile_of(session))
    return f"run `aws sso login --profile {quoted(shlex.quote(profile))}`"


def _profile_of(session: botocore.session.Session) -> str:
    return session.profile or "default"


def _source_of(session: botocore.session.Session) -> _Source | None:
    """Return the first source that boto3 would try; None where none is set.

    In botocore's order (`create_credential_resolver`); nothing is read or run. Raises what botocore
    does for a broken configuration file.
    """
    return next(_sources(session), None)


def _sources(session: botocore.session.Session) -> Iterator[_Source]:
    profiles = tuple(_profiles(session))
    takes_role = any("role_arn" in own and "source_profile" in own for _, own in profiles[:1])
    if _TOKEN_FILE in os.environ and not takes_role:
        yield _Source("token file", os.environ[_TOKEN_FILE], _TOKEN_FILE)
    for name, settings in profiles:
        where = f"of profile {name}"
        if "web_identity_token_file" in settings:
            file = settings["web_identity_token_file"]
            yield _Source("token file", file, f"web_identity_token_file {where}")
        if _is_sso(settings):
            yield _Source("SSO", _cache_file(settings), f"the SSO login {where}")
        if "credential_process" in settings:
            # The arguments may hold a secret; the program is enough to find the setting.
            program = settings["credential_process"].partition(" ")[0]
            yield _Source("program", program, f"credential_process {where}")
    for variable in (_CONTAINER_TOKEN_FILE, _CONTAINER_ADDRESS):
        if variable in os.environ:
            yield _Source("container", os.environ[variable], variable)


def _profiles(session: botocore.session.Session) -> Iterator[tuple[str, _Settings]]:
    """Yield the settings of the profile in use and of those that it takes credentials from."""
    profiles: Mapping[str, _Settings] = session.full_config["profiles"]
    seen: set[str] = set()
    name = _profile_of(session)
    while name in profiles and name not in seen:
        seen.add(name)
        yield name, profiles[name]
        name = profiles[name].get("source_profile", "")


def _is_sso(settings: _Settings) -> bool:
    return "sso_account_id" in settings or "sso_role_name" in settings


def _cache_file(settings: _Settings) -> str:
    """Return the file of the login's token, named as botocore's `SSOTokenLoader` does."""
    key = settings.get("sso_session") or settings.get("sso_start_url", "")
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return str(_SSO_CACHE.expanduser() / f"{digest}.json")
