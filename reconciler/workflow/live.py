"""What is live in registries, read of all of them at once.

The modules that load boto3 are imported where the reading begins.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.access_file.model import Registry
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    LiveTemplates,
    RegistryScope,
    Target,
)
from reconciler.workflow.connections import (
    Connections,
    CredentialSource,
    Failures,
    RegistryConnection,
    require_some,
)
from reconciler.workflow.listener import Listener, RegistryPolicyIgnored

if TYPE_CHECKING:
    from reconciler.registry.reader import RegistryReader
    from reconciler.registry.reading import Found, Wanted


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
            repositories = {name: one for name, one in repositories.items() if not one.is_missing}
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
