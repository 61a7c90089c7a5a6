"""Connections to registries, and the credentials for each.

The modules that load boto3 are imported where the first connection is made.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.model.registry import AssumedRole, RegistryScope
from reconciler.model.transport import Transport
from reconciler.registry.failures.errors import CallError, WrongAccountError
from reconciler.registry.pace import Pace
from reconciler.workflow.listener import Event, Listener, NoResponse, Throttled

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.session import Connection
    from reconciler.registry.writer import RegistryWriter


class CredentialSource(NamedTuple):
    """Where the credentials for a registry come from.

    The role is assumed with those of the profile. None for no role, and for boto3's own profile.
    """

    assume_role: AssumedRole | None = None
    profile: str | None = None


CredentialSources = Mapping[RegistryScope, CredentialSource]
"""Where the credentials for each registry and region come from."""


class RegistryConnection(NamedTuple):
    """The connection to one registry in one region; all its calls share one pace."""

    source: CredentialSource
    connection: "Connection"
    pace: Pace
    reader: "RegistryReader"
    name: str | None = None
    """The registry's name, where there are several."""

    @property
    def label(self) -> str:
        """Which registry and region it is, where more than one is at work."""
        region = self.connection.region
        return region if self.name is None else f"{self.name} ({region})"

    def is_held_back(self) -> bool:
        """Whether the service limits the rate of the calls."""
        return math.isfinite(self.pace.rate)

    def writer(self) -> "RegistryWriter":
        """Return what writes to this registry; only an apply asks for it."""
        from reconciler.registry.writer import RegistryWriter

        return RegistryWriter(self.connection, self.pace, self.reader)


Connections = Mapping[RegistryScope, RegistryConnection]


def sources_of(registries: Iterable[Registry], profile: str | None) -> CredentialSources:
    """Return where the credentials for the file's registries come from.

    `profile` takes precedence over those that the file names.
    """
    return {
        scope: CredentialSource(registry.assume_role, profile or registry.profile)
        for registry in registries
        for scope in registry.scopes
    }


Failures = Mapping[RegistryScope, CallError]
"""Why a registry and region can't be reached at all, for those of which this is known."""


class Reached(NamedTuple):
    """The registries that can be called, and why the others can't be."""

    connections: Connections
    failures: Failures


def connect_registries(
    sources: CredentialSources,
    listener: Listener,
    transport: Transport = Transport.FAST,
) -> Connections:
    """Prepare the connections, without a call. Raises CallError for wrong AWS settings."""
    connections, failures = reach_registries(sources, listener, transport)
    for failure in failures.values():
        raise failure
    return connections


def reach_registries(
    sources: CredentialSources,
    listener: Listener,
    transport: Transport = Transport.FAST,
    names: Mapping[RegistryScope, str] = MappingProxyType({}),
) -> Reached:
    """Prepare the connections, without a call; wrong AWS settings fail for their registry alone.

    `names` are the registries' names where there are several.
    """
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.session import connect, shared_sources

    throttled = _Once(listener).throttled  # however many regions are throttled
    shared = shared_sources()
    connections: dict[RegistryScope, RegistryConnection] = {}
    failures: dict[RegistryScope, CallError] = {}
    for scope, source in sources.items():
        try:
            connection = connect(scope.account, scope.region, *source, transport, sources=shared)
            silent = partial(_Once(listener).silent, scope.region)
            connection = replace(connection, no_response=silent)
            pace = Pace(throttled_for_long=throttled, no_response=silent)
            reader = RegistryReader(connection, pace)
        except CallError as error:
            failures[scope] = error
        else:
            name = names.get(scope)
            connections[scope] = RegistryConnection(source, connection, pace, reader, name)
    return Reached(connections, failures)


class _Once:
    """Tells the listener the first event only, whatever thread it comes from."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self._told = listener, Lock()

    def throttled(self) -> None:
        self._notify(Throttled())

    def silent(self, region: str, seconds: float) -> None:
        self._notify(NoResponse(region, seconds))

    def _notify(self, event: Event) -> None:
        if self._told.acquire(blocking=False):
            self._listener.notify(event)


def require_some(failures: Failures, scopes: Collection[RegistryScope]) -> None:
    """Raise the failure of the only registry and region; of several, each fails alone, as data.

    Raises WrongAccountError for several regions of one account, too.
    """
    is_one = len({scope.account for scope in scopes}) == 1
    for failure in failures.values():
        if len(scopes) == 1 or (is_one and isinstance(failure, WrongAccountError)):
            raise failure
