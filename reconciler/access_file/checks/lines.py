"""What each line of an entry gives or denies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import is_over
from reconciler.access_file.document.problems import Place
from reconciler.access_file.model import Entry, EntryGrant, EntryStatement
from reconciler.policy.language.document import Statement
from reconciler.policy.meaning.facts import Actions, Facts, Holder


class Line(NamedTuple):
    """What one line gives or denies to one principal, by a grant, or by a raw statement.

    `place` is the tier or the statement; at `key_place` stands who it is.
    """

    holder: Holder
    actions: Actions
    place: Place
    key_place: Place
    given: EntryGrant | None = None

    @property
    def name(self) -> str | None:
        """Give what the file calls the principal, if it does."""
        return self.given.grant.name if self.given else None


def lines_of(entry: Entry) -> Iterator[Line]:
    """Give all lines of an entry, expired ones too; a statement is one for each principal."""
    for given in entry.grants:
        grant = given.grant
        holder = Holder(grant.principal, "Allow", grant.condition)
        yield Line(holder, grant.actions, given.place, given.key_place, given)
    for statement, raw in statements_of(entry):
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            yield Line(holder, statement.actions, raw.place, raw.key_place)


def lasting_lines(entry: Entry, now: datetime) -> tuple[Line, ...]:
    """Give the lines of an entry without the grants whose end has passed."""
    return tuple(
        line for line in lines_of(entry) if not (line.given and is_over(line.given.grant, now))
    )


def statements_of(entry: Entry) -> Iterator[tuple[Statement, EntryStatement]]:
    """Give the raw statements of an entry that are understood; the others are reported."""
    for raw in entry.statements:
        if raw.statement:
            yield raw.statement, raw


def facts_of_lines(lines: Iterable[Line]) -> Facts:
    """Add up what lines give and deny."""
    found: defaultdict[Holder, list[Actions]] = defaultdict(list)
    for line in lines:
        found[line.holder].append(line.actions)
    return {holder: frozenset().union(*actions) for holder, actions in found.items()}
