"""Connections to registries, who calls there, and what is live.

The modules that load boto3 are imported where the first connection is made.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.apply.journal_format import Author
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    RegistryScope,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.transport import Transport
from reconciler.registry.errors import CallError, FailureKind
from reconciler.registry.pace import Pace
from reconciler.workflow.listener import Listener, RegistryPolicyIgnored, Throttled

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.session import Connection, Identity
    from reconciler.registry.writer import RegistryWriter

_Roles = Mapping[RegistryScope, str | None]
"""The role that is assumed in each registry and region, None for the caller's own credentials."""


@dataclass(frozen=True, slots=True)
class RegistryConnection:
    """The connection to one registry in one region; all its calls share one pace."""

    connection: "Connection"
    pace: Pace
    reader: "RegistryReader"

    def writer(self) -> "RegistryWriter":
        """Return what writes to this registry; only an apply asks for it."""
        from reconciler.registry.writer import RegistryWriter

        return RegistryWriter(self.connection, self.pace, self.reader)


Connections = Mapping[RegistryScope, RegistryConnection]
Authors = Mapping[RegistryScope, Author]


def roles_of(registry: Registry) -> _Roles:
    """Return the role that the file's registry assumes, for each of its regions."""
    return dict.fromkeys(registry.scopes, registry.assume_role)


def connect_registries(
    roles: _Roles,
    profile: str | None,
    listener: Listener,
    transport: Transport = Transport.FAST,
) -> dict[RegistryScope, RegistryConnection]:
    """Prepare the connections, without a call. Raises CallError for wrong AWS settings."""
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.session import connect

    told = Lock()

    def note_throttled() -> None:
        if told.acquire(blocking=False):  # once, however many regions are throttled
            listener.notify(Throttled())

    connections = {}
    for scope, role in roles.items():
        connection = connect(scope.account, scope.region, role, profile, transport)
        pace = Pace(throttled_for_long=note_throttled)
        connections[scope] = RegistryConnection(connection, pace, RegistryReader(connection, pace))
    return connections


def caller_arn(connections: Connections) -> str:
    """Ask STS who is calling; it is the same in all regions. Raises ReconcileError."""
    from reconciler.registry.session import caller_identity

    return _ask_any(connections.values(), caller_identity).arn


def authors_of(connections: Connections) -> Authors:
    """Ask STS who would write to each registry: it must be of the registry's own account.

    Raises RefusedError for a wrong account, CallError where no region answers.
    """
    from reconciler.registry.session import require_account

    def whose(scope: RegistryScope) -> tuple[str, str]:
        return scope.account, connections[scope].connection.assume_role or ""

    authors: dict[RegistryScope, Author] = {}
    for (_, role), scopes in groupby(sorted(connections, key=whose), whose):
        own = tuple(scopes)
        caller = _ask_any([connections[scope] for scope in own], require_account)
        authors |= dict.fromkeys(own, Author(caller.arn, role or None))
    return authors


def _ask_any(
    connections: Iterable[RegistryConnection], ask: "Callable[[Connection], Identity]"
) -> "Identity":
    """Ask in one region after the other, until one can be reached. Raises ReconcileError."""
    *others, last = connections
    for other in others:
        with suppress(CallError):
            return ask(other.connection)
    return ask(last.connection)


class RegistryPart(NamedTuple):
    """What is read of a registry: the repositories that `select` returns, of those listed.

    Without `lists` nothing is listed, and `select` is called with no names. With `registry_policy`,
    the registry's own policy is read, too, and with `templates` its creation templates.
    """

    select: Callable[[tuple[str, ...]], Iterable[str]]
    lists: bool = True
    registry_policy: bool = False
    templates: bool = False


def read_registries(
    connections: Connections,
    select: Callable[[tuple[str, ...]], Iterable[str]],
    listener: Listener,
    *,
    registry_policy: bool = False,
    templates: bool = False,
) -> list[LiveRegistry]:
    """Read the same part of each registry, which is listed. Raises as `read_parts`."""
    part = RegistryPart(select, registry_policy=registry_policy, templates=templates)
    return read_parts(connections, dict.fromkeys(connections, part), listener)


def read_parts(
    connections: Connections, parts: Mapping[RegistryScope, RegistryPart], listener: Listener
) -> list[LiveRegistry]:
    """Read a part of each registry.

    Where nothing is listed, `names` are the selected repositories that exist. A registry that fails
    says why, and the others are read. Raises CallError where all fail.
    """
    from reconciler.registry.boto_errors import in_this_region_only
    from reconciler.registry.reader import failure_of

    found: list[LiveRegistry] = []
    errors: list[CallError] = []
    for scope, part in parts.items():
        try:
            found.append(_read_part(scope, connections[scope], part, listener))
        except CallError as error:
            failure = failure_of(in_this_region_only(error, scope.region))
            found.append(LiveRegistry(scope, (), {}, failure))
            errors.append(error)
    if len(errors) == len(found):
        raise errors[0]
    return found


def _read_part(
    scope: RegistryScope, connection: RegistryConnection, part: RegistryPart, listener: Listener
) -> LiveRegistry:
    names = _list(connection) if part.lists else ()
    live = _read(scope, connection, names, list(part.select(names)), listener)
    if not part.lists:
        existing = {name: one for name, one in live.repositories.items() if not _is_missing(one)}
        live = replace(live, names=tuple(sorted(existing)), repositories=existing)
    reader = connection.reader
    return replace(
        live,
        policy=reader.read_registry_policy() if part.registry_policy else None,
        templates=reader.read_templates() if part.templates else None,
    )


def _is_missing(repository: LiveRepository) -> bool:
    text = repository.policy_text
    return isinstance(text, ReadFailure) and text.rule is RuleId.MISSING_REPOSITORY


def reads_registry_policy(registry: Registry, listener: Listener) -> bool:
    """Whether the file wants the registry's own policy read; the listener is told if not."""
    if registry.policy != "ignore":
        return True
    listener.notify(RegistryPolicyIgnored())
    return False


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
    changed: Collection[RegistryScope],
    select: Callable[[tuple[str, ...]], Iterable[str]],
    listener: Listener,
) -> RegistryPolicies:
    """Read the registries' own policies; a failure is data.

    The repositories of the `changed` ones are listed, and those that `select` chooses are read,
    because a change there is judged with their own policies. Raises CallError where that fails.
    """
    found: dict[RegistryScope, FreshRegistryPolicy] = {}
    for scope, one in connections.items():
        names = _list(one) if scope in changed else ()
        selected = list(select(names))
        read = _read(scope, one, names, selected, listener).repositories if selected else {}
        found[scope] = FreshRegistryPolicy(one.reader.read_registry_policy(), names, read)
    return found


def read_targets(
    scope: RegistryScope,
    connection: RegistryConnection,
    targets: Iterable[Target],
    listener: Listener,
) -> LiveRegistry:
    """Read what these targets of one registry are about, and no more; a failure is data."""
    from reconciler.registry.reader import unread

    found = tuple(targets)
    names = tuple(t.repository for t in found if t.subject == "repository-policy")
    subjects, reader = {target.subject for target in found}, connection.reader
    try:
        live = _read(scope, connection, names, names, listener)
    except CallError as error:
        live = LiveRegistry(scope, names, unread(names, error))
    return replace(
        live,
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
    with listener.progress(f"reading policies in {scope.region}") as progress:
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
