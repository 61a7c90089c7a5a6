"""Condition keys of the file that AWS does not document."""

from reconciler.access.nodes import Node, pairs_of, scalars_in
from reconciler.access.problems import Findings, Place, shown
from reconciler.policy.unknown_keys import is_unknown_key, keys_in, known_keys_like, shortened


def check_keys(block: Node | None, findings: Findings) -> None:
    """Warn of each unknown key of a condition block, and of those of policy variables."""
    for operator in pairs_of(block):
        for pair in pairs_of(operator.value):
            _check_key(pair.key.text, pair.key.place, findings, besides=operator.value)
            for scalar in scalars_in(pair.value):
                for key in keys_in(scalar.text):
                    _check_key(key, scalar.place, findings)


def _check_key(key: str, place: Place, findings: Findings, *, besides: Node | None = None) -> None:
    if is_unknown_key(key):
        message = f"{shown(key)} is not a known condition key, so most likely no request has it"
        there = {pair.key.text.lower() for pair in pairs_of(besides)}
        meant = [like for like in known_keys_like(key) if like.lower() not in there]
        hint = findings.did_you_mean(shortened(key), meant)
        findings.warning("unknown-condition-key", message, place, hint=hint)
