"""Tiers of the file: which actions they may contain, and what they extend, in order of use."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.document.problems import (
    ProblemList,
    Suggestion,
    WorkLimit,
    quote,
    quote_all,
)
from reconciler.access_file.document.tree import Node, Pair, ScalarNode, pairs_of, texts_of
from reconciler.model.rules import RuleId
from reconciler.policy import (
    ACTIONS_WITHOUT_REPOSITORY,
    AUTHORIZATION_TOKEN,
    BUILT_IN_TIERS,
    EVERY_ACTION,
    KNOWN_ACTIONS,
    REGISTRY_POLICY_ACTIONS,
    REGISTRY_TIERS,
    UPSTREAM_IMPORT,
    Tiers,
    canonical_action,
    has_wildcard,
    idle_actions,
    is_known_action,
)


class PolicyKind(NamedTuple):
    """A policy in messages, and which actions without effect elsewhere it allows."""

    name: str
    own_actions: frozenset[str]


REPOSITORY_POLICY = PolicyKind("a repository policy", frozenset())
REGISTRY_POLICY = PolicyKind("the registry's policy", REGISTRY_POLICY_ACTIONS)

_PREFIX = "ecr:"
_NAME = r"ecr:[A-Za-z0-9*?]{1,124}"
_NAME_HINT = "write ecr: and at most 124 ASCII letters and digits, * and ?"
_REGISTRY_HINT = "give it via: registry-policy, or write it in the caller's identity policy"
_CALLER_HINT = "write it in the caller's identity policy, with Resource '*'"
_PATTERNS = WorkLimit(10_000, "different action patterns")
_MAX_ACTIONS = 200
_MAX_CYCLES = 20
_MAX_SHOWN = 12
_LIKE_TIERS = 0.7
"""The least similarity of a suggested tier: 'push-only' is not meant as 'push-pull'."""


def check_actions(
    actions: Iterable[ScalarNode], problems: ProblemList, kind: PolicyKind = REPOSITORY_POLICY
) -> None:
    """Report actions of other services, and warn of unknown ECR actions. Raises TooLargeError."""
    for action in actions:
        if has_wildcard(action.text):
            problems.count_once(_PATTERNS, action.text, action.place)
        _check_action(action, problems, kind)


def _check_action(action: ScalarNode, problems: ProblemList, kind: PolicyKind) -> None:
    name = canonical_action(action.text)
    if name == AUTHORIZATION_TOKEN:
        message = f"GetAuthorizationToken has no effect in {kind.name}"
        problems.error(RuleId.NOT_AN_ECR_ACTION, message, action.place, _CALLER_HINT)
    elif not action.text.lower().startswith(_PREFIX):
        message = f"{quote(action.text)} is not an ECR action"
        hint = _prefix_hint(action.text, problems)
        problems.error(RuleId.NOT_AN_ECR_ACTION, message, action.place, hint)
    elif not re.fullmatch(_NAME, name):
        message = f"{quote(action.text)} is not a valid action name"
        problems.error(RuleId.BAD_ACTION, message, action.place, _NAME_HINT)
    elif (idle := idle_actions(name)) and idle.isdisjoint(kind.own_actions):
        message = f"{quote(action.text)} has no effect in {kind.name}"
        if idle == {UPSTREAM_IMPORT}:
            message += " on the first pull through a cache, which creates the repository"
        problems.warning(RuleId.IDLE_ACTION, message, action.place, _idle_hint(idle))
    elif not idle and not is_known_action(name):
        message = f"{quote(action.text)} is not a known ECR action"
        hint = _similar_hint(action.text, action.text, problems)
        problems.warning(RuleId.UNKNOWN_ACTION, message, action.place, hint)


def _idle_hint(idle: frozenset[str]) -> str:
    return _REGISTRY_HINT if idle <= REGISTRY_POLICY_ACTIONS else _CALLER_HINT


def _similar_hint(written: str, text: str, problems: ProblemList) -> str | Suggestion | None:
    """Suggest an action similar to a text, or say where to write it if it has no effect here."""
    similar = problems.closest(text, {*KNOWN_ACTIONS, *ACTIONS_WITHOUT_REPOSITORY})
    idle = idle_actions(similar) if similar else frozenset()
    if similar and idle:
        return f"{quote(similar)} has no effect in a repository policy: {_idle_hint(idle)}"
    return Suggestion(written, similar) if similar else None


def _prefix_hint(text: str, problems: ProblemList) -> str | Suggestion | None:
    service, colon, name = text.rpartition(":")
    prefixed = f"{_PREFIX}{name}"
    if colon and problems.closest(service, (_PREFIX[:-1],)) is None:
        return None
    if not is_known_action(prefixed):
        return None if colon else "an action starts with 'ecr:'"
    if has_wildcard(name):
        return None if idle_actions(prefixed) else Suggestion(text, prefixed)
    return _similar_hint(text, prefixed, problems)


def read_tiers(node: Node | None, kind: PolicyKind, problems: ProblemList) -> Tiers:
    """Read `tiers`; returns them and the built-in ones, in canonical actions.

    `kind` is the kind of policy with the most actions that the file writes.
    """
    own: dict[str, Pair] = {}
    for pair in pairs_of(node):
        if pair.key.text in BUILT_IN_TIERS or pair.key.text in REGISTRY_TIERS:
            message = f"{quote(pair.key.text)} is a built-in tier and cannot be redefined"
            hint = "use another name"
            problems.error(RuleId.TIER_REPLACES_BUILT_IN, message, pair.key.place, hint)
        else:
            own[pair.key.text] = pair
    order, cycles = sort_by_use(
        {
            name: [base.text for base in texts_of(pair.value, "extends")]
            for name, pair in own.items()
        }
    )
    for cycle in cycles:
        message = f"the tier {quote(cycle[0])} extends itself: {write_cycle(cycle)}"
        problems.error(RuleId.TIER_CYCLE, message, own[cycle[0]].key.place)
    tiers = dict(BUILT_IN_TIERS)
    spellings = _spellings(own.values())
    for name in order:
        check_actions(texts_of(own[name].value, "actions"), problems, kind)
        tiers[name] = _read_actions(own[name], tiers, own, spellings, problems)
    return {**BUILT_IN_TIERS, **REGISTRY_TIERS, **{name: tiers[name] for name in own}}


def tiers_of_repositories(tiers: Tiers) -> Tiers:
    """Return the tiers that a repository's own policy can give."""
    return {name: actions for name, actions in tiers.items() if name not in REGISTRY_TIERS}


def check_tier(name: ScalarNode, tiers: Tiers, problems: ProblemList) -> bool:
    """Whether a tier of this name exists; reports it if not."""
    if name.text in tiers:
        return True
    if name.text in REGISTRY_TIERS:
        message = f"the tier {quote(name.text)} exists only in the registry's policy"
        only_there = "use it itself, on a pattern with via: registry-policy"
        problems.error(RuleId.REGISTRY_TIER, message, name.place, only_there)
        return False
    action = canonical_action(name.text)
    hint: str | Suggestion
    if action == EVERY_ACTION:
        hint = "write admin, the tier for ecr:*"
    elif action in KNOWN_ACTIONS:
        hint = (
            f"it is an action: add NAME: {{actions: [{action}]}} under tiers, and write NAME here"
        )
    else:
        similar = problems.did_you_mean(name.text, tiers, cutoff=_LIKE_TIERS)
        hint = similar or f"the tiers are {quote_all(tiers)}"
    problems.error(RuleId.UNKNOWN_TIER, f"{quote(name.text)} is not a tier", name.place, hint)
    return False


def _spellings(pairs: Iterable[Pair]) -> Mapping[str, str]:
    """Return one spelling of each action, which does not depend on the order of the tiers."""
    texts = {action.text for pair in pairs for action in texts_of(pair.value, "actions")}
    return {name: name for name in map(canonical_action, sorted(texts, reverse=True))}


def _read_actions(
    pair: Pair,
    read: Tiers,
    own: Mapping[str, Pair],
    spellings: Mapping[str, str],
    problems: ProblemList,
) -> frozenset[str]:
    written = texts_of(pair.value, "actions")
    actions = frozenset(spellings[canonical_action(action.text)] for action in written)
    for base in dict.fromkeys(texts_of(pair.value, "extends")):
        # An own tier that is not read yet is part of a cycle, which is reported.
        if base.text in own or check_tier(base, read, problems):
            actions |= read.get(base.text, frozenset())
        if len(actions) > _MAX_ACTIONS:
            break
    if len(actions) <= _MAX_ACTIONS:
        return actions
    message = f"the tier {quote(pair.key.text)} has more than {_MAX_ACTIONS} actions"
    hint = "ECR has fewer actions; use a pattern such as ecr:Describe*"
    problems.error(RuleId.TIER_TOO_LARGE, message, pair.key.place, hint)
    return frozenset()


def sort_by_use(
    uses: Mapping[str, Sequence[str]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the order and the cycles, each as (`a`, `b`, `a`); at most 20 cycles.

    Ignores names that are not a key. `graphlib` is of no use here: it finds one cycle only. Does
    not recurse, as a chain may be long.
    """
    order: dict[str, None] = {}
    cycles: list[tuple[str, ...]] = []
    for start in uses:
        if start in order:
            continue
        path: dict[str, Iterator[str]] = {start: iter(uses[start])}
        while path:
            name, rest = next(reversed(path.items()))
            used = next((u for u in rest if u in uses and u not in order), None)
            if used is None:
                order[name] = None
                del path[name]
            elif used in path:
                if len(cycles) < _MAX_CYCLES:
                    names = list(path)
                    cycles.append((*names[names.index(used) :], used))
            else:
                path[used] = iter(uses[used])
    return tuple(order), tuple(cycles)


def write_cycle(cycle: Sequence[str]) -> str:
    """Write a cycle, without its middle where it is long."""
    names = [quote(name) for name in cycle]
    if len(names) > _MAX_SHOWN:
        names[_MAX_SHOWN // 2 : -_MAX_SHOWN // 2] = ["…"]
    return " → ".join(names)
