"""The lines of the file behind a repository's access, and behind each statement of its policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    PlacedFact,
    add_up,
    compile_desired,
    entries_by_name,
    facts_of_entry,
    has_expired,
)
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.answers import FileLine
from reconciler.policy import Document, Statement, has_wildcard, read_policy, uncovered_actions


class ExplainedLine(NamedTuple):
    """A line of the file, and the tier that it grants; None for a raw statement."""

    line: FileLine
    tier: str | None


class ExplainedStatement(NamedTuple):
    """A statement of the desired policy as JSON, and the lines that ask for any of it, in order."""

    json: Mapping[str, object]
    lines: tuple[ExplainedLine, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The desired policy of a repository or pattern; without statements, there is none.

    `expired` are lines whose `until` has passed: no statement has what they granted.
    """

    repository: str
    version: str | None
    statements: tuple[ExplainedStatement, ...]
    expired: tuple[ExplainedLine, ...]


def entries_for(access: AccessFile, name: str) -> tuple[Entry, ...]:
    """Return the entries that apply to one repository, or to a pattern of the file alone."""
    near = tuple(e for e in access.entries if e.is_pattern or e.repository == name)
    names = None if has_wildcard(name) else [name]
    return dict(entries_by_name(access._replace(entries=near), names)).get(name, ())


def line_of(fact: PlacedFact, entry: Entry) -> FileLine:
    """Return the line that a fact of an entry stands on."""
    key = fact.placed_grant.key if fact.placed_grant else None
    return FileLine(fact.place.path, fact.place.line, entry.repository, key)


def explain_policy(access: AccessFile, repository: str, now: datetime) -> Explanation:
    """Return the desired policy of a repository, or of a pattern of the file alone, explained.

    A line of which another one covers all stands at the statement of that one.
    """
    entries = entries_for(access, repository)
    placed = [
        (fact, ExplainedLine(line_of(fact, entry), _tier(fact)))
        for entry in entries
        for fact in facts_of_entry(entry)
    ]
    text = compile_desired(access, add_up(repository, entries, now))
    policy = read_policy(text, partition=access.registry.partition)
    document = policy if isinstance(policy, Document) else Document(None, ())
    statements = tuple(
        ExplainedStatement(
            statement.raw,
            _in_order(line for fact, line in placed if _is_behind(fact, statement, now)),
        )
        for statement in document.statements
    )
    expired = _in_order(line for fact, line in placed if _has_expired(fact, now))
    return Explanation(repository, document.version, statements, expired)


def _tier(fact: PlacedFact) -> str | None:
    return fact.placed_grant.grant.tier if fact.placed_grant else None


def _in_order(lines: Iterator[ExplainedLine]) -> tuple[ExplainedLine, ...]:
    return tuple(
        sorted(set(lines), key=lambda line: (*line.line[:3], line.line.key or "", line.tier or ""))
    )


def _is_behind(fact: PlacedFact, statement: Statement, now: datetime) -> bool:
    """Whether a line asks for anything that a statement says, perhaps under a condition."""
    holder = fact.holder
    return (
        not _has_expired(fact, now)
        and holder.effect == statement.effect
        and holder.principal in statement.principals
        and statement.condition in (holder.condition, ())
        and uncovered_actions(fact.actions, statement.actions) != fact.actions
    )


def _has_expired(fact: PlacedFact, now: datetime) -> bool:
    return fact.placed_grant is not None and has_expired(fact.placed_grant.grant, now)
