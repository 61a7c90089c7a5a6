"""The sessions and clients of boto3, with the settings that this tool depends on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
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
from reconciler.registry.failures.kinds import explain
from reconciler.registry.http.connections import within
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.settings.credentials import (
    learn_settings,
    load_credentials,
    watch_credentials,
)
from reconciler.registry.settings.endpoint import require_usable, unreadable_address
from reconciler.registry.settings.role_access import role_parameters
from reconciler.registry.tasks import OverdueError, is_left, run_alone


@dataclass(frozen=True, slots=True, eq=False)
class BotoSession:
    """A session of boto3, and the one of botocore under it, which finds the credentials.

    Threads share it, and hold `making` while they make a client ("Session", Boto3 documentation: a
    session is not safe to share, clients are).
    """

    session: boto3.Session
    core: botocore.session.Session
    making: threading.Lock = field(default_factory=threading.Lock)


class _RoleCredentials(TypedDict):
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: datetime


class _AssumedRole(TypedDict):
    Credentials: _RoleCredentials


class _SecurityTokenService(Protocol):
    def assume_role(self, **parameters: str) -> _AssumedRole: ...


@dataclass(frozen=True, slots=True)
class _RoleProvider:
    """Provides botocore with the credentials of a role."""

    refresh: Callable[[], dict[str, str]]

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(refresh_using=self.refresh, method="assume-role")


def boto_session(region: str, profile: str | None) -> BotoSession:
    """Return a session with the credentials of a profile, if given.

    Raises CallError for an unknown profile or a broken AWS configuration file.
    """
    try:
        core = _new_core(profile)
        learn_settings(core)
        return BotoSession(boto3.Session(botocore_session=core, region_name=region), core)
    except Exception as error:
        raise explain(error, "connect") from error


def configured_region(profile: str | None) -> str | None:
    """Return the region that boto3 uses; None without any. Raises as `boto_session` does."""
    try:
        core = botocore.session.Session(profile=profile)
        region: str | None = core.get_config_variable("region")
    except Exception as error:
        raise explain(error, "connect") from error
    return region


def _new_core(profile: str | None = None) -> botocore.session.Session:
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


def client_of(session: BotoSession, service: str, threads: int, timeouts: Timeouts) -> BaseClient:
    """Return a client that makes no retries, for so many threads.

    Raises CallError for an invalid endpoint address, CA bundle or region.
    """
    config = Config(
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.read,
        max_pool_connections=threads,
        # The mode is set so that AWS_RETRY_MODE=adaptive adds no pacing of its own.
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="ecr-reconcile",
    )
    return _watched(session, service, config)


def _watched(session: BotoSession, service: str, config: Config) -> BaseClient:
    with session.making:
        load_credentials(session.core)
        try:
            client: BaseClient = session.session.client(service, config=config)
        except Exception as error:
            raise unreadable_address(service, error) or explain(error, "connect") from error
    require_usable(client.meta.endpoint_url, session.core)
    watch_credentials(client, session.core)
    client.meta.events.register("before-send", _refuse_late)
    return client


def _refuse_late(**_event: object) -> None:
    """Send nothing for a call that was given up meanwhile: a write would come after its report."""
    if is_left():
        raise OverdueError


def assuming(
    source: BotoSession, region: str, role: AssumedRole, timeouts: Timeouts
) -> BotoSession:
    """Return a session with the credentials of a role, which `source` assumes when it has to."""

    def refresh() -> dict[str, str]:
        config = Config(connect_timeout=timeouts.connect, read_timeout=timeouts.read)
        sts = cast("_SecurityTokenService", _watched(source, "sts", config))
        try:
            ask = partial(sts.assume_role, **role_parameters(role))
            given = run_alone(within(timeouts.response, ask, "AWS"))["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }
        except Exception as error:
            raise explain(error, "AssumeRole", region=region) from error

    core = _new_core()
    core.register_component("credential_provider", _RoleProvider(refresh))
    return BotoSession(boto3.Session(botocore_session=core, region_name=region), core)
