"""Statements limited to some facts: what of each one a policy is to have, as JSON.

A statement that is not limited stays as it is written. Of one that is, each principal keeps the
actions that it is to have. A NotPrincipal, a NotAction, a NotResource and a Condition are
indivisible: they stay as they are, or go with the statement.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import count

from reconciler.policy.compile import Json, one_or_list, principal_element
from reconciler.policy.language.document import Statement
from reconciler.policy.language.principals import Principal
from reconciler.policy.language.registry_document import RegistryStatement
from reconciler.policy.language.resources import ArnPrefix, Resources
from reconciler.policy.meaning.facts import Actions, Facts, facts_of, uncovered_facts
from reconciler.policy.meaning.registry_facts import (
    HeldFacts,
    RegistryFacts,
    registry_facts_of,
    uncovered_registry_facts,
)
from reconciler.policy.meaning.tiers import action_names


def choose_statements(
    facts: RegistryFacts,
    first: Iterable[RegistryStatement],
    then: Iterable[RegistryStatement],
    beside: Iterable[RegistryStatement],
    prefix: ArnPrefix,
) -> tuple[Json, ...]:
    """Return statements that give these facts in the registry of `prefix`.

    Of the first ones it is all that the facts cover, of the others what is still missing. What the
    statements `beside` them give is not repeated. A Sid occurs once.
    """
    known, held = tuple(beside), HeldFacts(facts)
    chosen = [part for one in first for part in _limit(one, held, prefix)]
    given = HeldFacts(registry_facts_of([*known, *chosen], prefix))
    missing = HeldFacts(uncovered_registry_facts(facts, by=given))
    chosen += [part for one in then for part in _limit(one, missing, prefix)]
    taken = {one.statement.sid for one in known}
    return tuple(_with_own_sid(one.statement.raw, taken) for one in chosen)


def _limit(
    one: RegistryStatement, facts: HeldFacts, prefix: ArnPrefix
) -> tuple[RegistryStatement, ...]:
    """Return what of a statement some facts cover, apart for repositories where that differs."""
    limits = {
        part: _limit_statement(one.statement, facts.on(part))
        for part in one.resources.split(prefix)
    }
    sharing: defaultdict[tuple[object, ...], list[Resources]] = defaultdict(list)
    for part, limited in limits.items():
        sharing[tuple((own.principals, own.actions) for own in limited)].append(part)
    if len(sharing) == 1:
        return tuple(one._replace(statement=limited) for limited in next(iter(limits.values())))
    return tuple(
        _about(one, limited, parts) for parts in sharing.values() for limited in limits[parts[0]]
    )


def _limit_statement(statement: Statement, facts: Facts) -> tuple[Statement, ...]:
    """Return what of a statement some facts cover: one part for each set of actions that stays."""
    own = facts_of([statement])
    uncovered = uncovered_facts(own, by=facts)
    if not uncovered:
        return (statement,)
    sharing: defaultdict[Actions, list[Principal]] = defaultdict(list)
    for holder, actions in own.items():
        sharing[actions - uncovered.get(holder, frozenset())].append(holder.principal)
    whole = next(iter(own.values()))
    parts = sorted((tuple(sorted(sharing[actions])), actions) for actions in sharing if actions)
    return tuple(
        _part(statement, principals, None if actions == whole else actions)
        for principals, actions in parts
    )


def _part(
    statement: Statement, principals: tuple[Principal, ...], actions: Actions | None
) -> Statement:
    """Return a statement for some of its principals, and with these actions; None for all."""
    raw = {**statement.raw}
    if len(principals) < len(statement.principals):
        raw["Principal"] = principal_element(principals, str)
    if actions is None:
        return statement._replace(principals=principals, raw=raw)
    raw["Action"] = one_or_list(list(action_names(actions)))
    return statement._replace(principals=principals, actions=actions, raw=raw)


def _about(
    one: RegistryStatement, limited: Statement, parts: Iterable[Resources]
) -> RegistryStatement:
    patterns = tuple(pattern for part in parts for pattern in part.patterns)
    raw = {**limited.raw, "Resource": one_or_list(list(patterns))}
    resources = one.resources._replace(patterns=patterns)
    return RegistryStatement(limited._replace(raw=raw), resources, one.position)


def _with_own_sid(statement: Json, taken: set[str | None]) -> Json:
    """Number the Sid of a statement if it is taken; then it is."""
    sid = statement.get("Sid")
    if not isinstance(sid, str):
        return statement
    name = sid
    if sid in taken:
        name = next(n for k in count(2) if (n := f"{sid}{k}") not in taken)
    taken.add(name)
    return {**statement, "Sid": name}
