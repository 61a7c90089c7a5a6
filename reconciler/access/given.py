"""What the lines of an entry give and deny, each principal by itself."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from reconciler.access.desired import is_over
from reconciler.access.model import AccessFile, Entry
from reconciler.access.problems import Place
from reconciler.policy.document import Statement, parse_statement
from reconciler.policy.facts import Actions, Holder


class Given(NamedTuple):
    """What one line of an entry gives or denies to one principal.

    `name` is what the file calls the principal, `key` how the line does; `tier` is None, and so are
    they, where the line is a raw statement.
    """

    holder: Holder
    actions: Actions
    place: Place
    name: str | None
    key: str | None = None
    tier: str | None = None


def given_by(entry: Entry, access: AccessFile, today: date) -> Iterator[Given]:
    """Give all that an entry gives and denies; a grant whose end has passed gives nothing."""
    for line in entry.grants:
        grant = line.grant
        if not is_over(grant, today):
            holder = Holder(grant.principal, "Allow", grant.condition)
            yield Given(holder, grant.actions, line.place, grant.name, line.key, grant.tier)
    for statement, place in statements_of(entry, access):
        for principal in statement.principals:
            holder = Holder(principal, statement.effect, statement.condition)
            yield Given(holder, statement.actions, place, None)


def statements_of(entry: Entry, access: AccessFile) -> Iterator[tuple[Statement, Place]]:
    """Give the raw statements of an entry with their places."""
    for raw in entry.statements:
        if raw.statement:  # one that is not understood is reported, and empty
            yield parse_statement(raw.statement, partition=access.registry.partition), raw.place
