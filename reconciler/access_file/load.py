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
)
from reconciler.access_file.sections.registry_parts import RegistryPart, split_by_registry
from reconciler.access_file.sections.statements import read_registry_statements
from reconciler.access_file.sections.tiers import REGISTRY_POLICY, REPOSITORY_POLICY, read_tiers
from reconciler.errors import Status
from reconciler.policy import known_of_requests


class Loaded(NamedTuple):
    """The result of reading a file: its `parts`, one for each registry and more where entries are
    limited to some of its regions; none where any problem is an error.

    `lines` are the lines of each file that was read, by its path, for showing places.
    `repositories` are the keys of its entries, also of an invalid file; None if it is not YAML.
    """

    parts: tuple[AccessFile, ...]
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]
    repositories: tuple[str, ...] | None = None

    @property
    def access(self) -> AccessFile | None:
        """The first part."""
        return self.parts[0] if self.parts else None

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where any problem is an error."""
        return frozenset({Status.INVALID} if not self.parts else ())


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
        return Loaded((), sort_problems(problems.found), {path: source.lines})
    parts = _check(source.root, now, allow_public, problems)
    found = sort_problems(problems.found)
    repositories = tuple(pair.key.text for pair in pairs_of(source.root, "repositories"))
    valid = () if has_errors(found) else parts
    return Loaded(valid, found, {path: source.lines}, repositories)


def _check(
    root: Node, now: datetime, allow_public: frozenset[str], problems: ProblemList
) -> tuple[AccessFile, ...]:
    """Check the shape of a tree, then the meaning of its parts; none where it is too large."""
    violations = check_shape(root, problems)
    broken = broken_principals(violations)
    meaning, parts = ProblemList(), list[AccessFile]()
    try:
        for part in split_by_registry(root, meaning):
            parts.append(_read(part, now, broken, meaning))
            _check_part(part.root, parts[-1], now, allow_public, meaning)
        entries = [entry for part in parts for entry in part.entries]
        check_public_allowed(child(root, "guards"), entries, meaning)
        check_unused(root, meaning)
    except TooLargeError:
        parts = []
    add_meaning(meaning, problems, root, violations)
    return tuple(parts)


def _check_part(
    root: Node,
    access: AccessFile,
    now: datetime,
    allow_public: frozenset[str],
    problems: ProblemList,
) -> None:
    """Check what the file asks for in one registry. Raises TooLargeError."""
    combined = combine_entries(access, problems)
    check_managed(root, access, problems)
    check_inherit(combined, problems)
    check_templates(access.entries, problems)
    check_resources(root, access, problems)
    future = with_wider_patterns(access, combined, problems)
    together = with_registry_statements(access, future, problems)
    judged = (*together, *of_repositories(access, combined))
    check_public(access, judged, allow_public, problems)
    check_never(access, judged, now, problems)
    check_denied(access, together, now, problems)
    check_sizes(access, combined, now, problems)


def _read(
    part: RegistryPart, now: datetime, broken: frozenset[str], problems: ProblemList
) -> AccessFile:
    root, registry = part
    guards, unmanaged = child(root, "guards"), child(root, "unmanaged")
    context = FileContext(
        problems,
        registry,
        read_accounts(child(root, "accounts"), problems),
        now,
        known_of_requests(registry.account, registry.regions, now),
        owned_by_sid=keeps_by_default(unmanaged),
    )
    for keys in (("assume_role",), ("assume_role", "role_arn")):
        for role in texts_of(root, "registry", *keys):
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
    check_probe_repository(child(root, "registry", "probe_repository"), access.entries, problems)
    return access
