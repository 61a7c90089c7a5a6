"""Look at what is live: is it what the plan saw, what it wants, or somebody else's?"""

from enum import Enum

from reconciler.apply.model import Reader
from reconciler.plan.model import Change, Target
from reconciler.policy.document import Policy, Unreadable
from reconciler.policy.facts import same_meaning
from reconciler.policy.reshuffled import is_reshuffled
from reconciler.registry.fault import CallError, Fault


class Sight(Enum):
    """What a look at one repository showed."""

    AS_PLANNED = "as the plan saw it"
    IN_FORCE = "what the plan wants"
    OTHER = "neither"


def look(change: Change, reader: Reader) -> Sight:
    """Read the live policy and compare it. Raises ReconcileError."""
    text = reader.read_policy(change.target.repository)
    if is_policy(change.target, text, change.before):
        return Sight.AS_PLANNED
    wanted = change.target.read(change.after_text)
    return Sight.IN_FORCE if is_policy(change.target, text, wanted) else Sight.OTHER


def is_policy(target: Target, text: str | None, policy: Policy) -> bool:
    """Tell whether a live text is a policy that was read before, in whatever words and order."""
    if isinstance(policy, Unreadable):
        return text is not None and is_reshuffled(text, policy.text)
    return same_meaning(target.read(text), policy)


def exists(repository: str, reader: Reader) -> bool:
    """Tell whether a repository is there. Raises ReconcileError."""
    try:
        reader.read_policy(repository)
    except CallError as error:
        if error.fault is Fault.REPOSITORY_MISSING:
            return False
        raise
    return True
