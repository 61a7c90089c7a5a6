"""Reads `guards` and `unmanaged`: what a run may do, and what it leaves as it is."""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from reconciler.access_file.document.problems import ProblemList, WorkLimit, quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    ScalarNode,
    child,
    items_of,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.model import Entry, PlacedRule, Registry
from reconciler.access_file.sections.accounts import Accounts, FileContext, find_accounts
from reconciler.access_file.sections.names import resolve
from reconciler.access_file.sections.principals import read_service
from reconciler.access_file.sections.registry import check_repository
from reconciler.access_file.sections.tiers import check_tier
from reconciler.model.guards import Guards, Limit
from reconciler.model.rules import RuleId
from reconciler.policy import (
    EVERYONE,
    LAMBDA,
    LAMBDA_SID,
    NO_CONDITION,
    Condition,
    GlobIndex,
    KeepRule,
    NamedPrincipal,
    NeverRule,
    Outside,
    Ownership,
    Principal,
    globs_intersect,
    has_wildcard,
    lambda_rule,
)

_MAX_PUBLIC = 100
"""As many names as the schema accepts under `guards.public.allow`; it reports more."""

_COMPARISONS = WorkLimit(50_000, "comparisons of guards.public patterns with entries")
_PUBLIC = "public"


def read_guards(node: Node | None) -> Guards:
    """Read `guards`, with its defaults."""
    default = Guards()
    is_public = text_of(node, "public") == "allow"
    return Guards(
        public=("*",) if is_public else tuple(name.text for name in _public_names(node)),
        max_revoked=_read_limit(child(node, "max_revoked"), default.max_revoked),
        max_granted=_read_limit(child(node, "max_granted"), default.max_granted),
    )


def _read_limit(node: Node | None, default: Limit | None) -> Limit | None:
    if node is None:
        return default
    return (
        Limit(_int(node, "percent"), _int(node, "count")) if isinstance(node, MappingNode) else None
    )


def _int(node: Node, key: str) -> int:
    value = value_of(node, key)
    return value if isinstance(value, int) else 0


def check_public_allowed(
    node: Node | None, entries: Collection[Entry], problems: ProblemList
) -> None:
    """Report names under `public.allow` that are bad or match no entry. Raises TooLargeError."""
    names = [name for name in _public_names(node) if check_repository(name, problems)]
    if not names:
        return
    bad = {p.place for p in problems.found if p.rule == RuleId.BAD_REPOSITORY_NAME}
    valid = [entry.repository for entry in entries if entry.place not in bad]
    for name in _without_entry(names, entries, problems):
        message = f"{quote(name.text)} matches no entry, so it has no effect"
        hint = problems.did_you_mean(name.text, valid) or "remove it, or write an entry's name"
        problems.warning(RuleId.IDLE_ALLOW, message, name.place, hint)


def _public_names(node: Node | None) -> tuple[ScalarNode, ...]:
    return texts_of(node, "public", "allow")[:_MAX_PUBLIC]


def _without_entry(
    names: Collection[ScalarNode], entries: Iterable[Entry], problems: ProblemList
) -> Iterator[ScalarNode]:
    """Yield the names and patterns that have no repository in common with any entry."""
    patterns = [entry.repository for entry in entries if entry.is_pattern]
    exact = {entry.repository for entry in entries if not entry.is_pattern}
    of_entries, allowed = GlobIndex(patterns), GlobIndex(name.text for name in names)
    matched = exact.union(*map(allowed.matching, exact))
    for name in names:
        if name.text in matched or of_entries.matching(name.text):
            continue
        if has_wildcard(name.text):
            problems.count(_COMPARISONS, len(patterns), name.place)
            if any(globs_intersect(name.text, pattern) for pattern in patterns):
                continue
        yield name


def read_never_rules(node: Node | None, context: FileContext) -> tuple[PlacedRule, ...]:
    """Read `guards.rules`, without invalid rules, which are reported."""
    read = (_read_rule(item, context) for item in items_of(node, "rules"))
    return tuple(rule for rule in read if rule)


def _read_rule(node: Node, context: FileContext) -> PlacedRule | None:
    patterns = texts_of(node, "on")
    for pattern in patterns:
        check_repository(pattern, context.problems)
    to = tuple(_read_to(child(node, "to"), context))
    because = " ".join((text_of(node, "because") or "").split())
    for tier in texts_of(node, "never"):
        if check_tier(tier, context.tiers, context.problems) and to and because:
            on = tuple(pattern.text for pattern in patterns)
            rule = NeverRule(tier.text, context.tiers[tier.text], to, because, on)
            return PlacedRule(rule, tier.place)
    return None


def _read_to(node: Node | None, context: FileContext) -> Iterator[NamedPrincipal | Outside]:
    outside = texts_of(node, "outside")
    accounts = find_accounts(outside, context)
    if accounts and len(accounts) == len(outside):
        yield Outside(frozenset(accounts))
    for reference in texts_of(node):
        if reference.text == _PUBLIC:
            if _PUBLIC in context.definitions or _PUBLIC in context.accounts.ids:
                message = "'public' means everyone here, but the file defines this name"
                hint = "rename the principal or account"
                context.problems.error(RuleId.NAME_CLASH, message, reference.place, hint)
            yield NamedPrincipal(EVERYONE)
        else:
            for resolved in resolve(reference, context):
                yield resolved.named


def read_unmanaged_repositories(node: Node | None) -> Literal["ignore", "report", "fail"]:
    """Read `unmanaged.repositories`, with its default."""
    match text_of(node, "repositories"):
        case "ignore":
            return "ignore"
        case "fail":
            return "fail"
        case _:
            return "report"


def keeps_by_default(node: Node | None) -> bool:
    """Whether live statements that the file did not ask for are kept."""
    return text_of(node, "statements", "default") == "keep"


def read_registry_ownership(node: Node | None) -> Ownership:
    """Read `unmanaged.registry_statements`, with its default."""
    removes = text_of(node, "registry_statements") == "remove"
    return Ownership("remove" if removes else "keep")


def read_keep_rules(node: Node | None, context: FileContext) -> tuple[KeepRule, ...]:
    """Read `unmanaged.statements.keep`.

    A rule of the file for Lambda's own statement is weaker than the built-in one, so it has no
    effect without `as_is`.
    """
    own: list[KeepRule] = []
    for item in items_of(node, "statements", "keep"):
        sid = text_of(item, "sid")
        as_is = value_of(item, "as_is") is True
        for principal, condition in _read_kept_principals(item, context):
            if sid and (as_is or (sid, principal) != (LAMBDA_SID, LAMBDA)):
                own.append(KeepRule(sid, principal, condition=condition))
    return tuple(own)


def ownership_of(
    node: Node | None, registry: Registry, accounts: Accounts, own: tuple[KeepRule, ...]
) -> Ownership:
    """Return `unmanaged.statements` in a registry: the rules of the file, and the built-in one.

    That is for Lambda's own statement, for functions of the registry's account and of named ones.
    """
    built_in = lambda_rule({registry.account, *accounts.ids.values()})
    return Ownership("keep" if keeps_by_default(node) else "remove", (built_in, *own))


def _read_kept_principals(
    item: Node, context: FileContext
) -> Iterator[tuple[Principal, Condition]]:
    for service in texts_of(item, "service"):
        yield read_service(service, context), NO_CONDITION
    for reference in texts_of(item, "principal"):
        for resolved in resolve(reference, context):
            yield resolved.principal, resolved.condition
