"""Connections to a registry: credentials, region, and the check of the account.

The settings are boto3's (profiles, environment, SSO, web identity, AWS_ENDPOINT_URL); only those
are set here that this tool depends on.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Protocol, TypedDict, cast

import boto3
import botocore.loaders
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials

from reconciler.model.registry import AssumedRole
from reconciler.model.transport import Transport
from reconciler.registry.boto_errors import explain, quoted, retry_after
from reconciler.registry.credentials import learn_settings, load_credentials, watch_credentials
from reconciler.registry.endpoint import require_usable, unreadable_address
from reconciler.registry.errors import FailureKind, WrongAccountError
from reconciler.registry.fast_transport import BotoReads, FastReads, ReadingCalls, Timeouts, within
from reconciler.registry.pace import Pace
from reconciler.registry.tasks import OverdueError, T, is_left, run_alone

THREADS = 16
_SESSION_NAME = "ecr-reconcile"
_CONNECT_TIMEOUT = 5  # seconds
_READ_TIMEOUT = 20  # seconds
_RESPONSE_TIMEOUT = 30  # seconds, however the bytes arrive


class UnreadableResponseError(Exception):
    """A response without a field that it always has: a proxy's page, say."""


def text_field(response: Mapping[str, object], name: str) -> str:
    """Return a field that a response always has. Raises UnreadableResponseError.

    botocore takes any page with status 200 for an empty response, a captive portal's too.
    """
    value = response.get(name)
    if not isinstance(value, str):
        raise UnreadableResponseError(f"the response has no {name}")
    return value


@dataclass(frozen=True, slots=True)
class Connection:
    """What it takes to call AWS for one registry; making one makes no call."""

    account: str
    region: str
    assume_role: AssumedRole | None
    session: boto3.Session = field(repr=False, compare=False)
    core: botocore.session.Session = field(repr=False, compare=False)
    """The botocore session under `session`, which finds the credentials."""

    transport: Transport = Transport.FAST
    no_response: Callable[[float], None] = field(default=lambda _seconds: None, compare=False)
    """Is told of a call to STS as `Pace` tells of one to ECR."""


class _RoleCredentials(TypedDict):
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: datetime


class _AssumedRole(TypedDict):
    Credentials: _RoleCredentials


class _SecurityTokenService(Protocol):
    def get_caller_identity(self) -> Mapping[str, object]: ...

    def assume_role(self, **parameters: str) -> _AssumedRole: ...


@dataclass(frozen=True, slots=True)
class _RoleProvider:
    """Provides botocore with the credentials of a role."""

    refresh: Callable[[], dict[str, str]]

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(refresh_using=self.refresh, method="assume-role")


def connect(
    account: str,
    region: str,
    assume_role: AssumedRole | None = None,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
) -> Connection:
    """Return a connection to the registry of `account` in `region`; makes no call.

    The credentials are those of `profile`, if given, whatever the environment holds. The role
    `assume_role` is assumed at the first call and again before its credentials expire. Raises
    CallError for an unknown profile or a broken AWS configuration file.
    """
    try:
        core = _new_session(profile)
        learn_settings(core)
        session = boto3.Session(botocore_session=core, region_name=region)
    except Exception as error:
        raise explain(error, "connect") from error
    connection = Connection(account, region, None, session, core, transport)
    return connection if assume_role is None else _assuming(connection, assume_role)


def _new_session(profile: str | None = None) -> botocore.session.Session:
    """Return a session that shares what botocore reads of its own data files.

    Each region has a session of its own, since the settings of one may name a region.
    """
    session = botocore.session.Session(profile=profile)
    loader = _data_loader(session.get_config_variable("data_path"))
    session.register_component("data_loader", loader)
    return session


@cache
def _data_loader(data_path: str | None) -> botocore.loaders.Loader:
    return botocore.loaders.create_loader(data_path)


def default_region(profile: str | None) -> str | None:
    """Return the region of AWS_REGION, or else the one that boto3 uses; None without any.

    Raises CallError for an unknown profile or a broken AWS configuration file.
    """
    try:
        core = botocore.session.Session(profile=profile)
        region: str | None = core.get_config_variable("region")
    except Exception as error:
        raise explain(error, "connect") from error
    return os.environ.get("AWS_REGION") or region


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller: a 12-digit account id and an ARN."""

    account: str
    arn: str


def caller_identity(connection: Connection) -> Identity:
    """Return whose credentials are in use (STS GetCallerIdentity). Raises CallError."""
    sts = cast("_SecurityTokenService", new_client(connection, "sts"))

    def ask() -> Identity:
        response = sts.get_caller_identity()
        return Identity(text_field(response, "Account"), text_field(response, "Arn"))

    pace = Pace(no_response=connection.no_response)
    try:
        return run_alone(pace.paced(partial(answered, ask), retry_after))
    except Exception as error:
        raise explain(error, "GetCallerIdentity", region=connection.region) from error


def require_account(connection: Connection) -> Identity:
    """Return the caller. Raises WrongAccountError if it is not of the registry's account."""
    caller = caller_identity(connection)
    if caller.account != connection.account:
        raise WrongAccountError(
            f"the credentials are of account {quoted(caller.account)}, the registry is in "
            f"{connection.account}",
            kind=FailureKind.DENIED,
            hint="use a profile of the registry's account, or set assume_role on the registry",
        )
    return caller


def new_client(connection: Connection, service: str, *, threads: int = 1) -> object:
    """Return a client of `service` for so many threads; `Pace` makes the retries.

    Raises CallError for an invalid endpoint address, CA bundle or region.
    """
    return _watched(connection, service, _settings(threads))


def reading_calls(connection: Connection, client: object) -> ReadingCalls:
    """Return what makes the calls that read repositories, given the client of ECR."""
    timeouts = Timeouts(_CONNECT_TIMEOUT, _READ_TIMEOUT, _RESPONSE_TIMEOUT)
    boto = cast("BaseClient", client)
    if connection.transport is Transport.BOTO3:
        return BotoReads(boto, connection.core, timeouts)
    return FastReads(boto, connection.core, timeouts)


async def answered(call: Callable[[], T]) -> T:
    """Make a call of boto3; raises ReadTimeoutError where its response takes too long."""
    return await within(_RESPONSE_TIMEOUT, call, "AWS")


def _settings(threads: int) -> Config:
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        max_pool_connections=threads,
        # The mode is set so that AWS_RETRY_MODE=adaptive adds no pacing of its own.
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="ecr-reconcile",
    )


def _watched(connection: Connection, service: str, config: Config) -> BaseClient:
    load_credentials(connection.core)
    try:
        client: BaseClient = connection.session.client(service, config=config)
    except Exception as error:
        raise unreadable_address(service, error) or explain(error, "connect") from error
    require_usable(client.meta.endpoint_url, connection.core)
    watch_credentials(client, connection.core)
    client.meta.events.register("before-send", _refuse_late)
    return client


def _parameters(role: AssumedRole) -> dict[str, str]:
    """Return the parameters of AssumeRole."""
    external_id = {} if role.external_id is None else {"ExternalId": role.external_id}
    return {
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name or _SESSION_NAME,
        **external_id,
    }


def _refuse_late(**_event: object) -> None:
    """Send nothing for a call that was given up meanwhile: a write would come after its report."""
    if is_left():
        raise OverdueError


def _assuming(source: Connection, role: AssumedRole) -> Connection:
    def refresh() -> dict[str, str]:
        config = Config(connect_timeout=_CONNECT_TIMEOUT, read_timeout=_READ_TIMEOUT)
        sts = cast("_SecurityTokenService", _watched(source, "sts", config))
        try:
            ask = partial(sts.assume_role, **_parameters(role))
            given = run_alone(answered(ask))["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }
        except Exception as error:
            raise explain(error, "AssumeRole", region=source.region) from error

    core = _new_session()
    core.register_component("credential_provider", _RoleProvider(refresh))
    session = boto3.Session(botocore_session=core, region_name=source.region)
    return replace(source, assume_role=role, session=session, core=core)
