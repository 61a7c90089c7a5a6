"""Checks the `never` rules of the file, and names the lines that violate them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    EntriesByName,
    PlacedFact,
    combine_facts,
    current_facts,
    managed_names,
)
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.model import AccessFile, PlacedRule
from reconciler.model.rules import RuleId
from reconciler.policy import (
    GlobIndex,
    Holder,
    NamedPrincipal,
    NeverRule,
    Outside,
    Violation,
    account_of,
    can_rewrite,
    display_holder,
    find_violations,
    has_wildcard,
    is_open_ended,
    may_overlap,
    violates_tier,
)
from reconciler.printable import quoted

_MATCHES = WorkLimit(500_000, "comparisons of never rules' patterns with repositories")
_EVALUATIONS = WorkLimit(500_000, "evaluations of grants by never rules")
_VIOLATIONS = WorkLimit(20_000, "lines that violate never rules")
_HINT = "remove the access, or change the rule"


class _Violation(NamedTuple):
    placed: PlacedRule
    violation: Violation


def watched_names(access: AccessFile, names: Iterable[str]) -> tuple[str, ...]:
    """Return the live repositories that are managed, or that a rule is about, sorted."""
    live = tuple(names)
    watched = {
        name
        for name in live
        if name != access.registry.probe_repository
        and any(placed.rule.may_concern(name) for placed in access.never_rules)
    }
    return tuple(sorted(watched.union(managed_names(access, live))))


def check_never(
    access: AccessFile, combined: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Report each line that gives a principal what a rule forbids.

    Each repository of the file is checked with the patterns that match it, and each pattern alone,
    as in `combined`. The same facts on many repositories are evaluated once. Raises TooLargeError.
    """
    rules = access.never_rules
    if not rules:
        return
    facts = {entry.repository: current_facts(entry, now) for entry in access.entries}
    exact = frozenset(name for name in facts if not has_wildcard(name))
    places = {entry.repository: entry.place for entry in access.entries}
    patterns = sum(len(placed.rule.repositories) for placed in rules)
    index = GlobIndex(pattern for placed in rules for pattern in placed.rule.repositories)
    evaluated: dict[object, tuple[_Violation, ...]] = {}
    for repository, entries in combined:
        place = places[repository]
        if has_wildcard(repository):
            problems.count(_MATCHES, patterns, place)
            applying = [placed for placed in rules if _concerns(placed.rule, repository, exact)]
        else:
            problems.count(_MATCHES, index.count(repository), place)
            matching = index.matching(repository)
            applying = [p for p in rules if _names_any(p.rule.repositories, matching)]
        if applying:
            together = [fact for entry in entries for fact in facts[entry.repository]]
            _check(applying, together, evaluated, place, problems)


def _names_any(patterns: tuple[str, ...], matching: frozenset[str]) -> bool:
    """Whether a rule with these patterns is about a repository that some patterns match."""
    return not patterns or not matching.isdisjoint(patterns)


def _concerns(rule: NeverRule, pattern: str, exact: frozenset[str]) -> bool:
    """Whether a rule is about a repository that a pattern alone stands for.

    Repositories with an entry of their own are checked separately.
    """
    if not rule.repositories:
        return True
    left = tuple(one for one in rule.repositories if one not in exact)
    return bool(left) and rule._replace(repositories=left).may_concern(pattern)


def _check(
    rules: Sequence[PlacedRule],
    placed_facts: Sequence[PlacedFact],
    evaluated: dict[object, tuple[_Violation, ...]],
    place: Place,
    problems: ProblemList,
) -> None:
    facts = combine_facts(placed_facts)
    by_holder: defaultdict[Holder, list[PlacedFact]] = defaultdict(list)
    for fact in placed_facts:
        by_holder[fact.holder].append(fact)
    key = (frozenset(placed.place for placed in rules), frozenset(facts.items()))
    if key not in evaluated:
        problems.count(_EVALUATIONS, _evaluations(rules, facts), place)
        evaluated[key] = tuple(
            _Violation(placed, violation)
            for placed in rules
            for violation in find_violations(placed.rule, facts)
        )
    for placed, violation in evaluated[key]:
        giving = [fact for holder in violation.holders for fact in by_holder[holder]]
        problems.count(_VIOLATIONS, len(giving), place)
        for fact in _decisive(placed.rule, violation, giving):
            message = _message(placed.rule, violation, fact)
            problems.error(RuleId.NEVER, message, fact.place, hint=_HINT, other=placed.place)


def _message(rule: NeverRule, violation: Violation, fact: PlacedFact) -> str:
    alone = violates_tier(rule.actions, fact.actions, violation.denied)
    rewrites = not alone and can_rewrite(fact.actions, violation.denied)
    gets = "can rewrite the policy and so give itself" if rewrites else "gets"
    name = quote(_name(violation.subject, fact))
    return f"{name} {gets} {rule.tier} here, which it must never have: {quoted(rule.because)}"


def _evaluations(rules: Sequence[PlacedRule], facts: Collection[Holder]) -> int:
    """Return how many pairs of a principal and a fact are compared, at most.

    A principal of an account is compared with the facts of that account, and those for anyone.
    """
    by_account = Counter(account_of(holder.principal) for holder in facts)
    by_account[None] = len(facts)  # for a principal without an account, and for Outside
    pairs = sum(
        1 + by_account[None if isinstance(one, Outside) else account_of(one.principal)]
        for placed in rules
        for one in placed.rule.to
    )
    anyone = sum(is_open_ended(holder.principal) for holder in facts)
    return len(facts) * len(rules) + pairs * (1 + anyone)


def _name(principal: NamedPrincipal, fact: PlacedFact) -> str:
    own = fact.name if fact.holder.principal == principal.principal else None
    return principal.name or own or display_holder(principal.principal, principal.condition)


def _decisive(
    rule: NeverRule, violation: Violation, giving: Iterable[PlacedFact]
) -> list[PlacedFact]:
    """Return the facts that violate the rule alone; if there are none, all that contribute."""
    alone = [
        fact
        for fact in giving
        if violates_tier(rule.actions, fact.actions, violation.denied)
        or can_rewrite(fact.actions, violation.denied)
    ]
    return alone or [fact for fact in giving if may_overlap(rule.actions, fact.actions)]
