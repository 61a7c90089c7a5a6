"""The entries of each repository together, and the grants that a Deny takes away."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    EntriesByName,
    PlacedFact,
    current_facts,
    distinct_entries,
    entries_by_name,
)
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.rules import RuleId
from reconciler.policy import (
    KNOWN_ACTIONS,
    Action,
    Actions,
    Condition,
    Denial,
    Loss,
    NotAction,
    compute_loss,
    denial_of,
    display_holder,
    glob_matches,
    globs_intersect,
    known_of_requests,
)

_MATCHES = WorkLimit(1_000_000, "comparisons of patterns with names")
_COMBINED = WorkLimit(500_000, "grants and statements, counted for each repository")
_DENIED = WorkLimit(300_000, "comparisons of grants with Denies")
"""The unit is one comparison of a grant with a Deny without patterns and with few condition values;
others count more. A policy that the service accepts needs far less."""

_COMPARED_PATTERNS = 10
"""The work to compare two patterns of repositories."""

_PlacedDenial = tuple[Denial, Place]
_Line = tuple[Place, str | None, str | None]
"""A tier or raw statement, which may apply to several principals: its place, key and tier."""


def combine_entries(access: AccessFile, problems: ProblemList) -> EntriesByName:
    """Return the entries of each repository of the file, and of each pattern alone.

    Raises TooLargeError before it matches too many patterns or combines too many grants.
    """
    index = access.pattern_index
    for name, entry in access.exact.items():
        problems.count(_MATCHES, index.count(name), entry.place)
    combined = entries_by_name(access, None)
    for _, entries in combined:
        number = sum(len(entry.grants) + len(entry.statements) for entry in entries)
        problems.count(_COMBINED, number, entries[0].place)
    return combined


class _Weight(NamedTuple):
    """What comparing some statements costs: their number, and the sums of the squared number of
    unknown actions and of the condition values of each."""

    number: int
    squares: int
    values: int


def check_denied(
    access: AccessFile, combined: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Warn of each grant that a Deny of the same repository takes away for certain, or in part.

    Each grant is compared with each Deny once, on however many repositories both apply.
    """
    every = distinct_entries(combined)
    found = {entry.place: tuple(_denials(entry)) for entry in every if entry.statements}
    denials = {place: own for place, own in found.items() if own}
    if not denials:
        return
    allowed = {entry.place: _allowed(entry, now) for entry in every}
    weights = {
        place: _weigh((fact.actions, fact.holder.condition) for fact in facts)
        for place, facts in allowed.items()
    }
    weights_of_denials = {
        place: _weigh((denial.actions, denial.condition) for denial, _ in own)
        for place, own in denials.items()
    }
    requests = known_of_requests(access.registry.account, access.registry.regions, now)
    for entry, denying in _pairs(every, combined, denials):
        are_patterns = entry.is_pattern and denying.is_pattern
        work = _work(weights[entry.place], weights_of_denials[denying.place])
        problems.work[_DENIED] += work + (_COMPARED_PATTERNS if are_patterns else 1)
        if problems.work[_DENIED] > _DENIED.most:
            message = "too many grants and Denies to compare; the rest is not compared"
            problems.warning(RuleId.GRANT_DENIED, message, entry.place)
            return
        if not are_patterns or globs_intersect(entry.repository, denying.repository):
            everywhere = glob_matches(denying.repository, entry.repository)
            where = "" if everywhere else f"where {quote(denying.repository)} applies, "
            for placed in denials[denying.place]:
                _check(allowed[entry.place], placed, where, requests, problems)


def _weigh(statements: Iterable[tuple[Actions, Condition]]) -> _Weight:
    number = squares = values = 0
    for actions, condition in statements:
        number += 1
        squares += sum(map(_unknown_actions, actions)) ** 2
        values += sum(len(clause.values) for clause in condition)
    return _Weight(number, squares, values)


def _unknown_actions(action: Action) -> int:
    return len(action.excluded) if isinstance(action, NotAction) else action not in KNOWN_ACTIONS


def _work(facts: _Weight, denials: _Weight) -> int:
    """Return what comparing each fact with each Deny costs, at most."""
    of_actions = denials.number * facts.squares + facts.number * denials.squares
    return facts.number * denials.number + of_actions // 2 + facts.values * denials.values // 4


def _denials(entry: Entry) -> Iterator[_PlacedDenial]:
    for statement, place, _ in entry.statements:
        if denial := denial_of(statement):
            yield denial, place


def _allowed(entry: Entry, now: datetime) -> tuple[PlacedFact, ...]:
    facts = current_facts(entry, now)
    return tuple(dict.fromkeys(fact for fact in facts if fact.holder.effect == "Allow"))


def _pairs(
    entries: Iterable[Entry], combined: EntriesByName, denying: Collection[Place]
) -> Iterator[tuple[Entry, Entry]]:
    """Yield pairs of entries that apply to one repository; the second one has a Deny.

    Two patterns are yielded even where no repository may match both.
    """
    patterns = [e for e in entries if e.is_pattern and e.place in denying]
    for _, (own, *matching) in combined:
        if own.is_pattern:
            yield from ((own, other) for other in patterns)
            continue
        yield from ((own, other) for other in (own, *matching) if other.place in denying)
        if own.place in denying:
            yield from ((other, own) for other in matching)


def _check(
    facts: Sequence[PlacedFact],
    placed: _PlacedDenial,
    where: str,
    requests: Condition,
    problems: ProblemList,
) -> None:
    denial, other = placed
    losing: defaultdict[tuple[_Line, Loss], list[PlacedFact]] = defaultdict(list)
    for fact in facts:
        if loss := compute_loss(fact.holder, fact.actions, denial, requests):
            losing[_line(fact), loss].append(fact)
    sizes = Counter(map(_line, facts)) if losing else Counter()
    for (line, loss), losers in losing.items():
        place, key, tier = line
        names = [key] if key and len(losers) == sizes[line] else map(_name, losers)
        what = quote(tier) if tier else "this statement"
        message = where + loss.describe(what, map(quote, names), "a Deny")
        problems.warning(RuleId.GRANT_DENIED, message, place, loss.remedy, other=other)


def _line(fact: PlacedFact) -> _Line:
    return fact.place, fact.key, fact.grant.tier if fact.grant else None


def _name(fact: PlacedFact) -> str:
    own = fact.name if fact.name != fact.key else None
    return own or display_holder(fact.holder.principal, fact.holder.condition)
