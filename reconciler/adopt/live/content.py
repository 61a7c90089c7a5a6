"""What one live policy says, as a file can say it: grants, and raw statements for the rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.adopt.live.holders import Identity, can_be_named, has_expired, split_expiry
from reconciler.policy import (
    EVERYONE,
    MISSING,
    Action,
    Condition,
    Document,
    Facts,
    Holder,
    NotAction,
    Ownership,
    Principal,
    Statement,
    canonical_action,
    condition_json,
    deleted_kind,
    facts_of,
    kept_statements,
    minified,
    reduce_facts,
    spell_action,
)

Spellings = Mapping[str, str]
"""One spelling of each action that AWS does not document, by the action."""


class Terms(NamedTuple):
    """What a grant allows, and until when (as the file has it)."""

    actions: frozenset[str]
    until: str | None = None


class Content(NamedTuple):
    """What a repository's entry is to say; equal for policies that mean the same.

    `statements` are raw statements as minified JSON.
    """

    access: Mapping[Identity, tuple[Terms, ...]]
    statements: frozenset[str] = frozenset()


class Reading(NamedTuple):
    """One live policy, read for a file.

    `facts` are what the file together with the `kept` statements of others has to mean. `dead` are
    the principals that are left out, `kept` the statements that a keep rule keeps.
    """

    content: Content
    facts: Facts
    dead: tuple[Principal, ...]
    kept: tuple[Statement, ...]
    expired: tuple[Principal, ...]


class ReadingOptions(NamedTuple):
    """How policies are read for one file.

    `ownership` has the file's keep rules. `keep_dead`: deleted principals are carried as raw
    statements.
    """

    ownership: Ownership
    spellings: Spellings
    now: datetime
    keep_dead: bool = False


def read_for_file(
    document: Document, options: ReadingOptions, *, only_raw: bool = False
) -> Reading:
    """Read a policy as a file can say it; with `only_raw`, as raw statements alone."""
    kept = kept_statements(document.statements, options.ownership)
    grants: defaultdict[Holder, frozenset[str]] = defaultdict(frozenset)
    raw: set[str] = set()
    for statement in document.statements:
        if statement not in kept:
            granted, others = _split(statement, options, only_raw)
            for holder, actions in granted:
                grants[holder] |= actions
            if others:
                raw.add(minified(_raw_statement(statement, others, options.spellings)))
    facts = facts_of(document.statements)
    dead = frozenset() if options.keep_dead else frozenset(filter(_is_dead, _principals_in(facts)))
    lasting = {holder: actions for holder, actions in facts.items() if holder.principal not in dead}
    expired = {h.principal for h in lasting if has_expired(h.condition, options.now)}
    return Reading(
        Content(_access(grants, options), frozenset(raw)),
        lasting,
        tuple(sorted(dead)),
        kept,
        tuple(sorted(expired)),
    )


def _split(
    statement: Statement, options: ReadingOptions, only_raw: bool
) -> tuple[list[tuple[Holder, frozenset[str]]], list[Principal]]:
    """Return the grants of a statement, and the principals for which it stays raw."""
    actions = frozenset(action for action in statement.actions if isinstance(action, str))
    condition, _ = split_expiry(statement.condition, options.now)
    may_grant = (
        not only_raw and statement.effect == "Allow" and len(actions) == len(statement.actions)
    )
    granted: list[tuple[Holder, frozenset[str]]] = []
    others: list[Principal] = []
    for principal in statement.principals:
        if may_grant and can_be_named(Identity(principal, condition)):
            granted.append((Holder(principal, "Allow", statement.condition), actions))
        elif options.keep_dead or not _is_dead(principal):
            others.append(principal)
    return granted, others


def _principals_in(facts: Facts) -> set[Principal]:
    return {holder.principal for holder in facts}


def _is_dead(principal: Principal) -> bool:
    return deleted_kind(principal) is not None


def spellings_of(documents: Iterable[Document]) -> Spellings:
    """Return the first spelling, in the order of the alphabet, of each action in some policies."""
    found: dict[str, str] = {}
    for document in documents:
        for statement in document.statements:
            for name in _written_actions(statement.raw):
                action = canonical_action(name)
                found[action] = min(spell_action(action), found.get(action, spell_action(action)))
    return found


def _written_actions(raw: Mapping[str, object]) -> list[str]:
    value = raw.get("Action", raw.get("NotAction"))
    names: list[object] = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]


def _access(
    grants: Mapping[Holder, frozenset[str]], options: ReadingOptions
) -> Mapping[Identity, tuple[Terms, ...]]:
    found: defaultdict[Identity, list[Terms]] = defaultdict(list)
    for holder, actions in reduce_facts(grants).items():
        condition, until = split_expiry(holder.condition, options.now)
        spelled = frozenset(_spell(action, options.spellings) for action in actions)
        found[Identity(holder.principal, condition)].append(Terms(spelled, until))
    return {
        identity: tuple(sorted(every, key=lambda one: (one.until or "", sorted(one.actions))))
        for identity, every in sorted(found.items())
    }


def _spell(action: Action, spellings: Spellings) -> str:
    return spellings.get(action, action) if isinstance(action, str) else ""


def _raw_statement(
    statement: Statement, principals: Sequence[Principal], spellings: Spellings
) -> dict[str, object]:
    """Write a statement in canonical form, for some of its principals."""
    raw: dict[str, object] = {} if statement.sid is None else {"Sid": statement.sid}
    raw["Effect"] = statement.effect
    raw |= _principal_element(sorted(principals))
    raw |= _action_element(statement.actions, spellings)
    return raw | _condition_element(statement.condition)


def _principal_element(principals: Sequence[Principal]) -> dict[str, object]:
    if list(principals) == [EVERYONE]:
        return {"Principal": "*"}
    if list(principals) == [MISSING]:
        return {}
    element, names = "Principal", [(one.kind, one.names[0]) for one in principals]
    if principals[0].kind == "NotPrincipal":
        pairs = (name.split(":", 1) for name in principals[0].names)
        element, names = "NotPrincipal", [(kind, name) for kind, name in pairs]
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for kind, name in names:
        by_kind[kind].append(name)
    return {element: {kind: _one_or_list(every) for kind, every in by_kind.items()}}


def _action_element(actions: Iterable[Action], spellings: Spellings) -> dict[str, object]:
    for action in actions:
        if isinstance(action, NotAction):
            return {"NotAction": _one_or_list(_spelled(action.excluded, spellings))}
    names = [action for action in actions if isinstance(action, str)]
    return {"Action": _one_or_list(_spelled(names, spellings))}


def _spelled(actions: Iterable[str], spellings: Spellings) -> list[str]:
    return sorted(spellings.get(action, action) for action in actions)


def _condition_element(condition: Condition) -> dict[str, object]:
    return {"Condition": condition_json(condition)} if condition else {}


def _one_or_list(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names
