"""What was read of a registry, sorted into policies that a file may describe and all others."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.sections.accounts import account_in
from reconciler.access_file.sections.registry import name_hint
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope, Target
from reconciler.policy import Document, Unreadable, has_wildcard

OF_ALL_REGIONS = "an entry is for all regions of its file"


class LeftOut(NamedTuple):
    """A repository that the file does not describe, and why.

    `unread`: its policy could not be read.
    """

    repository: str
    reason: str
    unread: bool = False


class Survey(NamedTuple):
    """The registry in all its regions.

    `documents` has the policies that are understood, by repository and region; `left_out` says why
    the other repositories are not in it. `live` are the names of all.
    """

    documents: Mapping[str, Mapping[RegistryScope, Document]]
    left_out: tuple[LeftOut, ...]
    live: tuple[str, ...]


def survey(registries: Sequence[LiveRegistry], described: Collection[str] = frozenset()) -> Survey:
    """Sort the repositories of a registry, given in its regions, that are not `described` yet."""
    live = sorted({name for registry in registries for name in registry.names})
    documents: dict[str, Mapping[RegistryScope, Document]] = {}
    left_out: list[LeftOut] = []
    for name in live:
        if name in described:
            continue
        found = _documents(name, registries)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            documents[name] = found
    return Survey(documents, tuple(left_out), tuple(live))


def accounts_in(value: object) -> Iterator[str]:
    """Yield each account id that a JSON value has, alone or in an ARN."""
    if isinstance(value, str):
        account = account_in(value)
        if account:
            yield account
        return
    parts = value.values() if isinstance(value, Mapping) else value
    for part in parts if isinstance(parts, Iterable) else ():
        yield from accounts_in(part)


def _documents(
    name: str, registries: Sequence[LiveRegistry]
) -> Mapping[RegistryScope, Document] | LeftOut:
    hint = name_hint(name)
    if hint is not None or has_wildcard(name):
        return LeftOut(name, f"this is not the name of a repository: {hint or 'it is a pattern'}")
    found: dict[RegistryScope, Document] = {}
    for registry in registries:
        repository = registry.repositories.get(name)
        if repository is None:
            reason = f"it does not exist in {registry.scope.region}, and {OF_ALL_REGIONS}"
            return LeftOut(name, reason)
        if isinstance(repository.policy_text, ReadFailure):
            return LeftOut(name, repository.policy_text.message, unread=True)
        policy = Target(name, registry.scope).read(repository.policy_text)
        if isinstance(policy, Unreadable):
            return LeftOut(name, f"its policy is not understood: {policy}")
        found[registry.scope] = policy
    return found
