"""Reads `repositories`: which principal has which tier on which repository, and by which policy."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    place_at,
    text_of,
    texts_of,
    value_of,
)
from reconciler.access_file.model import Entry, PlacedGrant
from reconciler.access_file.sections.accounts import FileContext, ResolvedPrincipal
from reconciler.access_file.sections.conditions import (
    all_of,
    ends_at,
    read_until,
    read_when,
)
from reconciler.access_file.sections.names import Principals, is_group, resolve
from reconciler.access_file.sections.never_applies import check_applies, check_tier_applies
from reconciler.access_file.sections.registry import check_repository, is_to_create, read_settings
from reconciler.access_file.sections.statements import read_statements
from reconciler.access_file.sections.templates import read_create_on
from reconciler.access_file.sections.tiers import check_tier, tiers_of_repositories
from reconciler.closest import closest
from reconciler.model.access import Grant
from reconciler.model.rules import RuleId
from reconciler.policy import (
    EVERYONE,
    NO_CONDITION,
    Condition,
    Principal,
    Tiers,
    canonical_condition,
    has_wildcard,
)

_MOST_HAVE = frozenset({"access", "registries", "regions"})
"""The keys of most entries; where an entry holds is read elsewhere."""

_GRANTS = WorkLimit(1_000_000, "grants and values of their conditions")


class _TierTerms(NamedTuple):
    """One tier of an access with its terms, which apply to each principal of the key."""

    tier: str
    place: Place
    condition: Condition = NO_CONDITION
    until: datetime | None = None
    when: Node | None = None


class _Given(NamedTuple):
    """What a key of an access gives by a tier, and the work that it counts for."""

    grants: tuple[Grant, ...]
    work: int

    @property
    def to_everyone(self) -> bool:
        """Whether any of it is for everyone."""
        return any(grant.principal == EVERYONE for grant in self.grants)


_PlainGrants = dict[tuple[str, str], _Given]
"""What a key gives by a tier alone, by their texts: it is the same in each access.

Without what is for everyone, which is checked for each line.
"""


def read_entries(pairs: Iterable[Pair], context: FileContext) -> tuple[Entry, ...]:
    """Read entries, in their order."""
    tiers, plain = tiers_of_repositories(context.tiers), _PlainGrants()
    return tuple(_read_entry(pair, tiers, plain, context) for pair in pairs)


def _read_entry(pair: Pair, tiers: Tiers, plain: _PlainGrants, context: FileContext) -> Entry:
    """Read one entry; `tiers` are those that a repository's own policy can give."""
    check_repository(pair.key, context.problems)
    keys = pair.value.pairs if isinstance(pair.value, MappingNode) else {}
    if "access" in keys and keys.keys() <= _MOST_HAVE:  # all else has its default
        grants = _read_access(keys["access"].value, tiers, plain, context)
        return Entry(pair.key.text, pair.key.place, grants)
    inherit = child(pair.value, "inherit")
    if inherit and has_wildcard(pair.key.text):
        message = "'inherit' is only for the entry of one repository, not for a pattern"
        hint = "write it on the entries of the repositories that are not to inherit"
        context.problems.error(RuleId.INHERIT_ON_PATTERN, message, inherit.place, hint)
    written = child(pair.value, "settings")
    settings = read_settings(written, context)
    # A misspelt `via` is reported, and the tiers then are those that it stands for.
    if any(closest(key, ("via",)) for key in keys):
        tiers, plain = context.tiers, {}
    create_on = read_create_on(pair, context)
    return Entry(
        repository=pair.key.text,
        place=pair.key.place,
        inherit=value_of(inherit) is not False,
        settings=settings if is_to_create(pair, context) else None,
        statements=read_statements(child(pair.value, "statements"), context),
        grants=_read_access(child(pair.value, "access"), tiers, plain, context),
        via_registry=_is_via_registry(pair, context.problems),
        create_on=create_on,
        template_settings=settings if create_on and written else None,
        template_role=text_of(pair.value, "template_role") if create_on else None,
        replicated=value_of(pair.value, "replicated") is True,
    )


def _is_via_registry(entry: Pair, problems: ProblemList) -> bool:
    """Whether the registry's policy carries an entry's access; reports what excludes it."""
    via = child(entry.value, "via")
    if via is None:
        return False
    if not has_wildcard(entry.key.text):
        message = "'via' is only for patterns, not for the entry of one repository"
        hint = "remove it: one repository's own policy says the same"
        problems.error(RuleId.PATTERN_REQUIRED, message, via.place, hint)
    if child(entry.value, "statements") is not None:
        message = "'statements' cannot be combined with 'via'"
        place = place_at(entry.value, ("statements",))
        hint = "move them to registry_statements, at the top level, each with a Resource"
        problems.error(RuleId.CLASHING_KEYS, message, place, hint, other=via.place)
    return text_of(via) == "registry-policy"


def _read_access(
    node: Node | None, tiers: Tiers, plain: _PlainGrants, context: FileContext
) -> tuple[PlacedGrant, ...]:
    """Read an access. What it gives by tiers alone is added to `plain`. Raises TooLargeError."""
    placed: list[PlacedGrant] = []
    first_keys: dict[tuple[Principal, Condition], ScalarNode] = {}
    pairs = node.pairs if isinstance(node, MappingNode) else {}
    for key, value in pairs.values():
        principals = resolve(key, context, taken=pairs)
        if not is_group(key.text, context):
            _warn_of_same_principal(key, principals, first_keys, context.problems)
        for item in items_of(value):
            given = plain.get((key.text, item.text)) if isinstance(item, ScalarNode) else None
            if given is not None:
                place = item.place
                context.problems.count(_GRANTS, given.work, key.place)
            elif terms := _read_terms(item, tiers, context):
                place = terms.place
                given = _give(terms, key, principals, context)
                if isinstance(item, ScalarNode) and not given.to_everyone:
                    plain[key.text, item.text] = given
            else:
                continue
            placed += [PlacedGrant(grant, key.text, place, key.place) for grant in given.grants]
    return tuple(placed)


def _read_terms(item: Node, known: Tiers, context: FileContext) -> _TierTerms | None:
    """Read one tier of an access; None, and a problem, where there is no such tier."""
    tier = item if isinstance(item, ScalarNode) else next(iter(texts_of(item, "tier")), None)
    if not tier or not isinstance(tier.value, str) or not check_tier(tier, known, context.problems):
        return None
    if not isinstance(item, MappingNode):
        return _TierTerms(tier.text, tier.place)
    until = next((read_until(node, context) for node in texts_of(item, "until")), None)
    when = child(item, "when")
    place = place_at(item, ("when",))
    condition = all_of(context.problems, place, read_when(when, context), ends_at(until))
    return _TierTerms(tier.text, tier.place, condition, until, when)


def _give(
    terms: _TierTerms, key: ScalarNode, principals: Principals, context: FileContext
) -> _Given:
    """Return what a key gives by a tier. Raises TooLargeError."""
    work = sum(1 + _number_of_values(one.written) for one in principals)
    work += len(principals) * _number_of_values(terms.condition)
    context.problems.count(_GRANTS, work, key.place)
    distinct = {(one.principal, one.condition): one for one in principals}.values()
    return _Given(tuple(_grant(terms, one, context) for one in distinct), work)


def _number_of_values(condition: Condition) -> int:
    return sum(len(clause.values) for clause in condition) if condition else 0


def _grant(terms: _TierTerms, resolved: ResolvedPrincipal, context: FileContext) -> Grant:
    own, place = resolved.written, terms.place
    written = all_of(context.problems, place, own, terms.condition)
    actions = context.tiers[terms.tier]
    if terms.condition and (terms.until is None or terms.until > context.now):
        with_terms = resolved._replace(written=written)
        check_applies(with_terms, context, terms.when, place, checked=own)
    if resolved.principal == EVERYONE:
        check_tier_applies(written, actions, place, context.problems)
    condition = canonical_condition(written)
    return Grant(resolved.principal, resolved.name, terms.tier, actions, condition, terms.until)


def _warn_of_same_principal(
    key: ScalarNode,
    principals: Principals,
    first_keys: dict[tuple[Principal, Condition], ScalarNode],
    problems: ProblemList,
) -> None:
    for one in principals:
        first = first_keys.setdefault((one.principal, one.condition), key)
        if first is not key:
            both = f"{quote(key.text)} and {quote(first.text)}"
            message = f"{both} are the same principal; their tiers add up"
            problems.warning(RuleId.SAME_PRINCIPAL_TWICE, message, key.place, other=first.place)
            return
