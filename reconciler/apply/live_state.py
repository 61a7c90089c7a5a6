"""The live policy compared with the one of the plan and the desired one."""

from enum import Enum

from reconciler.plan.model import Change
from reconciler.policy import Policy, Unreadable, kept_statements, same_policy, statement_key


class LiveState(Enum):
    """What the live policy of a change's repository is."""

    AS_PLANNED = "the one that the plan was made from"
    IN_FORCE = "the desired one"
    OTHER = "another one"


def live_state(change: Change, live_text: str | None) -> LiveState:
    """Return what a live policy is; None is no policy."""
    live = change.target.read(live_text)
    if same_policy(live, change.before) and _kept(live, change) == _kept(change.before, change):
        return LiveState.AS_PLANNED
    return LiveState.IN_FORCE if same_policy(live, change.after) else LiveState.OTHER


def _kept(live: Policy, change: Change) -> frozenset[tuple[object, ...]]:
    """Return the statements that others own: unlike the meaning, that depends on Sids."""
    if isinstance(live, Unreadable):
        return frozenset()
    return frozenset(
        statement_key(statement) for statement in kept_statements(live, change.ownership)
    )
