"""Denies that a team's entry leaves out with `inherit: false`, and that other files wrote."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.access_file.desired import PlacedFact, combine_facts, facts_of_entry
from reconciler.access_file.document.problems import ProblemList, quote
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.rules import RuleId
from reconciler.policy import GlobIndex

_HINT = (
    "remove inherit: false, or write the Deny on this entry, too; no file weakens a never rule of"
    " the main file"
)


class _LeftOut(NamedTuple):
    """An entry that leaves a pattern out, and a fact of the pattern that denies."""

    entry: Entry
    pattern: str
    denied: PlacedFact


def check_left_out(
    parts: Iterable[AccessFile], of_teams: frozenset[str], problems: ProblemList
) -> None:
    """Warn of entries in the files of teams that leave out a Deny of another file.

    `of_teams` are the paths of the files that are included with `may`.
    """
    for part in parts:
        alone = [one for one in part.entries if not one.inherit and one.place.path in of_teams]
        for entry, pattern, denied in _left_out(alone, part) if alone else ():
            message = (
                f"inherit: false leaves out a Deny of {quote(pattern)}, which another file wrote"
            )
            place = entry.place
            problems.warning(RuleId.DENY_LEFT_OUT, message, place, _HINT, other=denied.place)


def _left_out(alone: Iterable[Entry], part: AccessFile) -> Iterator[_LeftOut]:
    patterns = {one.repository: one for one in part.entries if one.is_pattern and one.statements}
    index = GlobIndex(patterns)
    for entry in alone:
        own = combine_facts(facts_of_entry(entry))
        for pattern in sorted(index.matching(entry.repository)):
            for fact in facts_of_entry(patterns[pattern]):
                is_other = fact.place.path != entry.place.path
                has_it = fact.actions <= own.get(fact.holder, frozenset())
                if fact.holder.effect == "Deny" and is_other and not has_it:
                    yield _LeftOut(entry, pattern, fact)
