"""What the embedded ECR is besides moto: how it behaves and what it remembers."""

from dataclasses import dataclass, field
from threading import Lock

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.credentials import Credentials
from reconciler.sandbox.iam import Acquaintance
from reconciler.sandbox.meddler import Meddler
from reconciler.sandbox.newcomers import Newcomers
from reconciler.sandbox.policies import Policies
from reconciler.sandbox.throttle import Clock, Throttle


@dataclass(frozen=True, slots=True)
class State:
    """What all calls share.

    Whoever works on repositories, policies, newcomers or the meddler holds `working` meanwhile:
    neither they nor moto have locks of their own. The rest is safe for several threads.
    """

    behaviour: Behaviour
    policies: Policies
    acquaintance: Acquaintance
    newcomers: Newcomers
    meddler: Meddler
    credentials: Credentials
    throttle: Throttle
    working: Lock = field(default_factory=Lock)


def new_state(behaviour: Behaviour, clock: Clock) -> State:
    """Return a state that remembers nothing yet; `clock` is the throttle's."""
    return State(
        behaviour,
        Policies(keep_ids=behaviour.unique_ids),
        Acquaintance(behaviour.iam_delay),
        Newcomers(behaviour.visible_after),
        Meddler(behaviour.meddle_after_reads),
        Credentials(behaviour.expire_after, behaviour.disabled_region),
        Throttle(behaviour.throttle_rate, behaviour.throttle_burst, clock),
    )
