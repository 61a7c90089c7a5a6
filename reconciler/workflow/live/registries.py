"""What is live in registries, read of all of them at once.

The modules that load boto3 are imported where the reading begins.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveTemplates,
    RegistryScope,
    Target,
)
from reconciler.workflow.listener import Listener, RegistryPolicyIgnored
from reconciler.workflow.live.connections import (
    Connections,
    CredentialSource,
    Failures,
    RegistryConnection,
    require_some,
)

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.reading import Wanted


def unlisted(failures: Failures) -> list[LiveRegistry]:
    """Return the registries that can't be reached, each with the reason."""
    from reconciler.registry.reader import failure_of

    return [LiveRegistry(scope, (), {}, failure_of(error)) for scope, error in failures.items()]


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

    def existing(live: LiveRegistry) -> LiveRegistry:
        found = {name: one for name, one in live.repositories.items() if not one.is_missing}
        return live._replace(names=tuple(found), repositories=found)

    read = _read(connections, to_read, listener)
    return [live if to_read[live.scope].lists else existing(live) for live in read]


def read_targets(
    connections: Connections,
    targets: Mapping[RegistryScope, Collection[Target]],
    listener: Listener,
) -> list[LiveRegistry]:
    """Read what these targets of each registry are about, and no more, of all at once.

    A repository that does not exist is a ReadFailure. Otherwise as `read_registries`.
    """

    def wanted(found: Collection[Target]) -> ToRead:
        subjects = {target.subject for target in found}
        return ToRead(
            list,
            tuple(sorted(t.repository for t in found if t.subject == "repository-policy")),
            lists=False,
            registry_policy="registry-policy" in subjects,
            templates="creation-template" in subjects,
        )

    to_read = {scope: wanted(found) for scope, found in targets.items()}
    return _read(connections, to_read, listener)


def _read(
    connections: Connections, to_read: Mapping[RegistryScope, ToRead], listener: Listener
) -> list[LiveRegistry]:
    """Read all at once; the listener is told how far each is.

    Where nothing is listed, the repositories have those that do not exist, as failures.
    """
    from reconciler.registry.reading import read

    beside = {scope: _Beside() for scope in connections}
    with ExitStack() as tasks:
        wanted = [
            _shown(_wanted(one, to_read[scope], beside[scope]), one, listener, tasks)
            for scope, one in connections.items()
        ]
        found = dict(zip(connections, read(wanted), strict=True))
    failures = {scope: one.failure for scope, one in found.items() if one.failure is not None}
    require_some(failures, to_read)
    working = {connections[scope].source for scope in found if scope not in failures}
    unread = {one.scope: one for one in unlisted(_explained(failures, connections, working))}
    return [
        unread[scope]
        if scope in unread
        else LiveRegistry(
            scope,
            one.names,
            one.repositories,
            policy=beside[scope].policy,
            templates=beside[scope].templates,
        )
        for scope, one in found.items()
    ]


def _shown(
    wanted: "Wanted", connection: RegistryConnection, listener: Listener, tasks: ExitStack
) -> "Wanted":
    """Show how far the reading of a registry is, until it is over; at the latest, `tasks` are."""
    own = tasks.enter_context(ExitStack())
    label = f"reading policies in {connection.label}"
    progress = own.enter_context(listener.progress(label, connection.is_held_back))
    return wanted._replace(progress=progress, on_over=own.close)


def _wanted(one: RegistryConnection, to_read: ToRead, beside: "_Beside") -> "Wanted":
    """Want repositories read. Where listing them is denied, the reason may be a wrong account."""
    from reconciler.registry.reading import Wanted
    from reconciler.registry.session import require_account

    policy = [partial(beside.read_policy, one.reader)] if to_read.registry_policy else []
    templates = [partial(beside.read_templates, one.reader)] if to_read.templates else []
    return Wanted(
        one.reader,
        tuple(to_read.select(to_read.declared)),
        lists=to_read.lists,
        select=to_read.select,
        beside=[*policy, *templates],
        on_denied=partial(require_account, one.connection),
    )


class _Beside:
    """What is read of a registry beside its repositories, by threads."""

    def __init__(self) -> None:
        self.policy: LiveRegistryPolicy | None = None
        self.templates: LiveTemplates = None

    def read_policy(self, reader: "RegistryReader") -> None:
        self.policy = reader.read_registry_policy()

    def read_templates(self, reader: "RegistryReader") -> None:
        self.templates = reader.read_templates()


def _explained(
    failures: Failures, connections: Connections, working: Collection[CredentialSource]
) -> Failures:
    """Say of credentials that work in another region what may be wrong in this one."""
    if not failures:
        return failures
    from reconciler.registry.failures.boto_errors import in_this_region_only

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
