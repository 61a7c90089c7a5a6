"""A file's bytes to an immutable model, with every problem of the file in one run."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.consequences import add_meaning, broken_principals
from reconciler.access_file.checks.denied import check_denied
from reconciler.access_file.checks.never import (
    check_never,
    names_in_rules,
    read_rules,
    tiers_in_rules,
)
from reconciler.access_file.checks.public import check_public
from reconciler.access_file.checks.shape import check_shape
from reconciler.access_file.checks.sizes import add_entries, check_sizes
from reconciler.access_file.document.nodes import (
    Node,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    texts_of,
)
from reconciler.access_file.document.problems import (
    Problem,
    ProblemList,
    TooLargeError,
    has_errors,
    sort_problems,
)
from reconciler.access_file.document.source import read_source
from reconciler.access_file.model import AccessFile
from reconciler.access_file.sections.accounts import Surroundings, read_accounts
from reconciler.access_file.sections.entries import Terms, read_entries
from reconciler.access_file.sections.names import read_names, warn_of_unused
from reconciler.access_file.sections.repository import check_probe_repository
from reconciler.access_file.sections.settings import (
    check_public_allowed,
    keeps_by_default,
    read_guards,
    read_ownership,
    read_registry,
    read_unmanaged_repositories,
)
from reconciler.access_file.sections.tiers import read_tiers
from reconciler.access_file.sections.tiers import warn_of_unused as warn_of_unused_tiers
from reconciler.policy.meaning.callers import known_of_requests


class Loaded(NamedTuple):
    """What came of a file: `access` is None where any problem is an error.

    `lines` holds the lines of each file that was read, by its path, for showing places.
    `repositories` are the keys of its entries, also of an invalid file; None where it is no YAML.
    """

    access: AccessFile | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]
    repositories: tuple[str, ...] | None = None


def load_access(
    content: bytes, path: str, *, now: datetime, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    """Read an access file. Never raises, whatever the bytes are.

    `now` (UTC) decides what has expired; `allow_public` names the
    repositories (keys of the file) whose public access is passed over.
    """
    problems = ProblemList()
    source = read_source(content, path, problems)
    access = repositories = None
    if source.root is not None:
        repositories = tuple(p.key.text for p in pairs_of(child(source.root, "repositories")))
        violations = check_shape(source.root, problems)
        meaning = ProblemList()
        try:
            access = _read(source.root, path, now, meaning, broken_principals(violations))
            found = add_entries(access, meaning)
            check_public(access, found, allow_public, meaning)
            check_never(access, found, now, meaning)
            check_denied(access, found, now, meaning)
            check_sizes(access, found, now, meaning)
        except TooLargeError:
            access = None
        add_meaning(meaning, problems, source.root, violations)
    told = sort_problems(problems.found)
    valid = None if has_errors(told) else access
    return Loaded(valid, told, {path: source.lines}, repositories)


def _read(
    root: Node, path: str, now: datetime, problems: ProblemList, broken: frozenset[str]
) -> AccessFile:
    unmanaged = child(root, "unmanaged")
    registry = read_registry(child(root, "registry"), problems)
    guards = read_guards(child(root, "guards"))
    accounts = read_accounts(child(root, "accounts"), registry.account, problems)
    known = known_of_requests(registry.account, registry.regions, now)
    names = read_names(root, Surroundings(accounts, registry.partition, problems, known), broken)
    tiers = read_tiers(child(root, "tiers"), problems)
    terms = Terms(
        names,
        tiers,
        now,
        registry.regions,
        sids_matter=keeps_by_default(unmanaged),
    )
    rules = read_rules(_rules(root), names, tiers)
    ownership = read_ownership(unmanaged, names)
    entries = read_entries(child(root, "repositories"), terms)
    check_public_allowed(child(root, "guards"), entries, problems)
    check_probe_repository(child(child(root, "registry"), "probe_repository"), entries, problems)
    _warn_of_unused(root, problems)
    return AccessFile(
        path=path,
        registry=registry,
        accounts=accounts.ids,
        principals=names.principals,
        tiers=tiers,
        entries=entries,
        guards=guards,
        never_rules=rules,
        unmanaged_repositories=read_unmanaged_repositories(unmanaged),
        ownership=ownership,
    )


def _warn_of_unused(root: Node, problems: ProblemList) -> None:
    accesses = [child(entry.value, "access") for entry in pairs_of(child(root, "repositories"))]
    kept = items_of(child(child(child(root, "unmanaged"), "statements"), "keep"))
    names = {pair.key.text for access in accesses for pair in pairs_of(access)}
    names |= {name.text for rule in kept for name in texts_of(child(rule, "principal"))}
    names |= names_in_rules(_rules(root))
    warn_of_unused(child(root, "principals"), frozenset(names), problems)
    given = (
        item for access in accesses for pair in pairs_of(access) for item in items_of(pair.value)
    )
    tiers = {
        tier.text
        for item in given
        for tier in texts_of(item if isinstance(item, ScalarNode) else child(item, "tier"))
    }
    tiers |= tiers_in_rules(_rules(root))
    warn_of_unused_tiers(child(root, "tiers"), frozenset(tiers), problems)


def _rules(root: Node) -> Node | None:
    return child(child(root, "guards"), "rules")
