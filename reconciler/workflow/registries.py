"""Connections to registries, who calls there, and what is live.

The modules that load boto3 are imported where the first connection is made.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
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
    LiveTemplates,
    ReadFailure,
    RegistryScope,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.transport import Transport
from reconciler.registry.errors import CallError
from reconciler.registry.pace import Pace
from reconciler.workflow.listener import Listener, RegistryPolicyIgnored, Throttled

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.reading import Found, Wanted
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

    def is_held_back(self) -> bool:
        """Whether the service limits the rate of the calls."""
        return math.isfinite(self.pace.rate)

    def writer(self) -> "RegistryWriter":
        """Return what writes to this registry; only an apply asks for it."""
        from reconciler.registry.writer import RegistryWriter

        return RegistryWriter(self.connection, self.pace, self.reader)


Connections = Mapping[RegistryScope, RegistryConnection]
Authors = Mapping[RegistryScope, Author]
OnRead = Callable[[RegistryScope, LiveRepository], None]
"""Is given a repository that was read, in the thread that reads."""


def _nothing(_scope: RegistryScope, _repository: LiveRepository) -> None: ...


def sources_of(registries: Iterable[Registry], profile: str | None) -> CredentialSources:
    """Return where the credentials for the file's registries come from.

    `profile` takes precedence over those that the file names.
    """
    return {
        scope: CredentialSource(registry.assume_role, profile or registry.profile)
        for registry in registries
        for scope in registry.scopes
    }


def connect_registries(
    sources: CredentialSources,
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
    for scope, source in sources.items():
        connection = connect(scope.account, scope.region, *source, transport)
        pace = Pace(throttled_for_long=note_throttled)
        connections[scope] = RegistryConnection(
            source, connection, pace, RegistryReader(connection, pace)
        )
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

    scopes: defaultdict[tuple[str, CredentialSource], list[RegistryScope]] = defaultdict(list)
    for scope, one in connections.items():
        scopes[scope.account, one.source].append(scope)
    authors: dict[RegistryScope, Author] = {}
    for (_, source), own in scopes.items():
        caller = _ask_any([connections[scope] for scope in own], require_account)
        role = source.assume_role and source.assume_role.arn
        authors |= dict.fromkeys(own, Author(caller.arn, role))
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


class ToRead(NamedTuple):
    """What to read of one registry in one region.

    `select` says which repositories. Those of the `declared` names that it selects are read at
    once, the others when the registry is listed. Without `lists` nothing is listed, and the names
    of the result are the `declared` ones that exist. With `registry_policy`, the registry's own
    policy is read, too, and with `templates` its creation templates.
    """

    select: Callable[[tuple[str, ...]], Iterable[str]]
    declared: tuple[str, ...] = ()
    lists: bool = True
    registry_policy: bool = False
    templates: bool = False


def read_registries(
    connections: Connections,
    to_read: Mapping[RegistryScope, ToRead],
    listener: Listener,
    on_read: OnRead = _nothing,
) -> list[LiveRegistry]:
    """Read what is wanted of all registries at once; the result is in the order of these.

    `on_read` is given each repository as soon as it was read, in this thread; if the registry fails
    later, in vain. A registry that fails says why, and the others are read. Raises CallError where
    all fail.
    """
    from reconciler.registry.boto_errors import in_this_region_only
    from reconciler.registry.reader import failure_of

    beside = {scope: _Beside() for scope in connections}

    def wanted(scope: RegistryScope, connection: RegistryConnection) -> "Wanted":
        select, declared, lists, registry_policy, templates = to_read[scope]
        policy = [partial(beside[scope].read_policy, connection.reader)] if registry_policy else []
        made = [partial(beside[scope].read_templates, connection.reader)] if templates else []
        return _listing(
            connection,
            names=tuple(select(declared)),
            lists=lists,
            select=select,
            beside=[*policy, *made],
            on_read=partial(on_read, scope),
        )

    def live(scope: RegistryScope, found: "Found") -> LiveRegistry:
        if found.failure is not None:
            failure = failure_of(in_this_region_only(found.failure, scope.region))
            return LiveRegistry(scope, (), {}, failure)
        names, repositories, own = found.names, found.repositories, beside[scope]
        if not to_read[scope].lists:
            repositories = {name: one for name, one in repositories.items() if not _is_missing(one)}
            names = tuple(repositories)
        return LiveRegistry(scope, names, repositories, policy=own.policy, templates=own.templates)

    found = _read(
        {scope: wanted(scope, one) for scope, one in connections.items()}, connections, listener
    )
    errors = [one.failure for one in found.values() if one.failure is not None]
    if len(errors) == len(found):
        raise errors[0]
    return [live(scope, one) for scope, one in found.items()]


@dataclass(slots=True)
class _Beside:
    """What is read of a registry beside its repositories, by threads."""

    policy: LiveRegistryPolicy | None = None
    templates: LiveTemplates = None

    def read_policy(self, reader: "RegistryReader") -> None:
        self.policy = reader.read_registry_policy()

    def read_templates(self, reader: "RegistryReader") -> None:
        self.templates = reader.read_templates()


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
    lists = {s: _listing(one, select=select) for s, one in connections.items() if s in changed}
    found = _read(lists, connections, listener)
    for one in found.values():
        if one.failure is not None:
            raise one.failure
    return {
        scope: FreshRegistryPolicy(
            connection.reader.read_registry_policy(),
            *((found[scope].names, found[scope].repositories) if scope in found else ()),
        )
        for scope, connection in connections.items()
    }


def read_targets(
    scope: RegistryScope,
    connection: RegistryConnection,
    targets: Iterable[Target],
    listener: Listener,
) -> LiveRegistry:
    """Read what these targets of one registry are about, and no more; a failure is data."""
    from reconciler.registry.reader import unread
    from reconciler.registry.reading import Wanted

    found = tuple(targets)
    names = tuple(t.repository for t in found if t.subject == "repository-policy")
    subjects, reader = {target.subject for target in found}, connection.reader
    wanted = Wanted(reader, names, lists=False)
    read = _read({scope: wanted}, {scope: connection}, listener)[scope]
    return LiveRegistry(
        scope,
        names,
        read.repositories if read.failure is None else unread(names, read.failure),
        policy=reader.read_registry_policy() if "registry-policy" in subjects else None,
        templates=reader.read_templates() if "creation-template" in subjects else None,
    )


def _listing(
    connection: RegistryConnection,
    *,
    select: Callable[[tuple[str, ...]], Iterable[str]],
    names: Sequence[str] = (),
    lists: bool = True,
    beside: Sequence[Callable[[], None]] = (),
    on_read: Callable[[LiveRepository], None] = lambda _repository: None,
) -> "Wanted":
    """Want a registry listed. Where that is denied, the reason may be a wrong account."""
    from reconciler.registry.reading import Wanted
    from reconciler.registry.session import require_account

    return Wanted(
        connection.reader,
        names,
        lists=lists,
        select=select,
        beside=beside,
        on_denied=partial(require_account, connection.connection),
        on_read=on_read,
    )


def _read(
    wanted: Mapping[RegistryScope, "Wanted"], connections: Connections, listener: Listener
) -> "dict[RegistryScope, Found]":
    """Read all at once; the listener is told how far each is."""
    from reconciler.registry.reading import read

    with ExitStack() as tasks:
        shown = [
            replace(
                one,
                progress=tasks.enter_context(
                    listener.progress(
                        f"reading policies in {scope.region}", connections[scope].is_held_back
                    )
                ),
            )
            for scope, one in wanted.items()
        ]
        return dict(zip(wanted, read(shown), strict=True))
