"""The file's own tiers: what they extend, and the actions that they may name."""

from collections.abc import Iterable, Mapping

from reconciler.access.actions import check_actions
from reconciler.access.nodes import Node, Pair, ScalarNode, child, pairs_of, texts_of
from reconciler.access.order import path_of, sort_by_use
from reconciler.access.problems import Findings, listed, shown
from reconciler.policy.actions import EVERY_ACTION, KNOWN_ACTIONS, canonical_action
from reconciler.policy.tiers import BUILT_IN_TIERS, Tiers

_MOST_ACTIONS = 200


def read_tiers(node: Node | None, findings: Findings) -> Tiers:
    """Read the `tiers` of a file; gives them with the built-in ones, as canonical actions."""
    own: dict[str, Pair] = {}
    for pair in pairs_of(node):
        if pair.key.text in BUILT_IN_TIERS:
            message = f"{shown(pair.key.text)} is a built-in tier and can't be replaced"
            hint = "give this one another name"
            findings.error("tier-replaces-built-in", message, pair.key.place, hint=hint)
        else:
            own[pair.key.text] = pair
    uses = {name: [base.text for base in _bases(pair)] for name, pair in own.items()}
    order, cycles = sort_by_use(uses)
    for cycle in cycles:
        message = f"the tier {shown(cycle[0])} extends itself: {path_of(cycle)}"
        findings.error("tier-cycle", message, own[cycle[0]].key.place)
    tiers = dict(BUILT_IN_TIERS)
    spellings = _spellings(own.values())
    for name in order:
        tiers[name] = _actions(own[name], tiers, own, spellings, findings)
    return {name: tiers[name] for name in (*BUILT_IN_TIERS, *own)}


def check_tier(name: ScalarNode, tiers: Tiers, findings: Findings) -> bool:
    """Tell whether a tier of this name exists; report it where not."""
    if name.text in tiers:
        return True
    action = canonical_action(name.text)
    if action == EVERY_ACTION:
        hint = "write admin, which is ecr:*"
    elif action in KNOWN_ACTIONS:
        hint = f"it is an action: write NAME: {{actions: [{action}]}} under tiers, and NAME here"
    else:
        hint = findings.did_you_mean(name.text, tiers) or f"the tiers are {listed(tiers)}"
    findings.error("unknown-tier", f"{shown(name.text)} is not a tier", name.place, hint=hint)
    return False


def warn_of_unused(node: Node | None, used: frozenset[str], findings: Findings) -> None:
    """Warn of the file's own tiers that neither an access nor another tier uses."""
    extended = {base.text for pair in pairs_of(node) for base in _bases(pair)}
    for pair in pairs_of(node):
        name = pair.key.text
        if name not in used and name not in extended and name not in BUILT_IN_TIERS:
            findings.warning("unused-tier", f"nothing uses the tier {shown(name)}", pair.key.place)


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
    findings: Findings,
) -> frozenset[str]:
    written = _written(pair)
    check_actions(written, findings)
    actions = frozenset(spellings[canonical_action(action.text)] for action in written)
    for base in dict.fromkeys(_bases(pair)):
        # A base that is the file's own but not done yet is part of a cycle, which is reported.
        if base.text in own or check_tier(base, done, findings):
            actions |= done.get(base.text, frozenset())
        if len(actions) > _MOST_ACTIONS:
            break
    if len(actions) <= _MOST_ACTIONS:
        return actions
    message = f"the tier {shown(pair.key.text)} has more than {_MOST_ACTIONS} actions"
    hint = "ECR has fewer; a pattern such as ecr:Describe* stands for many"
    findings.error("tier-too-large", message, pair.key.place, hint=hint)
    return frozenset()
