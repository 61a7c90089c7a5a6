"""Warns of grants that a Deny of the file takes away on the same repository."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    EntriesByName,
    PlacedFact,
    current_facts,
    valid_statements,
)
from reconciler.access_file.document.problems import Place, ProblemList, quote
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

_MAX_WORK = 300_000
"""The unit is one comparison of a grant with a Deny without patterns and with few condition values;
others count more. A policy that the service accepts needs far less."""

_COMPARED_PATTERNS = 10
"""The work to compare two patterns of repositories."""


class _PlacedDenial(NamedTuple):
    denial: Denial
    place: Place


class _Weight(NamedTuple):
    """What comparing some statements costs: their number, and the sums of the squared number of
    unknown actions and of the condition values of each."""

    number: int
    squares: int
    values: int


class _Line(NamedTuple):
    """A tier or raw statement of an entry, which may apply to several principals."""

    place: Place
    key: str | None
    tier: str | None


def check_denied(
    access: AccessFile, combined: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Warn of each grant that a Deny of the same repository takes away for certain, or in part.

    Each grant is compared with each Deny once, on however many repositories both apply.
    """
    found = {entry.repository: tuple(_denials(entry)) for entry in access.entries}
    denials = {name: own for name, own in found.items() if own}
    if not denials:
        return
    allowed = {entry.repository: _allowed(entry, now) for entry in access.entries}
    weights = {
        name: _weigh((fact.actions, fact.holder.condition) for fact in facts)
        for name, facts in allowed.items()
    }
    weights_of_denials = {
        name: _weigh((placed.denial.actions, placed.denial.condition) for placed in own)
        for name, own in denials.items()
    }
    requests = known_of_requests(access.registry.account, access.registry.regions, now)
    left = _MAX_WORK
    for entry, denying in _pairs(access, combined, denials):
        are_patterns = entry.is_pattern and denying.is_pattern
        left -= _work(weights[entry.repository], weights_of_denials[denying.repository])
        left -= _COMPARED_PATTERNS if are_patterns else 1
        if left < 0:
            message = "too many grants and Denies to compare; the rest is not compared"
            problems.warning(RuleId.GRANT_DENIED, message, entry.place)
            return
        if not are_patterns or globs_intersect(entry.repository, denying.repository):
            where = _where(entry.repository, denying.repository)
            for denial in denials[denying.repository]:
                _check(allowed[entry.repository], denial, where, requests, problems)


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
    for statement, raw in valid_statements(entry):
        denial = denial_of(statement)
        if denial:
            yield _PlacedDenial(denial, raw.place)


def _allowed(entry: Entry, now: datetime) -> tuple[PlacedFact, ...]:
    facts = current_facts(entry, now)
    return tuple(dict.fromkeys(fact for fact in facts if fact.holder.effect == "Allow"))


def _pairs(
    access: AccessFile, combined: EntriesByName, denying: Collection[str]
) -> Iterator[tuple[Entry, Entry]]:
    """Yield pairs of entries that apply to one repository; the second one has a Deny.

    Two patterns are yielded even where no repository may match both.
    """
    patterns = [e for e in access.entries if e.is_pattern and e.repository in denying]
    for _, (own, *matching) in combined:
        if own.is_pattern:
            yield from ((own, other) for other in patterns)
            continue
        yield from ((own, other) for other in (own, *matching) if other.repository in denying)
        if own.repository in denying:
            yield from ((other, own) for other in matching)


def _where(repository: str, denying: str) -> str:
    """Return on which repositories of an entry another entry's Deny applies; empty for all."""
    return "" if glob_matches(denying, repository) else f"where {quote(denying)} applies, "


def _check(
    facts: Sequence[PlacedFact],
    placed: _PlacedDenial,
    where: str,
    requests: Condition,
    problems: ProblemList,
) -> None:
    losing: defaultdict[tuple[_Line, Loss], list[PlacedFact]] = defaultdict(list)
    for fact in facts:
        loss = compute_loss(fact.holder, fact.actions, placed.denial, requests)
        if loss:
            losing[_line(fact), loss].append(fact)
    sizes = Counter(map(_line, facts)) if losing else Counter()
    for (line, loss), losers in losing.items():
        whole_key = line.key if len(losers) == sizes[line] else None
        names = [whole_key] if whole_key else map(_name, losers)
        what = quote(line.tier) if line.tier else "this statement"
        message = where + loss.describe(what, map(quote, names), "a Deny")
        problems.warning(
            RuleId.GRANT_DENIED, message, line.place, hint=loss.remedy, other=placed.place
        )


def _line(fact: PlacedFact) -> _Line:
    placed = fact.placed_grant
    return _Line(fact.place, placed and placed.key, placed and placed.grant.tier)


def _name(fact: PlacedFact) -> str:
    key = fact.placed_grant.key if fact.placed_grant else None
    own = fact.name if fact.name != key else None
    return own or display_holder(fact.holder.principal, fact.holder.condition)
