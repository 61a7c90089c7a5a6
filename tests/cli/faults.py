"""What can go wrong between `reconcile` and ECR, and how each command is to end then."""

from dataclasses import dataclass

from reconciler.sandbox.behaviour import Behaviour
from tests.cli.mixed_registry import PLAIN

DONE, FAILED, DIFFERS, REFUSED, PARTLY = 0, 1, 4, 5, 6
_MAY_NOT_FINISH = frozenset({DONE, FAILED, PARTLY})
"""One call may meet the fault each time that it is repeated, and then it has failed."""


@dataclass(frozen=True)
class Fault:
    """A fault, and the exit codes of the commands that meet it; the rest of the world is calm.

    `writing` is what apply and rollback meet, `reading` what plan and drift do, None where only
    a write can meet it. `again` is how the same rollback ends, once the fault is gone.
    `written_after_write`: another writer changes each policy right after it was set, before it is
    read back.
    """

    writing: Behaviour
    reading: Behaviour | None = None
    plan: int = DONE
    drift: int = DIFFERS
    apply: frozenset[int] = frozenset({DONE})
    rollback: frozenset[int] = frozenset({DONE})
    again: int = DONE
    written_after_write: bool = False


def _everywhere(behaviour: Behaviour) -> Fault:
    return Fault(behaviour, behaviour)


def _passing(behaviour: Behaviour) -> Fault:
    return Fault(behaviour, behaviour, apply=_MAY_NOT_FINISH, rollback=_MAY_NOT_FINISH)


_PARTLY = frozenset({PARTLY})

FAULTS = {
    "throttled": _everywhere(Behaviour(throttle_rate=40, throttle_burst=5)),
    "fails-before-the-work": _passing(Behaviour(fail_every=4)),
    "fails-after-the-work": _passing(Behaviour(fail_after_every=4)),
    "cut-before-the-work": _passing(Behaviour(cut_before_every=4)),
    "cut-after-the-work": _passing(Behaviour(cut_after_every=4)),
    "slow": _everywhere(Behaviour(slow_every=4, slow_seconds=0.2)),
    "credentials-expire": Fault(
        reading=Behaviour(expire_after=5),
        writing=Behaviour(expire_after=18),
        plan=FAILED,
        drift=FAILED,
        apply=_PARTLY,
        rollback=_PARTLY,
    ),
    "others-write-before": Fault(
        reading=Behaviour(concurrent_write_after_reads=1),
        writing=Behaviour(concurrent_write_after_reads=1),
        apply=_PARTLY,  # the repositories that it makes nobody knows yet
        rollback=frozenset({REFUSED}),
        again=REFUSED,
    ),
    "others-write-after": Fault(
        writing=PLAIN,
        written_after_write=True,
        apply=_PARTLY,
        rollback=_PARTLY,
        again=REFUSED,
    ),
    "new-repository-not-visible": Fault(Behaviour(visible_after=2)),
    "new-role": Fault(Behaviour(known_principals_only=True, iam_delay=2)),
    "repository-limit": Fault(Behaviour(repository_limit=7), apply=_PARTLY),
}
