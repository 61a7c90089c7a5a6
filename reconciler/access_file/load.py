"""Reads an access file: from its bytes to an immutable model, with every problem in one run."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.consequences import add_meaning, broken_principals
from reconciler.access_file.checks.forbidden import check_never, check_public
from reconciler.access_file.checks.policies import check_denied, combine_entries
from reconciler.access_file.checks.registry_policy import (
    check_inherit,
    check_managed,
    check_resources,
    check_templates,
    of_repositories,
    with_registry_statements,
    with_wider_patterns,
)
from reconciler.access_file.checks.shape import check_shape
from reconciler.access_file.checks.sizes import check_sizes
from reconciler.access_file.document.problems import (
    Problem,
    ProblemList,
    TooLargeError,
    has_errors,
    sort_problems,
)
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import Node, child, pairs_of, texts_of
from reconciler.access_file.model import AccessFile
from reconciler.access_file.sections.accounts import FileContext, read_accounts
from reconciler.access_file.sections.entries import read_entries
from reconciler.access_file.sections.guards import (
    check_public_allowed,
    keeps_by_default,
    read_guards,
    read_never_rules,
    read_ownership,
    read_registry_ownership,
    read_unmanaged_repositories,
)
from reconciler.access_file.sections.names import check_unused, read_principals
from reconciler.access_file.sections.registry import (
    check_probe_repository,
    check_role,
    read_registry,
)
from reconciler.access_file.sections.statements import read_registry_statements
from reconciler.access_file.sections.tiers import REGISTRY_POLICY, REPOSITORY_POLICY, read_tiers
from reconciler.errors import Status
from reconciler.policy import known_of_requests


class Loaded(NamedTuple):
    """The result of reading a file: `access` is None where any problem is an error.

    `lines` are the lines of each file that was read, by its path, for showing places.
    `repositories` are the keys of its entries, also of an invalid file; None if it is not YAML.
    """

    access: AccessFile | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]
    repositories: tuple[str, ...] | None = None

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where any problem is an error."""
        return frozenset({Status.INVALID} if self.access is None else ())


def load_access(
    content: bytes, path: str, *, now: datetime, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    """Read an access file. Never raises, whatever the bytes are.

    `now` (UTC) decides what has expired; public access of the entries in `allow_public` (keys of
    the file) is not reported.
    """
    problems = ProblemList()
    source = read_source(content, path, problems)
    if source.root is None:
        return Loaded(None, sort_problems(problems.found), {path: source.lines})
    access = _check(source.root, now, allow_public, problems)
    found = sort_problems(problems.found)
    repositories = tuple(pair.key.text for pair in pairs_of(source.root, "repositories"))
    valid = None if has_errors(found) else access
    return Loaded(valid, found, {path: source.lines}, repositories)


def _check(
    root: Node, now: datetime, allow_public: frozenset[str], problems: ProblemList
) -> AccessFile | None:
    """Check the shape of a tree, then its meaning; None where the file is too large."""
    violations = check_shape(root, problems)
    meaning, access = ProblemList(), None
    try:
        access = _read(root, now, broken_principals(violations), meaning)
        combined = combine_entries(access, meaning)
        check_managed(root, access, meaning)
        check_inherit(combined, meaning)
        check_templates(access.entries, meaning)
        check_resources(root, access, meaning)
        future = with_wider_patterns(access, combined, meaning)
        together = with_registry_statements(access, future, meaning)
        judged = (*together, *of_repositories(access, combined))
        check_public(access, judged, allow_public, meaning)
        check_never(access, judged, now, meaning)
        check_denied(access, together, now, meaning)
        check_sizes(access, combined, now, meaning)
    except TooLargeError:
        access = None
    add_meaning(meaning, problems, root, violations)
    return access


def _read(root: Node, now: datetime, broken: frozenset[str], problems: ProblemList) -> AccessFile:
    guards, unmanaged = child(root, "guards"), child(root, "unmanaged")
    registry = read_registry(child(root, "registry"), problems)
    context = FileContext(
        problems,
        registry,
        read_accounts(child(root, "accounts"), problems),
        now,
        known_of_requests(registry.account, registry.regions, now),
        owned_by_sid=keeps_by_default(unmanaged),
    )
    for role in texts_of(root, "registry", "assume_role"):
        check_role(role, context)
    context = read_principals(root, context, broken)
    kind = REGISTRY_POLICY if registry.policy == "manage" else REPOSITORY_POLICY
    context = context._replace(tiers=read_tiers(child(root, "tiers"), kind, problems))
    registry_ownership = read_registry_ownership(unmanaged)
    access = AccessFile(
        registry=registry,
        accounts=context.accounts.ids,
        principals={
            name: tuple(one.named for one in resolved)
            for name, resolved in context.principals.items()
        },
        tiers=context.tiers,
        never_rules=read_never_rules(guards, context),
        ownership=read_ownership(unmanaged, context),
        entries=read_entries(child(root, "repositories"), context),
        guards=read_guards(guards),
        unmanaged_repositories=read_unmanaged_repositories(unmanaged),
        registry_ownership=registry_ownership,
        registry_statements=read_registry_statements(
            child(root, "registry_statements"), registry_ownership, context
        ),
    )
    check_public_allowed(guards, access.entries, problems)
    check_probe_repository(child(root, "registry", "probe_repository"), access.entries, problems)
    check_unused(root, problems)
    return access
