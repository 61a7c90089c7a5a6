"""Plans that are compared with that of the file at an earlier revision."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.model import AccessFile
from reconciler.model.registry import LiveRegistry
from reconciler.plan.compute import PlanOf, compute_plan
from reconciler.plan.edits.edit_plan import Earlier, compute_edit_plan, compute_with_causes
from reconciler.plan.model import Plan
from reconciler.workflow.file.revisions import EarlierVersion
from reconciler.workflow.plans.plan_inputs import plan_inputs


def with_causes(base: EarlierVersion, now: datetime) -> PlanOf:
    """Return how to compute a plan with the cause of each change.

    Grants expire at the same time, `now`, in both versions.
    """
    return partial(compute_with_causes, earlier=_earlier(base, now))


def edit_alone(base: EarlierVersion, now: datetime) -> PlanOf:
    """Return how to compute the part of a plan that is of the edit since an earlier version."""
    return partial(compute_edit_plan, earlier=_earlier(base, now))


def _earlier(base: EarlierVersion, now: datetime) -> Earlier:
    return Earlier(base.version, partial(_plan_of, base.parts, now))


def _plan_of(parts: Iterable[AccessFile], now: datetime, live: LiveRegistry) -> Plan:
    """Plan an earlier version of the file, whatever its `never` rules say."""
    access = next((one for one in parts if live.scope in one.registry.scopes), None)
    if access is None:
        return Plan()
    read = live._replace(names=tuple(name for name in live.names if name in live.repositories))
    desired = desired_policies(access, read.names, now=now)
    inputs = plan_inputs(access, now)._replace(never=())
    return compute_plan(desired, read, inputs)
