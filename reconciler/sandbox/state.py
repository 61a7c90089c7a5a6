"""What the embedded ECR is besides moto: how it behaves and what it remembers."""

from dataclasses import dataclass

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.iam import Acquaintance
from reconciler.sandbox.policies import Policies


@dataclass(frozen=True, slots=True)
class State:
    """What all calls share; each part is safe for several threads."""

    behaviour: Behaviour
    policies: Policies
    acquaintance: Acquaintance


def new_state(behaviour: Behaviour) -> State:
    """Return a state that remembers nothing yet."""
    return State(
        behaviour,
        Policies(keep_ids=behaviour.unique_ids),
        Acquaintance(behaviour.iam_delay),
    )
