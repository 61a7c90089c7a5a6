"""Connections to registries, who calls there, and what is live.

The modules that load boto3 are imported where the first connection is made.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.apply.journal_format import Author
from reconciler.errors import ReconcileError
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
from reconciler.registry.tasks import Tasks, in_thread
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
    from reconciler.registry.session import connect, shared_sources

    told = Lock()

    def note_throttled() -> None:
        if told.acquire(blocking=False):  # once, however many regions are throttled
            listener.notify(Throttled())

    shared = shared_sources()
    connections: dict[RegistryScope, RegistryConnection] = {}
    failures: dict[RegistryScope, CallError] = {}
    for scope, source in sources.items():
        try:
            connection = connect(scope.account, scope.region, *source, transport, sources=shared)
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

    All are asked at once. A registry where no region answers is not among those reached. Raises
    RefusedError for a wrong account.
    """
    from reconciler.registry.session import require_account

    connections, failures = reached.connections, dict(reached.failures)
    groups = [tuple(own) for own in _by_credentials(connections)]
    found: dict[tuple[RegistryScope, ...], Identity | ReconcileError] = {}
    tasks = Tasks()

    async def ask(own: tuple[RegistryScope, ...]) -> None:
        here = [connections[scope] for scope in own]
        try:
            found[own] = await in_thread(partial(_ask_any, here, require_account))
        except ReconcileError as error:
            found[own] = error

    for own in groups:
        tasks.start(ask(own), own)
    tasks.run()
    authors: dict[RegistryScope, Author] = {}
    for own in groups:
        caller = found[own]
        if isinstance(caller, CallError):
            failures |= dict.fromkeys(own, caller)
        elif isinstance(caller, ReconcileError):
            raise caller
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
    connections: Connections, to_read: Mapping[RegistryScope, ToRead], listener: Listener
) -> list[LiveRegistry]:
    """Read what is wanted of all registries at once; the result is in the order of these.

    A registry that fails says why, and the others are read. Raises CallError where it is the only
    one that is wanted.
    """
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
        )

    def live(scope: RegistryScope, found: "Found") -> LiveRegistry:
        names, repositories, own = found.names, found.repositories, beside[scope]
        if not to_read[scope].lists:
            repositories = {name: one for name, one in repositories.items() if not _is_missing(one)}
            names = tuple(repositories)
        return LiveRegistry(scope, names, repositories, policy=own.policy, templates=own.templates)

    read = _read(
        {scope: wanted(scope, one) for scope, one in connections.items()}, connections, listener
    )
    failures = {scope: one.failure for scope, one in read.items() if one.failure is not None}
    require_some(failures, to_read)
    found = {scope: live(scope, one) for scope, one in read.items() if scope not in failures}
    working = {connections[scope].source for scope in found}
    found |= {one.scope: one for one in unlisted(_explained(failures, connections, working))}
    return [found[scope] for scope in connections]


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


def _explained(
    failures: Failures, connections: Connections, working: Collection[CredentialSource]
) -> Failures:
    """Say of credentials that work in another region what may be wrong in this one."""
    if not failures:
        return failures
    from reconciler.registry.boto_errors import in_this_region_only

    return {
        scope: in_this_region_only(error, scope.region)
        if connections[scope].source in working
        else error
        for scope, error in failures.items()
    }


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
    lists = {
        scope: _listing(connections[scope], select=select)
        for scope, select in wanted.items()
        if scope in changed
    }
    read = _read(lists, connections, listener)
    failures = {scope: one.failure for scope, one in read.items() if one.failure is not None}
    found = {
        scope: FreshRegistryPolicy(
            connections[scope].reader.read_registry_policy(),
            *((read[scope].names, read[scope].repositories) if scope in read else ()),
        )
        for scope in wanted
        if scope not in failures
    }
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
    from reconciler.registry.reading import Wanted

    found = tuple(targets)
    names = tuple(t.repository for t in found if t.subject == "repository-policy")
    subjects, reader = {target.subject for target in found}, connection.reader
    wanted = Wanted(reader, names, lists=False)
    read = _read({scope: wanted}, {scope: connection}, listener)[scope]
    if read.failure is not None:
        raise read.failure
    return LiveRegistry(
        scope,
        names,
        read.repositories,
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
) -> "Wanted":
    """Want repositories read. Where listing them is denied, the reason may be a wrong account."""
    from reconciler.registry.reading import Wanted
    from reconciler.registry.session import require_account

    return Wanted(
        connection.reader,
        names,
        lists=lists,
        select=select,
        beside=beside,
        on_denied=partial(require_account, connection.connection),
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
                        f"reading policies in {connections[scope].label}",
                        connections[scope].is_held_back,
                    )
                ),
            )
            for scope, one in wanted.items()
        ]
        return dict(zip(wanted, read(shown), strict=True))
