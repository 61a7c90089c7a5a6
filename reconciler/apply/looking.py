"""Look at what is live: is it what the plan saw, what it wants, or somebody else's?"""

from enum import Enum

from reconciler.apply.model import Reader
from reconciler.plan.model import Change
from reconciler.policy.document import Policy, Unreadable
from reconciler.policy.facts import same_meaning
from reconciler.policy.reshuffled import is_reshuffled


class Sight(Enum):
    """What a look at one repository showed."""

    AS_PLANNED = "as the plan saw it"
    IN_FORCE = "what the plan wants"
    OTHER = "neither"


def look(change: Change, reader: Reader) -> Sight:
    """Read the live policy and compare it. Raises ReconcileError."""
    target = change.target
    live = target.read(reader.read_policy(target.repository))
    if is_same(live, change.before):
        return Sight.AS_PLANNED
    return Sight.IN_FORCE if is_same(live, target.read(change.after_text)) else Sight.OTHER


def is_same(left: Policy, right: Policy) -> bool:
    """Tell whether two policies are the same, in whatever words and order.

    Two that are not understood are known again by their JSON, for the service reshuffles it.
    """
    if isinstance(left, Unreadable) and isinstance(right, Unreadable):
        return is_reshuffled(left.text, right.text)
    return same_meaning(left, right)
