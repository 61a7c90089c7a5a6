"""The repository policies in a Terraform or OpenTofu state, as `show -json` prints it.

Sources: Terraform documentation, "JSON Output Format"; the schemas of `aws_ecr_repository_policy`
and `aws_ecr_repository` in Terraform's AWS provider.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.model.registry import RegistryScope
from reconciler.policy import MalformedError, load_json, split_arn

_POLICY = "aws_ecr_repository_policy"
_REPOSITORY = "aws_ecr_repository"
_VERSION = re.compile(r"1\.[0-9]+")
_NAME = r"[^\W\d][\w-]*"
_KEY = r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]'
_ADDRESS = re.compile(rf"(?:module\.{_NAME}(?:{_KEY})?\.)*{_POLICY}\.{_NAME}(?:{_KEY})?")
_KEYS = re.compile(_KEY)
_OTHERS = {
    "planned_values": "this is a plan, not a state",
    "serial": "this is the state file itself, not the output of show -json",
    "provider_schemas": "these are the schemas of providers, not a state",
    "diagnostics": "these are diagnostics, not a state",
}
"""Other documents in JSON, by a key that a state does not have."""

Json = Mapping[str, object]


class StatePolicy(NamedTuple):
    """The policy of one repository in a state.

    `address` is that of the resource's instance, `resource` the same without instance keys, as the
    `removed` block takes it. `scope` is None where the state does not say the account and region;
    `text` is the policy's JSON.
    """

    address: str
    resource: str
    repository: str
    scope: RegistryScope | None
    text: str | None


class _Repository(NamedTuple):
    """A repository, managed or read as data; `resource` is its address without instance keys."""

    resource: str
    name: str
    scope: RegistryScope


class _Repositories(NamedTuple):
    """The repositories of a state by name, and the accounts and regions that they are in."""

    by_name: Mapping[str, Sequence[_Repository]]
    scopes: frozenset[RegistryScope]


def read_state(text: str) -> tuple[StatePolicy, ...]:
    """Return the repository policies in a state, in its order.

    Raises MalformedError for what is no state in JSON, or one of another format's major version.
    """
    resources = tuple(_resources(_root_module(load_json(text))))
    repositories = _grouped(_repositories(resources))
    return tuple(
        _policy(resource, repositories)
        for resource in resources
        if (resource.get("mode"), resource.get("type")) == ("managed", _POLICY)
    )


def _root_module(document: object) -> Json:
    """Return the root module; an empty one for an empty state, which has no values."""
    if not isinstance(document, dict):
        raise MalformedError("a state is a JSON object")
    for key, reason in _OTHERS.items():
        if key in document:
            raise MalformedError(reason)
    version = document.get("format_version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise MalformedError("the format is not version 1 of a state in JSON", ("format_version",))
    values = _object(document.get("values", {}), "values")
    return _object(values.get("root_module", {}), "values", "root_module")


def _resources(root: Json) -> Iterator[Json]:
    left = [root]
    while left:
        module = left.pop()
        yield from _objects(module, "resources")
        left += reversed(list(_objects(module, "child_modules")))


def _repositories(resources: Iterable[Json]) -> Iterator[_Repository]:
    """Yield the repositories whose ARN the state has."""
    for resource in resources:
        if resource.get("type") == _REPOSITORY:
            values = _object(resource.get("values", {}), "values")
            arn = split_arn(_text(values, "arn") or "")
            name = _text(values, "name")
            if arn is not None and name is not None and arn.resource == f"repository/{name}":
                address = _KEYS.sub("", _text(resource, "address") or "")
                yield _Repository(address, name, RegistryScope(arn.account, arn.region))


def _grouped(repositories: Iterable[_Repository]) -> _Repositories:
    by_name: defaultdict[str, list[_Repository]] = defaultdict(list)
    for repository in repositories:
        by_name[repository.name].append(repository)
    scopes = frozenset(r.scope for named in by_name.values() for r in named)
    return _Repositories(by_name, scopes)


def _policy(resource: Json, repositories: _Repositories) -> StatePolicy:
    address = _text(resource, "address") or ""
    if not _ADDRESS.fullmatch(address):
        raise MalformedError(f"the address of an {_POLICY} is not one of Terraform's", ("address",))
    values = _object(resource.get("values", {}), "values")
    name = _text(values, "repository")
    if name is None:
        raise MalformedError(f"{address} has no repository", ("values", "repository"))
    return StatePolicy(
        address,
        _KEYS.sub("", address),
        name,
        _scope(values, name, repositories, _dependencies(resource)),
        _text(values, "policy"),
    )


def _scope(
    values: Json, name: str, repositories: _Repositories, dependencies: frozenset[str]
) -> RegistryScope | None:
    """Return the account and region of a policy.

    The account is its `registry_id`. The region is an attribute in version 6 of the provider.
    Before, it is that of the repository that the policy depends on; without such a dependency, it
    is known only where all repositories of the account in the state are in one region.
    """
    account, region = _text(values, "registry_id"), _text(values, "region")
    if account and region:
        return RegistryScope(account, region)
    named = [r for r in repositories.by_name.get(name, ()) if account in (None, r.scope.account)]
    depended_on = {r.scope for r in named if r.resource in dependencies}
    everywhere = {scope for scope in repositories.scopes if account in (None, scope.account)}
    scopes = depended_on or (everywhere if named else set())
    return next(iter(scopes)) if len(scopes) == 1 else None


def _dependencies(resource: Json) -> frozenset[str]:
    names = resource.get("depends_on", [])
    return (
        frozenset(n for n in names if isinstance(n, str))
        if isinstance(names, list)
        else frozenset()
    )


def _objects(parent: Json, key: str) -> Iterator[Json]:
    items = parent.get(key, [])
    if not isinstance(items, list):
        raise MalformedError("expected a list", (key,))
    for item in items:
        yield _object(item, key)


def _object(value: object, *path: str) -> Json:
    if not isinstance(value, dict):
        raise MalformedError("expected an object", path)
    return value


def _text(values: Json, key: str) -> str | None:
    """Return a text, None where there is none. Raises MalformedError for another value."""
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise MalformedError("expected a string", (key,))
    return value
