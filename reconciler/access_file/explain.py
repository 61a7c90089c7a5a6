"""The lines of the file behind a repository's access, and behind each statement of its policy."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    PlacedFact,
    add_up,
    compile_desired,
    compile_registry,
    entries_for,
    facts_of_entry,
    has_expired,
)
from reconciler.access_file.model import AccessFile, Entry, PlacedRegistryStatement
from reconciler.model.answers import Carrier, FileLine, place_words
from reconciler.model.registry import RegistryName, RegistryScope, Target
from reconciler.policy import (
    Document,
    RegistryDocument,
    RegistryStatement,
    Resources,
    Statement,
    globs_intersect,
    has_wildcard,
    read_policy,
    read_registry_policy,
    statement_key,
    uncovered_actions,
)


class ExplainedLine(NamedTuple):
    """A line of the file, and the tier that it grants; None for a raw statement."""

    line: FileLine
    tier: str | None


class ExplainedStatement(NamedTuple):
    """A statement of the desired policy as JSON, and the lines that ask for any of it, in order."""

    json: Mapping[str, object]
    lines: tuple[ExplainedLine, ...]


class ExplainedRegistryPolicy(NamedTuple):
    """The statements of the registry's own policy in a region that are about a repository."""

    region: str
    version: str | None
    statements: tuple[ExplainedStatement, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The desired policy of a repository or pattern; without statements, there is none.

    `registry_policies` are what the registry's own policy is to say of it, for each region where
    that is anything. `expired` are lines whose `until` has passed: no statement has what they
    granted. `registry` is None where it holds in all registries, and `region` where it holds in all
    regions of the registry.
    """

    repository: str
    version: str | None
    statements: tuple[ExplainedStatement, ...]
    registry_policies: tuple[ExplainedRegistryPolicy, ...]
    expired: tuple[ExplainedLine, ...]
    region: str | None = None
    registry: RegistryName | None = None

    @property
    def place(self) -> str:
        """Where it holds, in words; empty where it holds everywhere."""
        return place_words(self.registry, self.region)


def line_of(fact: PlacedFact, entry: Entry) -> FileLine:
    """Return the line that a fact of an entry stands on."""
    policy: Carrier = "registry" if entry.via_registry else "repository"
    return FileLine(fact.place.path, fact.place.line, entry.repository, fact.key, policy)


def registry_line(placed: PlacedRegistryStatement, *, is_certain: bool = True) -> FileLine:
    """Return the line that a raw statement of the registry's policy stands on."""
    return FileLine(placed.place.path, placed.place.line, None, None, "registry", is_certain)


def statements_about(
    access: AccessFile, name: str, scopes: Iterable[RegistryScope]
) -> Iterator[tuple[PlacedRegistryStatement, bool]]:
    """Yield the raw statements of the registry's policy that are or may be about a repository.

    `name` may be a pattern, for all that it matches. Each stands with whether it certainly is about
    that, in every one of the regions.
    """
    arns = [Target(name, scope).arn for scope in scopes]
    for placed in access.registry_statements:
        answers = {_is_about(placed.statement.resources, arn) for arn in arns}
        if answers != {False}:
            yield placed, answers == {True}


def _is_about(resources: Resources, arn: str) -> bool | None:
    """Whether a statement of the registry's policy is about a repository.

    With the ARN of a pattern of names: whether it is about all that the pattern matches. None where
    that is not certain.
    """
    answer = resources.include(arn)
    if answer and resources.excluded and has_wildcard(arn):
        return None if any(globs_intersect(one, arn) for one in resources.patterns) else True
    return answer


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
    own = [pair for pair in placed if pair[1].line.policy == "repository"]
    text = compile_desired(access, add_up(repository, entries, now))
    policy = read_policy(text, partition=access.registry.partition)
    document = policy if isinstance(policy, Document) else Document(None, ())
    statements = tuple(_explained(statement, own, now) for statement in document.statements)
    via = [pair for pair in placed if pair[1].line.policy == "registry"]
    of_registry = (
        _registry_policy(access, Target(repository, scope), via, now)
        for scope in access.registry.scopes
    )
    return Explanation(
        repository,
        document.version,
        statements,
        tuple(one for one in of_registry if one.statements),
        _in_order(line for fact, line in placed if _has_expired(fact, now)),
    )


_Placed = tuple[PlacedFact, ExplainedLine]


def _registry_policy(
    access: AccessFile, target: Target, via: Sequence[_Placed], now: datetime
) -> ExplainedRegistryPolicy:
    """Explain the registry's policy: by lines of entries, and by raw statements of the file."""
    text = compile_registry(access, target.scope, now)
    policy = read_registry_policy(text, partition=target.partition)
    document = policy if isinstance(policy, RegistryDocument) else RegistryDocument(())
    raw: defaultdict[object, list[ExplainedLine]] = defaultdict(list)
    for placed in access.registry_statements:
        raw[_key(placed.statement)].append(ExplainedLine(registry_line(placed), None))
    statements = (
        ExplainedStatement(one.statement.raw, _in_order(raw[_key(one)]))
        if _key(one) in raw
        else _explained(one.statement, via, now)
        for one in document.statements
        if _is_about(one.resources, target.arn) is not False
    )
    return ExplainedRegistryPolicy(target.scope.region, document.version, tuple(statements))


def _key(one: RegistryStatement) -> object:
    return statement_key(one.statement), one.resources


def _explained(
    statement: Statement, placed: Sequence[_Placed], now: datetime
) -> ExplainedStatement:
    behind = (line for fact, line in placed if _is_behind(fact, statement, now))
    return ExplainedStatement(statement.raw, _in_order(behind))


def _tier(fact: PlacedFact) -> str | None:
    return fact.grant.tier if fact.grant else None


def _in_order(lines: Iterable[ExplainedLine]) -> tuple[ExplainedLine, ...]:
    return tuple(
        sorted(
            set(lines),
            key=lambda one: (
                *one.line[:2],
                one.line.entry or "",
                one.line.key or "",
                one.tier or "",
            ),
        )
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
    return fact.grant is not None and has_expired(fact.grant, now)
