"""Checks for public access, which all entries of a repository together may give."""

from collections.abc import Mapping

from reconciler.access_file.desired import EntriesByName, PlacedFact, combine_facts, facts_of_entry
from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.model import AccessFile
from reconciler.model.rules import RuleId
from reconciler.policy import (
    PUBLIC_REASONS,
    GlobIndex,
    PublicAccess,
    PublicReason,
    has_wildcard,
    is_everyone,
    may_overlap,
    public_access,
)

_HINTS: Mapping[PublicReason, str] = {
    "unbounded": "restrict it to an organization, an account or a network",
    "networks": "allow at most two /8 of IPv4 and two /32 of IPv6, over all public statements",
    "services": "restrict services by aws:SourceOrgID or aws:SourceAccount",
}

_FactsByEntry = Mapping[str, tuple[PlacedFact, ...]]


def check_public(
    access: AccessFile, combined: EntriesByName, allowed: frozenset[str], problems: ProblemList
) -> None:
    """Report each fact that gives public access, alone or with others of the same repository.

    Each repository of the file is checked with the patterns that match it, and each pattern alone,
    as in `combined`; not those that the guards allow, a pattern only as a whole. Facts of the
    entries in `allowed` are not reported.
    """
    public = GlobIndex(access.guards.public)
    guarded = tuple((name, entries) for name, entries in combined if not public.matching(name))
    facts = {
        entry.repository: tuple(
            fact for fact in facts_of_entry(entry) if is_everyone(fact.holder.principal)
        )
        for entry in access.entries
    }
    reported: set[Place] = set()
    for entries in _combinations(guarded, facts):
        opened = public_access(combine_facts(fact for entry in entries for fact in facts[entry]))
        for entry in entries if opened else ():
            for fact in facts[entry] if entry not in allowed else ():
                opening = opened.get(fact.holder)
                if opening and may_overlap(fact.actions, opening.actions):
                    if fact.key_place not in reported:
                        _report(entry, fact, opening, problems)
                    reported.add(fact.key_place)


def _combinations(combined: EntriesByName, facts: _FactsByEntry) -> dict[tuple[str, ...], None]:
    """Return the entries for everyone that apply together, each combination once."""
    if not any(fact.holder.effect == "Allow" for held in facts.values() for fact in held):
        return {}
    return {
        tuple(entry.repository for entry in entries if facts[entry.repository]): None
        for _, entries in combined
    }


def _report(repository: str, fact: PlacedFact, access: PublicAccess, problems: ProblemList) -> None:
    message = "this statement gives public access"
    if fact.placed_grant:
        part = "" if fact.actions <= access.actions else "a part of "
        tier = quote(fact.placed_grant.grant.tier)
        message = f"{quote(fact.placed_grant.key)} gives public access to {part}{tier}"
    item = f'"{repository}"' if has_wildcard(repository) else repository
    problems.error(
        RuleId.PUBLIC,
        f"{message}: {PUBLIC_REASONS[access.reason]}",
        fact.key_place,
        hint=f"{_HINTS[access.reason]}, or write guards: {{public: {{allow: [{item}]}}}}",
        repository=repository,
    )
