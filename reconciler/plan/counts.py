"""How much access a change moves, in units of one principal under one condition."""

from collections.abc import Iterable

from reconciler.policy.difference import AccessChange
from reconciler.policy.principals import gone_kind


def count_revoked(access: Iterable[AccessChange]) -> int:
    """Count what is taken away; a new Deny takes away too.

    What a deleted principal held is nobody's loss.
    """
    return sum(
        len(change.lost if change.effect == "Allow" else change.gained)
        for change in access
        if not gone_kind(change.principal)
    )


def count_granted(access: Iterable[AccessChange]) -> int:
    """Count what is newly allowed; taking a Deny away is allowing."""
    return sum(len(c.gained if c.effect == "Allow" else c.lost) for c in access)
