"""Reads and checks a file for each of its registries: what they have in common is read once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from reconciler.access_file.checks.by_registry import CheckedPart, problems_of
from reconciler.access_file.checks.forbidden import check_never, check_public
from reconciler.access_file.checks.policies import check_denied, combine_entries
from reconciler.access_file.checks.registry_policy import (
    check_inherit,
    check_managed,
    check_templates,
    find_carriers,
    of_repositories,
    with_registry_statements,
    with_wider_patterns,
)
from reconciler.access_file.checks.sizes import check_sizes
from reconciler.access_file.document.problems import (
    Place,
    ProblemList,
)
from reconciler.access_file.document.tree import Node, child, texts_of
from reconciler.access_file.model import (
    AccessFile,
    PlacedRegistryStatement,
    PlacedRule,
    Registry,
)
from reconciler.access_file.sections.accounts import FileContext, read_accounts
from reconciler.access_file.sections.entries import read_entries
from reconciler.access_file.sections.guards import (
    keeps_by_default,
    ownership_of,
    read_guards,
    read_keep_rules,
    read_never_rules,
    read_registry_ownership,
    read_unmanaged_repositories,
)
from reconciler.access_file.sections.names import read_principals
from reconciler.access_file.sections.registry import (
    check_probe_repository,
    check_role,
)
from reconciler.access_file.sections.registry_parts import RegistryPart, split_by_registry
from reconciler.access_file.sections.statements import read_registry_statements
from reconciler.access_file.sections.tiers import REGISTRY_POLICY, REPOSITORY_POLICY, read_tiers
from reconciler.model.access import Grant
from reconciler.policy import NO_CONDITION, KeepRule, NamedPrincipal, known_of_requests


class _Shared(NamedTuple):
    """What is the same in all registries of a partition: it is read once for them."""

    context: FileContext
    principals: Mapping[str, tuple[NamedPrincipal, ...]]
    never_rules: tuple[PlacedRule, ...]
    keep_rules: tuple[KeepRule, ...]
    registry_statements: tuple[PlacedRegistryStatement, ...]

    def with_rules(self, rules: tuple[PlacedRule, ...]) -> "_Shared":
        """Return the same with more `never` rules."""
        return self._replace(never_rules=(*self.never_rules, *rules))


RulesByPartition = Mapping[str, tuple[PlacedRule, ...]]
NO_RULES: RulesByPartition = {}


def read_parts(
    root: Node,
    now: datetime,
    broken: frozenset[str],
    allow_public: frozenset[str],
    meaning: ProblemList,
    *,
    rules: RulesByPartition = NO_RULES,
) -> tuple[AccessFile, ...]:
    """Read and check a file for each registry; `meaning` then has all problems.

    `broken` are principals that can't be resolved; public access of the entries in `allow_public`
    is not reported. `rules` are the `never` rules of rules files, by partition; they add to the
    file's own. Raises TooLargeError.
    """
    parts = split_by_registry(root, meaning)
    registries = tuple(part.registry for part in parts)
    context = _read_context(root, registries, now, meaning)
    lists = {registry.partition: meaning.another() for registry in registries}
    found: list[AccessFile] = []
    checked: list[CheckedPart] = []
    small: set[tuple[Grant, ...]] = set()
    try:
        shared = {
            partition: _read_shared(
                root, partition, registries, broken, context._replace(problems=own)
            ).with_rules(rules.get(partition, ()))
            for partition, own in lists.items()
        }
        statements = {s.place: s for one in shared.values() for s in one.registry_statements}
        carriers = find_carriers(root, parts, statements.values(), meaning)
        for part in parts:
            carried = frozenset(place for place, paths in carriers.items() if part.path in paths)
            own = meaning.another()
            checked.append(CheckedPart(part, carried, lists[part.registry.partition], own))
            found.append(_read_part(root, part, shared[part.registry.partition], carried, own))
            _check_part(found[-1], now, allow_public, small, own)
    finally:
        unread = chain.from_iterable(one.found for one in lists.values())
        meaning.found |= dict.fromkeys(problems_of(root, checked) if checked else unread)
    return tuple(found)


def _read_context(
    root: Node, registries: Sequence[Registry], now: datetime, problems: ProblemList
) -> FileContext:
    """Read what is the same in all registries."""
    accounts = frozenset(registry.account for registry in registries)
    is_managed = any(registry.policy == "manage" for registry in registries)
    kind = REGISTRY_POLICY if is_managed else REPOSITORY_POLICY
    return FileContext(
        problems,
        registries[0],
        read_accounts(child(root, "accounts"), accounts, problems),
        now,
        NO_CONDITION,
        owned_by_sid=keeps_by_default(child(root, "unmanaged")),
        tiers=read_tiers(child(root, "tiers"), kind, problems),
    )


def _read_shared(
    root: Node,
    partition: str,
    registries: Sequence[Registry],
    broken: frozenset[str],
    context: FileContext,
) -> _Shared:
    """Read what is the same in all registries of a partition, for requests to any of them."""
    here = [registry for registry in registries if registry.partition == partition]
    accounts = {registry.account for registry in here}
    regions = [region for registry in here for region in registry.regions]
    account = here[0].account if len(accounts) == 1 else ""
    requests = known_of_requests(account, regions, context.now)
    context = context._replace(registry=here[0], requests=requests)
    context = read_principals(root, context, broken)
    return _Shared(
        context,
        {
            name: tuple(one.named for one in resolved)
            for name, resolved in context.principals.items()
        },
        read_never_rules(child(root, "guards"), context),
        read_keep_rules(child(root, "unmanaged"), context),
        read_registry_statements(
            child(root, "registry_statements"),
            read_registry_ownership(child(root, "unmanaged")),
            context,
        ),
    )


def _read_part(
    root: Node,
    part: RegistryPart,
    shared: _Shared,
    carried: frozenset[Place],
    problems: ProblemList,
) -> AccessFile:
    """Read what one registry has; its entries with those that hold nowhere."""
    registry, unmanaged = part.registry, child(root, "unmanaged")
    requests = known_of_requests(registry.account, registry.regions, shared.context.now)
    context = shared.context._replace(problems=problems, registry=registry, requests=requests)
    for keys in (("assume_role",), ("assume_role", "role_arn")):
        for role in texts_of(part.node, *keys):
            check_role(role, context)
    access = AccessFile(
        registry=registry,
        accounts=context.accounts.ids,
        principals=shared.principals,
        tiers=context.tiers,
        never_rules=shared.never_rules,
        ownership=ownership_of(unmanaged, registry, context.accounts, shared.keep_rules),
        entries=read_entries((*part.entries, *part.strays), context),
        guards=read_guards(child(root, "guards")),
        unmanaged_repositories=read_unmanaged_repositories(unmanaged),
        registry_ownership=read_registry_ownership(unmanaged),
        registry_statements=tuple(
            one for one in shared.registry_statements if one.place in carried
        ),
    )
    check_probe_repository(child(part.node, "probe_repository"), access.entries, problems)
    check_managed(root, part, access, problems)
    return access


def _check_part(
    access: AccessFile,
    now: datetime,
    allow_public: frozenset[str],
    small: set[tuple[Grant, ...]],
    problems: ProblemList,
) -> None:
    """Check what the file asks for in one registry. Raises TooLargeError."""
    combined = combine_entries(access, problems)
    check_inherit(combined, problems)
    check_templates(access.entries, problems)
    future = with_wider_patterns(access, combined, problems)
    together = with_registry_statements(access, future, problems)
    judged = (*together, *of_repositories(access, combined))
    check_public(access, judged, allow_public, problems)
    check_never(access, judged, now, problems)
    check_denied(access, together, now, problems)
    check_sizes(access, combined, now, small, problems)
