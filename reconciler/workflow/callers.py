"""Who calls in each registry, as STS says.

The modules that load boto3 are imported where STS is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

from reconciler.apply.journal_format import Author
from reconciler.errors import ReconcileError
from reconciler.model.registry import RegistryScope
from reconciler.registry.errors import CallError
from reconciler.registry.tasks import Tasks, in_thread
from reconciler.workflow.connections import (
    Connections,
    CredentialSource,
    Reached,
    RegistryConnection,
)

if TYPE_CHECKING:
    from reconciler.registry.session import Connection, Identity

Authors = Mapping[RegistryScope, Author]


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


def _ask_any(
    connections: Iterable[RegistryConnection], ask: "Callable[[Connection], Identity]"
) -> "Identity":
    """Ask in one region after the other, until one can be reached. Raises ReconcileError."""
    *others, last = connections
    for other in others:
        with suppress(CallError):
            return ask(other.connection)
    return ask(last.connection)
