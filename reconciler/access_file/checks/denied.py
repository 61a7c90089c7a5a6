"""Where a Deny of the file takes away what the file gives on the same repository."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.lines import Line, lasting_lines, statements_of
from reconciler.access_file.desired import EntriesByName
from reconciler.access_file.document.problems import Place, ProblemList, shown
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.actions import KNOWN_ACTIONS
from reconciler.policy.language.conditions import Condition, display_holder
from reconciler.policy.language.document import Action, NotAction
from reconciler.policy.language.glob import glob_matches, globs_intersect
from reconciler.policy.meaning.callers import known_of_requests
from reconciler.policy.meaning.denied import Denial, Loss, compute_loss, denial_of
from reconciler.policy.meaning.facts import Actions

_MOST_COMPARED = 300_000
"""How often a grant is held against a Deny, where neither has patterns or many values in its
condition; those count for more. No policy that the service takes comes near it."""

_OF_PATTERNS = 10
"""What it costs to hold two patterns against each other, in the same unit."""


class _PlacedDenial(NamedTuple):
    denial: Denial
    place: Place


class _Weight(NamedTuple):
    """How much statements are to compare: each one's actions that are no known ones, squared and
    added up, and the values of their conditions."""

    number: int
    squares: int
    values: int


class _Grant(NamedTuple):
    """A line of an entry, which may give several principals the same."""

    place: Place
    key: str | None
    tier: str | None


def check_denied(
    access: AccessFile, found: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Warn of each grant that a Deny of the same repository takes away for certain, or in part.

    Each line is held against each Deny once, on however many repositories they meet.
    """
    denying = {entry.repository: tuple(_denials(entry)) for entry in access.entries}
    denying = {name: denials for name, denials in denying.items() if denials}
    if not denying:
        return
    given = {entry.repository: _allowed(entry, now) for entry in access.entries}
    weights = {
        name: _weigh((o.actions, o.holder.condition) for o in own) for name, own in given.items()
    }
    weights_of_denials = {
        name: _weigh((d.denial.actions, d.denial.condition) for d in own)
        for name, own in denying.items()
    }
    known = known_of_requests(access.registry.account, access.registry.regions, now)
    left = _MOST_COMPARED
    for giving, other in _pairs(access, found, denying):
        lines, denials = given[giving.repository], denying[other.repository]
        of_patterns = giving.is_pattern and other.is_pattern
        work = _work(weights[giving.repository], weights_of_denials[other.repository])
        left -= work + (_OF_PATTERNS if of_patterns else 1)
        if left < 0:
            message = "too many grants and Denies to compare: from here on, not all are"
            problems.warning(RuleId.GRANT_DENIED, message, giving.place)
            return
        if not of_patterns or globs_intersect(giving.repository, other.repository):
            where = _where(giving.repository, other.repository)
            for denial in denials:
                _check(lines, denial, where, known, problems)


def _weigh(statements: Iterable[tuple[Actions, Condition]]) -> _Weight:
    number = squares = values = 0
    for actions, condition in statements:
        number += 1
        squares += sum(_elements(action) for action in actions) ** 2
        values += sum(len(clause.values) for clause in condition)
    return _Weight(number, squares, values)


def _elements(action: Action) -> int:
    return len(action.excluded) if isinstance(action, NotAction) else action not in KNOWN_ACTIONS


def _work(lines: _Weight, denials: _Weight) -> int:
    """Tell how much it is to hold each line against each Deny, at most."""
    of_actions = denials.number * lines.squares + lines.number * denials.squares
    return lines.number * denials.number + of_actions // 2 + lines.values * denials.values // 4


def _denials(entry: Entry) -> Iterator[_PlacedDenial]:
    for statement, raw in statements_of(entry):
        denial = denial_of(statement)
        if denial:
            yield _PlacedDenial(denial, raw.place)


def _allowed(entry: Entry, now: datetime) -> tuple[Line, ...]:
    lines = lasting_lines(entry, now)
    return tuple(dict.fromkeys(line for line in lines if line.holder.effect == "Allow"))


def _pairs(
    access: AccessFile, found: EntriesByName, denying: Collection[str]
) -> Iterator[tuple[Entry, Entry]]:
    """Give the entries that apply to one repository, in pairs of which the second one denies.

    Two patterns are given, too, where no repository may match both.
    """
    patterns = [e for e in access.entries if e.is_pattern and e.repository in denying]
    for _, (own, *matching) in found:
        if own.is_pattern:
            yield from ((own, other) for other in patterns)
            continue
        yield from ((own, other) for other in (own, *matching) if other.repository in denying)
        if own.repository in denying:
            yield from ((other, own) for other in matching)


def _where(giving: str, denying: str) -> str:
    """Say on which repositories of an entry another entry's Deny holds; nothing, if on all."""
    return "" if glob_matches(denying, giving) else f"where {shown(denying)} applies, "


def _check(
    lines: Sequence[Line],
    placed: _PlacedDenial,
    where: str,
    known: Condition,
    problems: ProblemList,
) -> None:
    losing: defaultdict[tuple[_Grant, Loss], list[Line]] = defaultdict(list)
    for one in lines:
        loss = compute_loss(one.holder, one.actions, placed.denial, known)
        if loss:
            losing[_line(one), loss].append(one)
    members = Counter(map(_line, lines)) if losing else Counter()
    for (line, loss), losers in losing.items():
        everyone_of_it = line.key if len(losers) == members[line] else None
        who = [everyone_of_it] if everyone_of_it else map(_name, losers)
        what = shown(line.tier) if line.tier else "this statement"
        message = where + loss.describe(what, map(shown, who), "a Deny")
        problems.warning(
            RuleId.GRANT_DENIED, message, line.place, hint=loss.remedy, other=placed.place
        )


def _line(one: Line) -> _Grant:
    given = one.given
    return _Grant(one.place, given.key if given else None, given.grant.tier if given else None)


def _name(one: Line) -> str:
    own = one.name if one.given and one.name != one.given.key else None
    return own or display_holder(one.holder.principal, one.holder.condition)
