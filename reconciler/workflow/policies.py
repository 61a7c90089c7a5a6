"""Policies that are computed offline: the desired ones, the caller's own, and how two compare."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.access_file.desired import (
    compile_desired,
    compile_registry,
    desired_policies,
    desired_templates,
    reads_templates,
    to_create,
)
from reconciler.access_file.model import AccessFile, Registry
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError
from reconciler.model.access import Comparison, UnreadableDocument, compile_template_policy
from reconciler.policy import Document, Unreadable, difference, facts_of, load_json, read_policy
from reconciler.registry.permissions import (
    IdentityPolicy,
    PermissionScope,
    assuming_policy,
    reading_policy,
    writing_policy,
)
from reconciler.workflow.file.by_registry import places_of
from reconciler.workflow.file.left_out import entry_elsewhere
from reconciler.workflow.file.source import (
    AccessSource,
    Globs,
    SourcePart,
    exact_names,
    require_known,
    selected,
)

_PARTITION = re.compile(r"arn:(aws[a-z-]*):")


def compile_policies(source: AccessSource, *, repositories: Globs = ()) -> dict[str, object]:
    """Return the desired policy of each repository as a JSON value, sorted; None is no policy.

    A pattern's own policy stands under the pattern. The policy of a repository that only patterns
    match is returned where `repositories` names it. Without `repositories`, the policies follow
    that the file asks for besides: `registry-policy REGION`, where it manages that, and
    `creation-template PREFIX`. No repository has a name with a space.

    Where the file has several registries, this is the value of each, under its name, and where a
    registry has regions that differ, of each region (`central us-west-2`). Raises ArgumentError for
    a name that no entry matches, or that no repository can have.
    """
    parts = source.each_part()
    found = [_compile_part(part, repositories) for part in parts]
    entries = dict.fromkeys(entry.repository for one in source.parts for entry in one.entries)
    names = {name for policies in found for name in policies}
    _check_named(exact_names(repositories), names, tuple(entries), source)
    if len(parts) == 1:
        return found[0]
    places = zip(places_of(parts), found, strict=True)
    return {place: policies for own, policies in places for place in own}


def _compile_part(part: SourcePart, repositories: Globs) -> dict[str, object]:
    access = part.access
    desired = {
        one.repository: one
        for names in (None, exact_names(repositories))
        for one in desired_policies(access, names, now=part.now)
        if selected(one.repository, repositories)
    }
    texts = {name: compile_desired(access, desired[name]) for name in sorted(desired)}
    if not repositories:
        texts |= _besides(part)
    return {name: None if text is None else load_json(text) for name, text in texts.items()}


def _besides(part: SourcePart) -> dict[str, str | None]:
    """Return the policies that are no repository's, by the subject of their change in a plan."""
    access, now = part.access, part.now
    scopes = access.registry.scopes if access.registry.policy == "manage" else ()
    own = {f"registry-policy {s.region}": compile_registry(access, s, now) for s in sorted(scopes)}
    return own | {
        f"creation-template {one.prefix}": compile_template_policy(one.access, access.tiers)
        for one in desired_templates(access, now)
    }


def _check_named(
    named: Iterable[str], found: Container[str], entries: Sequence[str], source: AccessSource
) -> None:
    def elsewhere(name: str) -> str | None:
        return entry_elsewhere(source, name) or did_you_mean(name, entries)

    for name in named:
        if hint := name_hint(name):
            raise ArgumentError(
                "repositories", name, "a repository can't have this name", hint=hint
            )
    reason = "no entry of the file matches it"
    require_known("repositories", named, found, reason, elsewhere)


@dataclass(frozen=True, slots=True)
class CallerPolicies:
    """The IAM identity policies that this tool needs: one for each registry of a file.

    `by_registry` has the name of each of several, None for the only one. `roles` are those that the
    registries assume, by the same names. `assuming` is what whoever assumes several needs, for each
    partition of theirs: no role can be assumed from another one.
    """

    by_registry: Mapping[str | None, IdentityPolicy]
    roles: Mapping[str | None, str]
    assuming: Mapping[str, IdentityPolicy]


def caller_policies(source: AccessSource, *, plan_only: bool = False) -> CallerPolicies:
    """Return the IAM identity policies that `plan`, `drift`, `apply` and `rollback` need.

    With `plan_only`, only what `plan` and `drift` need.
    """
    own: defaultdict[str | None, list[AccessFile]] = defaultdict(list)
    for part in source.each_part():
        own[part.name.name if part.name else None].append(part.access)
    scopes = {name: _permission_scope(parts) for name, parts in own.items()}
    roles = {
        name: role.arn
        for name, parts in own.items()
        if (role := parts[0].registry.assume_role) is not None
    }
    policy_of = reading_policy if plan_only else writing_policy
    return CallerPolicies(
        {name: policy_of(scope) for name, scope in scopes.items()},
        roles,
        _assuming([parts[0].registry for parts in own.values()]) if len(own) > 1 else {},
    )


def _assuming(registries: Iterable[Registry]) -> dict[str, IdentityPolicy]:
    roles: defaultdict[str, list[str]] = defaultdict(list)
    for registry in registries:
        if registry.assume_role is not None:
            roles[registry.partition].append(registry.assume_role.arn)
    return {partition: assuming_policy(arns) for partition, arns in roles.items()}


def _permission_scope(parts: Sequence[AccessFile]) -> PermissionScope:
    """Return what the permissions for one registry are for, in all its regions."""
    registry = parts[0].registry
    return PermissionScope(
        registry.partition,
        registry.account,
        tuple(region for part in parts for region in part.registry.regions),
        to_create=tuple(settings for part in parts for settings in to_create(part).values()),
        probe_repository=registry.probe_repository,
        registry_policy=registry.policy,
        templates=any(map(reads_templates, parts)),
        template_roles=tuple(
            entry.template_role for part in parts for entry in part.entries if entry.template_role
        ),
    )


def compare(left: str, right: str, *, names: tuple[str, str] = ("left", "right")) -> Comparison:
    """Compare two policy documents by meaning; `names` is what the result calls them.

    A bare account id lives in the partition of the ARNs around it.
    """
    found = _PARTITION.search(left) or _PARTITION.search(right)
    partition = found[1] if found else "aws"
    policies = [read_policy(text, partition=partition) for text in (left, right)]
    unreadable = tuple(
        UnreadableDocument(name, policy)
        for name, policy in zip(names, policies, strict=True)
        if isinstance(policy, Unreadable)
    )
    before, after = (
        facts_of(policy.statements) if isinstance(policy, Document) else {} for policy in policies
    )
    return Comparison(*names, () if unreadable else difference(before, after), unreadable)
