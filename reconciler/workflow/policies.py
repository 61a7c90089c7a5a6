"""Policies that are computed offline: the desired ones, the caller's own, and how two compare."""

import re
from collections.abc import Container, Iterable, Sequence

from reconciler.access_file.desired import (
    compile_desired,
    compile_registry,
    desired_policies,
    desired_templates,
    reads_templates,
    to_create,
)
from reconciler.access_file.sections.registry import name_hint
from reconciler.closest import did_you_mean
from reconciler.errors import ArgumentError
from reconciler.model.access import Comparison, UnreadableDocument, compile_template_policy
from reconciler.policy import Document, Unreadable, difference, facts_of, load_json, read_policy
from reconciler.registry.permissions import (
    IdentityPolicy,
    PermissionScope,
    reading_policy,
    writing_policy,
)
from reconciler.workflow.source import (
    AccessSource,
    Globs,
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
    `creation-template PREFIX`. No repository has a name with a space. Raises ArgumentError for a
    name that no entry matches, or that no repository can have.
    """
    named = exact_names(repositories)
    desired = {
        one.repository: one
        for names in (None, named)
        for one in desired_policies(source.access, names, now=source.now)
        if selected(one.repository, repositories)
    }
    _check_named(named, desired, [entry.repository for entry in source.access.entries])
    texts = {name: compile_desired(source.access, desired[name]) for name in sorted(desired)}
    if not repositories:
        texts |= _besides(source)
    return {name: None if text is None else load_json(text) for name, text in texts.items()}


def _besides(source: AccessSource) -> dict[str, str | None]:
    """Return the policies that are no repository's, by the subject of their change in a plan."""
    access, now = source.access, source.now
    scopes = access.registry.scopes if access.registry.policy == "manage" else ()
    own = {f"registry-policy {s.region}": compile_registry(access, s, now) for s in sorted(scopes)}
    return own | {
        f"creation-template {one.prefix}": compile_template_policy(one.access, access.tiers)
        for one in desired_templates(access, now)
    }


def _check_named(named: Iterable[str], found: Container[str], entries: Sequence[str]) -> None:
    for name in named:
        if hint := name_hint(name):
            raise ArgumentError(
                "repositories", name, "a repository can't have this name", hint=hint
            )
    reason = "no entry of the file matches it"
    require_known("repositories", named, found, reason, lambda name: did_you_mean(name, entries))


def caller_policy(source: AccessSource, *, plan_only: bool = False) -> IdentityPolicy:
    """Return the IAM identity policy that `plan`, `drift`, `apply` and `rollback` need.

    With `plan_only`, only what `plan` and `drift` need.
    """
    registry = source.access.registry
    scope = PermissionScope(
        registry.partition,
        registry.account,
        registry.regions,
        to_create=tuple(to_create(source.access).values()),
        probe_repository=registry.probe_repository,
        registry_policy=registry.policy,
        templates=reads_templates(source.access),
        template_roles=tuple(
            entry.template_role for entry in source.access.entries if entry.template_role
        ),
    )
    return reading_policy(scope) if plan_only else writing_policy(scope)


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
