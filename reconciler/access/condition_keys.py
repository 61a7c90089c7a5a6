"""Condition keys of the file that AWS does not document."""

from reconciler.access.nodes import Node, pairs_of, scalars_in
from reconciler.access.problems import Findings, Place, shown
from reconciler.policy.unknown_keys import is_unknown_key, keys_in, known_keys_like, shortened


def check_keys(block: Node | None, findings: Findings) -> None:
    """Warn of each unknown key of a condition block, and of those of policy variables."""
    for operator in pairs_of(block):
        for pair in pairs_of(operator.value):
            _check_key(pair.key.text, pair.key.place, findings)
            for scalar in scalars_in(pair.value):
                for key in keys_in(scalar.text):
                    _check_key(key, scalar.place, findings)


def _check_key(key: str, place: Place, findings: Findings) -> None:
    if is_unknown_key(key):
        message = f"{shown(key)} is not a known condition key, so most likely no request has it"
        hint = findings.did_you_mean(shortened(key), known_keys_like(key))
        findings.warning("unknown-condition-key", message, place, hint=hint)
