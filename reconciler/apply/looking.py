"""Look at what is live: is it what the plan saw, what it wants, or somebody else's?"""

from enum import Enum

from reconciler.apply.model import Reader
from reconciler.plan.model import Change
from reconciler.policy.language.document import Policy, Unreadable
from reconciler.policy.meaning.difference import same_policy
from reconciler.policy.meaning.keep import kept_statements, statement_key


class Sight(Enum):
    """What a look at one repository showed."""

    AS_PLANNED = "as the plan saw it"
    IN_FORCE = "what the plan wants"
    OTHER = "neither"


def look(change: Change, reader: Reader) -> Sight:
    """Read the live policy and compare it. Raises ReconcileError."""
    target = change.target
    live = target.read(reader.read_policy(target.repository))
    if is_same(live, change.before) and _others(live, change) == _others(change.before, change):
        return Sight.AS_PLANNED
    return Sight.IN_FORCE if is_same(live, change.after) else Sight.OTHER


def _others(live: Policy, change: Change) -> frozenset[tuple[object, ...]]:
    """Give what a live policy says that is others' to keep: unlike meaning, that hangs on Sids."""
    if isinstance(live, Unreadable):
        return frozenset()
    return frozenset(
        statement_key(statement) for statement in kept_statements(live, change.ownership)
    )


def is_same(left: Policy, right: Policy) -> bool:
    """Tell whether two policies are the same, in whatever words and order."""
    return same_policy(left, right)
