"""Warns of principals and tiers that nothing in the file uses."""

from collections.abc import Container, Iterable

from reconciler.access_file.document.nodes import (
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    texts_of,
)
from reconciler.access_file.document.problems import ProblemList, quote
from reconciler.model.rules import RuleId
from reconciler.policy import BUILT_IN_TIERS


def check_unused(root: Node, problems: ProblemList) -> None:
    """Warn of each own principal and tier without a use.

    An access, a group, a keep rule or a `never` rule uses a principal; an access, another tier or a
    `never` rule uses a tier.
    """
    entries = pairs_of(root, "repositories")
    access = [pair for entry in entries for pair in pairs_of(entry.value, "access")]
    rules = items_of(root, "guards", "rules")
    principals, tiers = pairs_of(root, "principals"), pairs_of(root, "tiers")

    used = {pair.key.text for pair in access}
    used |= _texts(pair.value for pair in principals)
    used |= _texts(items_of(root, "unmanaged", "statements", "keep"), "principal")
    used |= _texts(rules, "to")
    for name in _unused(principals, used):
        message = f"the principal {quote(name.text)} is not used"
        problems.warning(RuleId.UNUSED_PRINCIPAL, message, name.place)

    given = [item for pair in access for item in items_of(pair.value)]
    used = _texts(item if isinstance(item, ScalarNode) else child(item, "tier") for item in given)
    used |= _texts((pair.value for pair in tiers), "extends")
    used |= _texts(rules, "never")
    for name in _unused(tiers, used | BUILT_IN_TIERS.keys()):
        message = f"the tier {quote(name.text)} is not used"
        problems.warning(RuleId.UNUSED_TIER, message, name.place)


def _texts(nodes: Iterable[Node | None], *keys: str) -> set[str]:
    return {scalar.text for node in nodes for scalar in texts_of(node, *keys)}


def _unused(definitions: Iterable[Pair], used: Container[str]) -> Iterable[ScalarNode]:
    return (pair.key for pair in definitions if pair.key.text not in used)
