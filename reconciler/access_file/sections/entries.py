"""The `repositories` of a file: who is given which tier on what."""

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
)
from reconciler.access_file.document.problems import Bound, Place, ProblemList, shown
from reconciler.access_file.model import Entry, EntryGrant, Member
from reconciler.access_file.sections.account_fields import check_conditions
from reconciler.access_file.sections.conditions import all_of, read_when
from reconciler.access_file.sections.creation import read_creation
from reconciler.access_file.sections.names import Members, Names, resolve
from reconciler.access_file.sections.never_applies import check_applies, check_tier_applies
from reconciler.access_file.sections.repository import check_repository
from reconciler.access_file.sections.statements import read_statements
from reconciler.access_file.sections.tiers import check_tier
from reconciler.access_file.sections.until import ends_at, read_until
from reconciler.model.grants import Grant
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.condition_values import write_short_time
from reconciler.policy.language.conditions import NO_CONDITION, Condition, canonical_condition
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.meaning.tiers import Tiers

_GRANTS = Bound(1_000_000, "grants and values of their conditions")


class Terms(NamedTuple):
    """What entries are read under: names, tiers, the time (UTC), regions."""

    names: Names
    tiers: Tiers
    now: datetime
    regions: tuple[str, ...]
    sids_matter: bool

    @property
    def problems(self) -> ProblemList:
        """Give the place where problems go."""
        return self.names.around.problems


class _Given(NamedTuple):
    """One tier of an access, before it is known who gets it."""

    tier: str
    place: Place
    condition: Condition
    until: datetime | None
    reason: str | None
    when: Node | None = None


def read_entries(node: Node | None, terms: Terms) -> tuple[Entry, ...]:
    """Read all entries, in the order of the file."""
    return tuple(_read_entry(pair, terms) for pair in pairs_of(node))


def _read_entry(pair: Pair, terms: Terms) -> Entry:
    repository, place = pair.key.text, pair.key.place
    check_repository(pair.key, terms.problems)
    inherit = child(pair.value, "inherit")
    inherits = not (isinstance(inherit, ScalarNode) and inherit.value is False)
    if inherit and has_wildcard(repository):
        hint = "write it on the entries of the repositories that are not to inherit"
        message = "only the entry of one repository can leave out patterns"
        terms.problems.error(RuleId.INHERIT_ON_PATTERN, message, inherit.place, hint=hint)
    settings = read_creation(pair, terms.regions, terms.names.around)
    statements = read_statements(
        child(pair.value, "statements"), terms.names.around, sids_matter=terms.sids_matter
    )
    grants = _read_access(child(pair.value, "access"), terms)
    return Entry(repository, place, grants, statements, inherits, settings)


def _read_access(node: Node | None, terms: Terms) -> tuple[EntryGrant, ...]:
    grants: list[EntryGrant] = []
    spelled: dict[tuple[object, Condition], ScalarNode] = {}
    there = {pair.key.text for pair in pairs_of(node)}
    for pair in pairs_of(node):
        members = resolve(pair.key, terms.names, there)
        _warn_of_spellings(pair.key, members, spelled, terms)
        items = items_of(pair.value)
        own = sum(1 + _number_of_values(member.written) for member in members)
        terms.problems.ask(_GRANTS, own * len(items), pair.key.place)
        given = [_read_given(item, terms) for item in items]
        values = sum(_number_of_values(one.condition) for one in given if one)
        terms.problems.ask(_GRANTS, values * len(members), pair.key.place)
        of_key = [
            EntryGrant(
                _grant(one, member, terms), pair.key.text, one.place, pair.key.place, one.reason
            )
            for one in given
            if one
            for member in {(m.principal, m.condition): m for m in members}.values()
        ]
        grants += of_key
    return tuple(grants)


def _read_given(item: Node, terms: Terms) -> _Given | None:
    tier = item if isinstance(item, ScalarNode) else next(iter(texts_of(child(item, "tier"))), None)
    if tier is None or text_of(tier) is None or not check_tier(tier, terms.tiers, terms.problems):
        return None
    if not isinstance(item, MappingNode):
        return _Given(tier.text, tier.place, NO_CONDITION, None, None)
    until = _read_end(item, terms)
    when = child(item, "when")
    check_conditions(when, terms.names.around)
    place = place_at(item, ("when",))
    own = read_when(when, terms.problems)
    condition = all_of(terms.problems, place, own, ends_at(until))
    return _Given(tier.text, tier.place, condition, until, text_of(child(item, "reason")), when)


def _read_end(item: MappingNode, terms: Terms) -> datetime | None:
    for node in texts_of(child(item, "until")):
        until = read_until(node, terms.now, terms.problems)
        if until and until <= terms.now:
            message = f"this ended on {write_short_time(until)} and gives nothing any more"
            hint = "remove it, or move the end"
            terms.problems.warning(RuleId.EXPIRED, message, node.place, hint=hint)
        return until
    return None


def _number_of_values(condition: Condition) -> int:
    return sum(len(clause.values) for clause in condition)


def _grant(given: _Given, member: Member, terms: Terms) -> Grant:
    written = all_of(terms.problems, given.place, member.written, given.condition)
    actions = terms.tiers[given.tier]
    if given.condition and (given.until is None or given.until > terms.now):
        full, around = member._replace(written=written), terms.names.around
        check_applies(full, around, given.when, given.place, besides=member.written)
    if member.principal == EVERYONE:
        check_tier_applies(written, actions, given.place, terms.problems)
    condition = canonical_condition(written)
    return Grant(member.principal, member.name, given.tier, actions, condition, given.until)


def _warn_of_spellings(
    key: ScalarNode,
    members: Members,
    spelled: dict[tuple[object, Condition], ScalarNode],
    terms: Terms,
) -> None:
    if key.text in terms.names.groups:
        return
    for member in members:
        who = member.principal, member.condition
        first = spelled.setdefault(who, key)
        if first is not key:
            message = (
                f"{shown(key.text)} and {shown(first.text)} are the same; what they get adds up"
            )
            terms.problems.warning(
                RuleId.SAME_PRINCIPAL_TWICE, message, key.place, other=first.place
            )
            return
