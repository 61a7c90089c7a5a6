"""Connections to a registry: credentials, region, and the check of the account.

The settings are boto3's (profiles, environment, SSO, web identity, AWS_ENDPOINT_URL). boto3 is
loaded where it has to say what they are, and for a call that it has to make.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from reconciler.model.registry import AssumedRole
from reconciler.model.transport import Transport
from reconciler.registry.failures.errors import (
    FailureKind,
    UnreadableResponseError,
    WrongAccountError,
)
from reconciler.registry.failures.kinds import explain, quoted, retry_after
from reconciler.registry.http.connections import within
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.pace import Pace
from reconciler.registry.settings.plain_settings import PlainSettings, plain_settings
from reconciler.registry.tasks import T, run_alone
from reconciler.registry.transport.calls import Calls
from reconciler.registry.transport.direct_calls import Access, DirectCalls

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from reconciler.registry.settings.role_access import RoleAccess
    from reconciler.registry.settings.sts import Fields, Sts
    from reconciler.registry.transport.boto_calls import BotoCalls
    from reconciler.registry.transport.boto_session import BotoSession

    PlainAccess = PlainSettings | RoleAccess

_BOTO_CONNECTIONS = 32  # as many as calls of one registry may be under way
_CONNECT_TIMEOUT = 5  # seconds
_READ_TIMEOUT = 20  # seconds
_RESPONSE_TIMEOUT = 30  # seconds, however the bytes arrive


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
    boto: "Callable[[], BotoSession]" = field(repr=False, compare=False)
    """Returns the session of boto3, the same one each time."""

    calls: Callable[[], Calls] = field(repr=False, compare=False)
    """Returns what makes the calls of ECR, the same each time. Raises CallError for settings that
    cannot work."""

    plain: "PlainAccess | None" = field(default=None, repr=False, compare=False)
    """The settings, where boto3 need not be asked what they are."""

    no_response: Callable[[float], None] = field(default=lambda _seconds: None, compare=False)
    """Is told of a call to STS as `Pace` tells of one to ECR."""


class _SecurityTokenService(Protocol):
    def get_caller_identity(self) -> Mapping[str, object]: ...


Sources = Callable[[str, str | None], "BotoSession"]
"""Returns the session of boto3 for a region and a profile."""


def new_source(region: str, profile: str | None) -> "BotoSession":
    """Return a session of its own. Raises CallError as `connect` does."""
    from reconciler.registry.transport.boto_session import boto_session

    return boto_session(region, profile)


def shared_sources() -> Sources:
    """Return sources for many connections, which share the session of a region and a profile."""
    return cache(new_source)


def connect(
    account: str,
    region: str,
    assume_role: AssumedRole | None = None,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    *,
    sources: Sources = new_source,
) -> Connection:
    """Return a connection to the registry of `account` in `region`; makes no call.

    The credentials are those of `profile`, if given, whatever the environment holds. The role
    `assume_role` is assumed at the first call and again before its credentials expire. Raises
    CallError for an unknown profile or a broken AWS configuration file.
    """
    session = cache(partial(_boto_session, partial(sources, region, profile), region, assume_role))
    is_plain = profile is None and transport is Transport.FAST
    plain = _plain_access(region, assume_role) if is_plain else None
    if plain is None:
        session()
    calls = cache(partial(ecr_calls, session, plain, transport))
    return Connection(account, region, assume_role, session, calls, plain)


def _plain_access(region: str, role: AssumedRole | None) -> "PlainAccess | None":
    settings = plain_settings(region)
    if settings is None or role is None:
        return settings
    if settings.sts is None:
        return None
    from reconciler.registry.settings.role_access import RoleAccess

    return RoleAccess(settings.ecr, settings.sts, settings.keys, role, _timeouts())


def _boto_session(
    source: "Callable[[], BotoSession]", region: str, assume_role: AssumedRole | None
) -> "BotoSession":
    if assume_role is None:
        return source()
    from reconciler.registry.transport.boto_session import assuming

    return assuming(source(), region, assume_role, _timeouts())


def default_region(profile: str | None) -> str | None:
    """Return the region of AWS_REGION, or else the one that boto3 uses; None without any.

    Raises CallError for an unknown profile or a broken AWS configuration file.
    """
    from reconciler.registry.transport.boto_session import configured_region

    region = configured_region(profile)
    return os.environ.get("AWS_REGION") or region


class Identity(NamedTuple):
    """The caller: a 12-digit account id and an ARN."""

    account: str
    arn: str


def caller_identity(connection: Connection) -> Identity:
    """Return whose credentials are in use (STS GetCallerIdentity). Raises CallError."""
    pace = Pace(no_response=connection.no_response)
    directly = _plain_sts(connection.plain) if connection.plain else None
    if directly is not None:
        return directly.ask("GetCallerIdentity", {}, _identity, pace)
    sts = cast("_SecurityTokenService", new_client(connection, "sts"))

    def ask() -> Identity:
        response = sts.get_caller_identity()
        return Identity(text_field(response, "Account"), text_field(response, "Arn"))

    try:
        return run_alone(pace.paced(partial(answered, ask), retry_after))
    except Exception as error:
        raise explain(error, "GetCallerIdentity", region=connection.region) from error


def _identity(field_of: "Fields") -> Identity:
    return Identity(field_of("Account"), field_of("Arn"))


def _plain_sts(plain: "PlainAccess") -> "Sts | None":
    """Return STS for a caller with plain settings; None where boto3 has to ask it."""
    from reconciler.registry.settings.sts import sts_at

    keys = plain.credentials()
    if plain.sts is None or keys is None:
        return None
    return sts_at(plain.sts, keys, _timeouts())


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


def new_client(connection: Connection, service: str) -> "BaseClient":
    """Return a client of `service` for one thread; `Pace` makes the retries.

    Raises CallError for an invalid endpoint address, CA bundle or region.
    """
    return _client(connection.boto, service)


def _client(session: "Callable[[], BotoSession]", service: str, threads: int = 1) -> "BaseClient":
    from reconciler.registry.transport.boto_session import client_of

    return client_of(session(), service, threads, _timeouts())


def ecr_calls(
    session: "Callable[[], BotoSession]", plain: Access | None, transport: Transport
) -> Calls:
    """Return what makes the calls of ECR. Raises CallError for settings that cannot work."""
    if plain is not None:
        return DirectCalls(plain, cache(partial(_boto_calls, session)), _timeouts())
    by_boto = _boto_calls(session)
    if transport is Transport.BOTO3:
        return by_boto
    from reconciler.registry.transport.learnt_access import LearntAccess

    learnt = LearntAccess(by_boto.client, session().core)
    return DirectCalls(learnt, lambda: by_boto, _timeouts())


def _boto_calls(session: "Callable[[], BotoSession]") -> "BotoCalls":
    from reconciler.registry.transport.boto_calls import BotoCalls

    client = _client(session, "ecr", _BOTO_CONNECTIONS)
    return BotoCalls(client, session().core, _timeouts())


def _timeouts() -> Timeouts:
    return Timeouts(_CONNECT_TIMEOUT, _READ_TIMEOUT, _RESPONSE_TIMEOUT)


async def answered(call: Callable[[], T]) -> T:
    """Make a call of boto3; raises ReadTimeoutError where its response takes too long."""
    return await within(_RESPONSE_TIMEOUT, call, "AWS")
