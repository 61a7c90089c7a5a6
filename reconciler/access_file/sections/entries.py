"""Reads `repositories`: which principal has which tier on which repository."""

from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.nodes import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    place_at,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.document.problems import Place, WorkLimit, quote
from reconciler.access_file.model import Entry, PlacedGrant
from reconciler.access_file.sections.conditions import all_of, read_when
from reconciler.access_file.sections.context import FileContext, ResolvedPrincipal
from reconciler.access_file.sections.names import Principals, is_group, resolve
from reconciler.access_file.sections.never_applies import check_applies, check_tier_applies
from reconciler.access_file.sections.repositories import check_repository, read_creation
from reconciler.access_file.sections.statements import read_statements
from reconciler.access_file.sections.tiers import check_tier
from reconciler.access_file.sections.until import ends_at, read_until
from reconciler.model.access import Grant
from reconciler.model.rules import RuleId
from reconciler.policy import (
    EVERYONE,
    NO_CONDITION,
    Condition,
    Principal,
    canonical_condition,
    has_wildcard,
)

_GRANTS = WorkLimit(1_000_000, "grants and values of their conditions")


class _TierTerms(NamedTuple):
    """One tier of an access with its terms, which apply to each principal of the key."""

    tier: str
    place: Place
    condition: Condition = NO_CONDITION
    until: datetime | None = None
    when: Node | None = None


def read_entries(node: Node | None, context: FileContext) -> tuple[Entry, ...]:
    """Read all entries, in the order of the file."""
    return tuple(_read_entry(pair, context) for pair in pairs_of(node))


def _read_entry(pair: Pair, context: FileContext) -> Entry:
    check_repository(pair.key, context.problems)
    inherit = child(pair.value, "inherit")
    if inherit and has_wildcard(pair.key.text):
        message = "'inherit' is only for the entry of one repository, not for a pattern"
        hint = "write it on the entries of the repositories that are not to inherit"
        context.problems.error(RuleId.INHERIT_ON_PATTERN, message, inherit.place, hint=hint)
    return Entry(
        repository=pair.key.text,
        place=pair.key.place,
        inherit=value_of(inherit) is not False,
        settings=read_creation(pair, context),
        statements=read_statements(child(pair.value, "statements"), context),
        grants=_read_access(child(pair.value, "access"), context),
    )


def _read_access(node: Node | None, context: FileContext) -> tuple[PlacedGrant, ...]:
    grants: list[PlacedGrant] = []
    first_keys: dict[tuple[Principal, Condition], ScalarNode] = {}
    taken = {pair.key.text for pair in pairs_of(node)}
    for pair in pairs_of(node):
        key = pair.key
        principals = resolve(key, context, taken=taken)
        _warn_of_same_principal(key, principals, first_keys, context)
        items = items_of(pair.value)
        values = sum(1 + _number_of_values(principal.written) for principal in principals)
        context.problems.count(_GRANTS, values * len(items), key.place)
        all_terms = [terms for item in items if (terms := _read_terms(item, context))]
        values = sum(_number_of_values(terms.condition) for terms in all_terms)
        context.problems.count(_GRANTS, values * len(principals), key.place)
        distinct = {(one.principal, one.condition): one for one in principals}.values()
        grants += [
            PlacedGrant(_grant(terms, one, context), key.text, terms.place, key.place)
            for terms in all_terms
            for one in distinct
        ]
    return tuple(grants)


def _read_terms(item: Node, context: FileContext) -> _TierTerms | None:
    """Read one tier of an access; None, and a problem, where there is no such tier."""
    tier = item if isinstance(item, ScalarNode) else next(iter(texts_of(item, "tier")), None)
    if text_of(tier) is None or not isinstance(tier, ScalarNode):
        return None
    if not check_tier(tier, context.tiers, context.problems):
        return None
    if not isinstance(item, MappingNode):
        return _TierTerms(tier.text, tier.place)
    until = next((read_until(node, context) for node in texts_of(item, "until")), None)
    when = child(item, "when")
    place = place_at(item, ("when",))
    condition = all_of(context.problems, place, read_when(when, context), ends_at(until))
    return _TierTerms(tier.text, tier.place, condition, until, when)


def _number_of_values(condition: Condition) -> int:
    return sum(len(clause.values) for clause in condition)


def _grant(terms: _TierTerms, resolved: ResolvedPrincipal, context: FileContext) -> Grant:
    own, place = resolved.written, terms.place
    written = all_of(context.problems, place, own, terms.condition)
    actions = context.tiers[terms.tier]
    if terms.condition and (terms.until is None or terms.until > context.now):
        with_terms = resolved._replace(written=written)
        check_applies(with_terms, context, terms.when, place, checked=own)
    if resolved.principal == EVERYONE:
        check_tier_applies(written, actions, place, context.problems)
    return Grant(
        resolved.principal,
        resolved.name,
        terms.tier,
        actions,
        canonical_condition(written),
        terms.until,
    )


def _warn_of_same_principal(
    key: ScalarNode,
    principals: Principals,
    first_keys: dict[tuple[Principal, Condition], ScalarNode],
    context: FileContext,
) -> None:
    if is_group(key.text, context):
        return
    for one in principals:
        first = first_keys.setdefault((one.principal, one.condition), key)
        if first is not key:
            message = (
                f"{quote(key.text)} and {quote(first.text)} are the same principal;"
                " their tiers add up"
            )
            context.problems.warning(
                RuleId.SAME_PRINCIPAL_TWICE, message, key.place, other=first.place
            )
            return
