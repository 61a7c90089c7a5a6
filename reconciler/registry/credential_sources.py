"""The sources of credentials that can fail: files, programs, SSO logins.

In botocore's order (`create_credential_resolver`). Nothing is read or run here.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import botocore.session

TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 - a variable's name
CONTAINER_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the same
_CONTAINER_ADDRESS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_SSO_CACHE = Path("~/.aws/sso/cache")

Settings = Mapping[str, str]


class Kind(Enum):
    """The kind of a source."""

    TOKEN_FILE = "token file"  # noqa: S105 - no secret
    PROGRAM = "program"
    SSO = "sso"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class Source:
    """A source of credentials: the file or program, and the setting that names it."""

    kind: Kind
    name: str
    setting: str

    def __str__(self) -> str:
        return f"{self.name} ({self.setting})" if self.name else self.setting


def missing_files() -> list[str]:
    """Return messages on files that a variable names but that do not exist; boto3 ignores them."""
    return [
        f"{variable} names {os.environ[variable]}, which is not a file"
        for variable in _FILES
        if variable in os.environ and not _is_file(os.environ[variable])
    ]


def _is_file(name: str) -> bool:
    path = Path(name).expanduser()
    return path.exists() and not path.is_dir()


def _profile_of(session: botocore.session.Session) -> str:
    return session.profile or "default"


def sso_profile(session: botocore.session.Session) -> str:
    """Return the profile to log in to: the one in use, or one that it takes credentials from."""
    return next(
        (name for name, settings in _profiles(session) if _is_sso(settings)), _profile_of(session)
    )


def source_of(session: botocore.session.Session) -> Source | None:
    """Return the first source that boto3 would try; None where none is set.

    Raises what botocore does for a broken configuration file.
    """
    return next(_sources(session), None)


def _sources(session: botocore.session.Session) -> Iterator[Source]:
    profiles = tuple(_profiles(session))
    takes_role = any("role_arn" in own and "source_profile" in own for _, own in profiles[:1])
    if TOKEN_FILE in os.environ and not takes_role:
        yield Source(Kind.TOKEN_FILE, os.environ[TOKEN_FILE], TOKEN_FILE)
    for name, settings in profiles:
        where = f"of profile {name}"
        if "web_identity_token_file" in settings:
            file = settings["web_identity_token_file"]
            yield Source(Kind.TOKEN_FILE, file, f"web_identity_token_file {where}")
        if _is_sso(settings):
            yield Source(Kind.SSO, _cache_file(settings), f"the SSO login {where}")
        if "credential_process" in settings:
            # The arguments may hold a secret; the program is enough to find the setting.
            program = settings["credential_process"].partition(" ")[0]
            yield Source(Kind.PROGRAM, program, f"credential_process {where}")
    for variable in (CONTAINER_TOKEN_FILE, _CONTAINER_ADDRESS):
        if variable in os.environ:
            yield Source(Kind.CONTAINER, os.environ[variable], variable)


def _profiles(session: botocore.session.Session) -> Iterator[tuple[str, Settings]]:
    """Yield the settings of the profile in use and of those that it takes credentials from."""
    profiles: Mapping[str, Settings] = session.full_config["profiles"]
    seen: set[str] = set()
    name = _profile_of(session)
    while name in profiles and name not in seen:
        seen.add(name)
        yield name, profiles[name]
        name = profiles[name].get("source_profile", "")


def _is_sso(settings: Settings) -> bool:
    return "sso_account_id" in settings or "sso_role_name" in settings


def _cache_file(settings: Settings) -> str:
    """Return the file of the login's token, named as botocore's `SSOTokenLoader` does."""
    key = settings.get("sso_session") or settings.get("sso_start_url", "")
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()
    return str(_SSO_CACHE.expanduser() / f"{digest}.json")
