"""Connections to registries, who calls there, and what is live.

The modules that load boto3 are imported where the first connection is made.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.apply.journal_format import Author
from reconciler.model.registry import (
    AssumedRole,
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    RegistryScope,
    Target,
)
from reconciler.model.transport import Transport
from reconciler.registry.errors import CallError, FailureKind
from reconciler.registry.pace import Pace
from reconciler.workflow.listener import Listener, RegistryPolicyIgnored, Throttled

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.session import Connection, Identity
    from reconciler.registry.writer import RegistryWriter


class CredentialSource(NamedTuple):
    """Where the credentials for a registry come from.

    The role is assumed with those of the profile. None for no role, and for boto3's own profile.
    """

    assume_role: AssumedRole | None = None
    profile: str | None = None


CredentialSources = Mapping[RegistryScope, CredentialSource]
"""Where the credentials for each registry and region come from."""


@dataclass(frozen=True, slots=True)
class RegistryConnection:
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

    def writer(self) -> "RegistryWriter":
        """Return what writes to this registry; only an apply asks for it."""
        from reconciler.registry.writer import RegistryWriter

        return RegistryWriter(self.connection, self.pace, self.reader)


Connections = Mapping[RegistryScope, RegistryConnection]
Authors = Mapping[RegistryScope, Author]


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
    from reconciler.registry.session import connect

    told = Lock()

    def note_throttled() -> None:
        if told.acquire(blocking=False):  # once, however many regions are throttled
            listener.notify(Throttled())

    connections: dict[RegistryScope, RegistryConnection] = {}
    failures: dict[RegistryScope, CallError] = {}
    for scope, source in sources.items():
        try:
            connection = connect(scope.account, scope.region, *source, transport)
            pace = Pace(throttled_for_long=note_throttled)
            reader = RegistryReader(connection, pace)
        except CallError as error:
            failures[scope] = error
        else:
            name = names.get(scope)
            connections[scope] = RegistryConnection(source, connection, pace, reader, name)
    return Reached(connections, failures)


def caller_of(connections: Connections) -> Callable[[RegistryScope], str]:
    """Return a function that asks STS who calls in a registry, once for equal credentials.

    It raises ReconcileError.
    """
    from reconciler.registry.session import caller_identity

    groups = {scope: tuple(own) for own in _by_credentials(connections) for scope in own}

    @cache
    def ask(scopes: tuple[RegistryScope, ...]) -> str:
        return _ask_any([connections[scope] for scope in scopes], caller_identity).arn

    return lambda scope: ask(groups[scope])


def authors_of(reached: Reached) -> tuple[Authors, Reached]:
    """Ask STS who would write to each registry: it must be of the registry's own account.

    A registry where no region answers is not reached any more. Raises RefusedError for a wrong
    account.
    """
    from reconciler.registry.session import require_account

    connections, failures = reached.connections, dict(reached.failures)
    authors: dict[RegistryScope, Author] = {}
    for own in _by_credentials(connections):
        try:
            caller = _ask_any([connections[scope] for scope in own], require_account)
        except CallError as error:
            failures |= dict.fromkeys(own, error)
        else:
            role = connections[own[0]].source.assume_role
            authors |= dict.fromkeys(own, Author(caller.arn, role))
    return authors, Reached({scope: connections[scope] for scope in authors}, failures)


def _by_credentials(connections: Connections) -> Iterable[list[RegistryScope]]:
    """Group registries and regions of one account that are called with the same credentials."""
    groups: defaultdict[tuple[str, CredentialSource], list[RegistryScope]] = defaultdict(list)
    for scope, one in connections.items():
        groups[scope.account, one.source].append(scope)
    return groups.values()


def unlisted(failures: Failures) -> list[LiveRegistry]:
    """Return the registries that can't be reached, each with the reason."""
    from reconciler.registry.reader import failure_of

    return [LiveRegistry(scope, (), {}, failure_of(error)) for scope, error in failures.items()]


def require_some(failures: Failures, scopes: Collection[RegistryScope]) -> None:
    """Raise the failure of the only registry and region; of several, each fails alone, as data."""
    for failure in failures.values():
        if len(scopes) == 1:
            raise failure


def _ask_any(
    connections: Iterable[RegistryConnection], ask: "Callable[[Connection], Identity]"
) -> "Identity":
    """Ask in one region after the other, until one can be reached. Raises ReconcileError."""
    *others, last = connections
    for other in others:
        with suppress(CallError):
            return ask(other.connection)
    return ask(last.connection)


class ToRead(NamedTuple):
    """What to read of one registry in one region.

    `select` says which of the listed repositories. With `registry_policy`, the registry's own
    policy is read, too, and with `templates` its creation templates.
    """

    select: Callable[[tuple[str, ...]], Iterable[str]]
    registry_policy: bool = False
    templates: bool = False


def read_registries(
    connections: Connections, wanted: Mapping[RegistryScope, ToRead], listener: Listener
) -> list[LiveRegistry]:
    """Read what is wanted of each registry, in the order of the connections.

    A registry that fails says why, and the others are read. Raises CallError where it is the only
    one that is wanted.
    """
    found: dict[RegistryScope, LiveRegistry] = {}
    failures: dict[RegistryScope, CallError] = {}
    for scope, connection in connections.items():
        select, registry_policy, templates = wanted[scope]
        try:
            names = _list(connection)
            live = _read(scope, connection, names, list(select(names)), listener)
            own = connection.reader.read_registry_policy() if registry_policy else None
            made = connection.reader.read_templates() if templates else None
            found[scope] = replace(live, policy=own, templates=made)
        except CallError as error:
            failures[scope] = error
    require_some(failures, wanted)
    working = {connections[scope].source for scope in found}
    found |= {one.scope: one for one in unlisted(_explained(failures, connections, working))}
    return [found[scope] for scope in connections]


def _explained(
    failures: Failures, connections: Connections, working: Collection[CredentialSource]
) -> Failures:
    """Say of credentials that work in another region what may be wrong in this one."""
    from reconciler.registry.boto_errors import in_this_region_only

    return {
        scope: in_this_region_only(error, scope.region)
        if connections[scope].source in working
        else error
        for scope, error in failures.items()
    }


def reads_registry_policy(registry: Registry, listener: Listener) -> bool:
    """Whether the file wants the registry's own policy read; the listener is told if not."""
    if registry.policy != "ignore":
        return True
    listener.notify(RegistryPolicyIgnored())
    return False


def reading_own_policy(
    registries: Sequence[Registry], listener: Listener
) -> frozenset[RegistryScope]:
    """Return where the file wants the registry's own policy read; tell the listener where not."""
    # A registry has several parts where its regions differ, and is told of once.
    distinct = {(one.account, one.name): one for one in registries}
    for one in distinct.values():
        if one.policy == "ignore":
            listener.notify(RegistryPolicyIgnored(one.name if len(distinct) > 1 else None))
    return frozenset(scope for one in registries if one.policy != "ignore" for scope in one.scopes)


class FreshRegistryPolicy(NamedTuple):
    """A registry's own policy, the names of the repositories that it may concern, and their own.

    Only the policies of managed repositories are read.
    """

    policy: LiveRegistryPolicy
    names: tuple[str, ...] = ()
    repositories: Mapping[str, LiveRepository] = MappingProxyType({})


RegistryPolicies = Mapping[RegistryScope, FreshRegistryPolicy]
"""The own policy of each registry that was asked for it."""


def read_registry_policies(
    connections: Connections,
    wanted: Mapping[RegistryScope, Callable[[tuple[str, ...]], Iterable[str]]],
    changed: Collection[RegistryScope],
    listener: Listener,
) -> tuple[RegistryPolicies, Failures]:
    """Read the own policies of the `wanted` registries; that one can't be read is data.

    The repositories of the `changed` ones are listed, and those are read that the function of
    `wanted` selects, because a change there is judged with their own policies. Where that fails,
    the registry has a failure instead.
    """
    found: dict[RegistryScope, FreshRegistryPolicy] = {}
    failures: dict[RegistryScope, CallError] = {}
    for scope, select in wanted.items():
        one = connections[scope]
        try:
            names = _list(one) if scope in changed else ()
            selected = list(select(names))
            read = _read(scope, one, names, selected, listener).repositories if selected else {}
        except CallError as error:
            failures[scope] = error
        else:
            found[scope] = FreshRegistryPolicy(one.reader.read_registry_policy(), names, read)
    return found, failures


def read_targets(
    scope: RegistryScope,
    connection: RegistryConnection,
    targets: Iterable[Target],
    listener: Listener,
) -> LiveRegistry:
    """Read what these targets of one registry are about, and no more.

    Raises CallError where none of them can be read.
    """
    found = tuple(targets)
    names = tuple(t.repository for t in found if t.subject == "repository-policy")
    subjects, reader = {target.subject for target in found}, connection.reader
    return replace(
        _read(scope, connection, names, names, listener),
        policy=reader.read_registry_policy() if "registry-policy" in subjects else None,
        templates=reader.read_templates() if "creation-template" in subjects else None,
    )


def _read(
    scope: RegistryScope,
    connection: RegistryConnection,
    names: tuple[str, ...],
    to_read: Sequence[str],
    listener: Listener,
) -> LiveRegistry:
    with listener.progress(f"reading policies in {connection.label}") as progress:
        return LiveRegistry(scope, names, connection.reader.read(to_read, progress))


def _list(connection: RegistryConnection) -> tuple[str, ...]:
    """List the repositories. Where that is denied, the reason may be a wrong account."""
    from reconciler.registry.session import require_account

    try:
        return connection.reader.list_repositories()
    except CallError as error:
        if error.kind is FailureKind.DENIED:
            require_account(connection.connection)
        raise
