"""Tiers of the file: what they extend, and the actions that they may name."""

import re
from collections.abc import Iterable, Mapping

from reconciler.access_file.document.nodes import Node, Pair, ScalarNode, child, pairs_of, texts_of
from reconciler.access_file.document.problems import Bound, ProblemList, listed, shown, suggestion
from reconciler.access_file.sections.order import path_of, sort_by_use
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.actions import (
    ACTIONS_WITHOUT_REPOSITORY,
    AUTHORIZATION_TOKEN,
    EVERY_ACTION,
    KNOWN_ACTIONS,
    REGISTRY_POLICY_ACTIONS,
    UPSTREAM_IMPORT,
    canonical_action,
    idle_actions,
    is_known_action,
)
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, Tiers

_PREFIX = "ecr:"
_NAME = r"ecr:[A-Za-z0-9*?]{1,124}"
_NAME_HINT = "ecr: and at most 124 ASCII letters and digits, * and ?"
_REGISTRY_HINT = (
    "it belongs in the registry's own policy, or in the identity policy of the one who calls"
)
_PATTERNS = Bound(10_000, "different patterns of actions")
_CALLER_HINT = "it belongs in the identity policy of the one who calls, with Resource '*'"


def check_actions(actions: Iterable[ScalarNode], problems: ProblemList) -> None:
    """Report actions of other services, and warn of ECR actions that are not known.

    Raises TooLargeError.
    """
    for action in actions:
        if has_wildcard(action.text):
            problems.ask_once(_PATTERNS, action.text, action.place)
        _check_action(action, problems)


def _check_action(action: ScalarNode, problems: ProblemList) -> None:
    name = canonical_action(action.text)
    if name == AUTHORIZATION_TOKEN:
        message = "GetAuthorizationToken grants nothing in a repository policy"
        problems.error(RuleId.NOT_AN_ECR_ACTION, message, action.place, hint=_CALLER_HINT)
    elif not action.text.lower().startswith(_PREFIX):
        message = f"{shown(action.text)} is not an action of ECR"
        hint = _prefix_hint(action.text, problems)
        problems.error(RuleId.NOT_AN_ECR_ACTION, message, action.place, hint=hint)
    elif not re.fullmatch(_NAME, name):
        message = f"{shown(action.text)} can't be the name of an action"
        problems.error(RuleId.BAD_ACTION, message, action.place, hint=_NAME_HINT)
    elif idle := idle_actions(name):
        message = f"{shown(action.text)} does nothing in a repository policy"
        if idle == {UPSTREAM_IMPORT}:
            message += " for the first pull through a cache, which makes the repository"
        problems.warning(RuleId.IDLE_ACTION, message, action.place, hint=_belongs(idle))
    elif not is_known_action(name):
        message = f"{shown(action.text)} is not a known action of ECR"
        hint = _meant(action.text, problems)
        problems.warning(RuleId.UNKNOWN_ACTION, message, action.place, hint=hint)


def _belongs(idle: frozenset[str]) -> str:
    return _REGISTRY_HINT if idle <= REGISTRY_POLICY_ACTIONS else _CALLER_HINT


def _meant(text: str, problems: ProblemList) -> str | None:
    """Say which action is most likely meant, and not to write it where it does nothing."""
    meant = problems.closest(text, {*KNOWN_ACTIONS, *ACTIONS_WITHOUT_REPOSITORY})
    idle = idle_actions(meant) if meant else frozenset()
    if meant and idle:
        return f"{shown(meant)} does nothing in a repository policy: {_belongs(idle)}"
    return suggestion(meant) if meant else None


def _prefix_hint(text: str, problems: ProblemList) -> str | None:
    service, colon, name = text.rpartition(":")
    prefixed = f"{_PREFIX}{name}"
    if colon and problems.closest(service, (_PREFIX[:-1],)) is None:
        return None
    if not is_known_action(prefixed):
        return None if colon else "an action starts with 'ecr:'"
    if has_wildcard(name):
        return None if idle_actions(prefixed) else suggestion(prefixed)
    return _meant(prefixed, problems)


_MOST_ACTIONS = 200


def read_tiers(node: Node | None, problems: ProblemList) -> Tiers:
    """Read the `tiers` of a file; gives them with the built-in ones, as canonical actions."""
    own: dict[str, Pair] = {}
    for pair in pairs_of(node):
        if pair.key.text in BUILT_IN_TIERS:
            message = f"{shown(pair.key.text)} is a built-in tier and can't be replaced"
            hint = "give this one another name"
            problems.error(RuleId.TIER_REPLACES_BUILT_IN, message, pair.key.place, hint=hint)
        else:
            own[pair.key.text] = pair
    uses = {name: [base.text for base in _bases(pair)] for name, pair in own.items()}
    order, cycles = sort_by_use(uses)
    for cycle in cycles:
        message = f"the tier {shown(cycle[0])} extends itself: {path_of(cycle)}"
        problems.error(RuleId.TIER_CYCLE, message, own[cycle[0]].key.place)
    tiers = dict(BUILT_IN_TIERS)
    spellings = _spellings(own.values())
    for name in order:
        tiers[name] = _actions(own[name], tiers, own, spellings, problems)
    return {name: tiers[name] for name in (*BUILT_IN_TIERS, *own)}


def check_tier(name: ScalarNode, tiers: Tiers, problems: ProblemList) -> bool:
    """Tell whether a tier of this name exists; report it where not."""
    if name.text in tiers:
        return True
    action = canonical_action(name.text)
    if action == EVERY_ACTION:
        hint = "write admin, which is ecr:*"
    elif action in KNOWN_ACTIONS:
        hint = f"it is an action: write NAME: {{actions: [{action}]}} under tiers, and NAME here"
    else:
        hint = problems.did_you_mean(name.text, tiers) or f"the tiers are {listed(tiers)}"
    problems.error(RuleId.UNKNOWN_TIER, f"{shown(name.text)} is not a tier", name.place, hint=hint)
    return False


def warn_of_unused(node: Node | None, used: frozenset[str], problems: ProblemList) -> None:
    """Warn of the file's own tiers that neither an access nor another tier uses."""
    extended = {base.text for pair in pairs_of(node) for base in _bases(pair)}
    for pair in pairs_of(node):
        name = pair.key.text
        if name not in used and name not in extended and name not in BUILT_IN_TIERS:
            problems.warning(
                RuleId.UNUSED_TIER, f"nothing uses the tier {shown(name)}", pair.key.place
            )


def _bases(pair: Pair) -> tuple[ScalarNode, ...]:
    return texts_of(child(pair.value, "extends"))


def _written(pair: Pair) -> tuple[ScalarNode, ...]:
    return texts_of(child(pair.value, "actions"))


def _spellings(pairs: Iterable[Pair]) -> Mapping[str, str]:
    """Spell each action of a file in one way, whatever the order of its tiers."""
    texts = {action.text for pair in pairs for action in _written(pair)}
    return {name: name for name in map(canonical_action, sorted(texts, reverse=True))}


def _actions(
    pair: Pair,
    done: Tiers,
    own: Mapping[str, Pair],
    spellings: Mapping[str, str],
    problems: ProblemList,
) -> frozenset[str]:
    written = _written(pair)
    check_actions(written, problems)
    actions = frozenset(spellings[canonical_action(action.text)] for action in written)
    for base in dict.fromkeys(_bases(pair)):
        # A base that is the file's own but not done yet is part of a cycle, which is reported.
        if base.text in own or check_tier(base, done, problems):
            actions |= done.get(base.text, frozenset())
        if len(actions) > _MOST_ACTIONS:
            break
    if len(actions) <= _MOST_ACTIONS:
        return actions
    message = f"the tier {shown(pair.key.text)} has more than {_MOST_ACTIONS} actions"
    hint = "ECR has fewer; a pattern such as ecr:Describe* stands for many"
    problems.error(RuleId.TIER_TOO_LARGE, message, pair.key.place, hint=hint)
    return frozenset()
