"""Why a plan has its changes: it is compared with that of the file at an earlier revision."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.model import AccessFile
from reconciler.model.registry import LiveRegistry
from reconciler.plan.causes import PlanCauses
from reconciler.plan.compute import compute_plan
from reconciler.plan.find_causes import find_causes
from reconciler.plan.model import Change, Plan
from reconciler.workflow.plan_inputs import plan_inputs
from reconciler.workflow.revisions import EarlierVersion


def with_causes(
    plan: Plan, base: EarlierVersion, live: Iterable[LiveRegistry], now: datetime
) -> Plan:
    """Add the cause of each change, where `live` is what the plan was computed from.

    Grants expire at the same time, `now`, in both versions.
    """
    registries = [one for one in live if one.failure is None]
    of_base = _changes_of(base.parts, registries, now) if plan.changes else ()
    causes = PlanCauses(base.revision, find_causes(plan.changes, of_base))
    return plan._replace(causes=causes)


def _changes_of(
    parts: Iterable[AccessFile], registries: Iterable[LiveRegistry], now: datetime
) -> Iterator[Change]:
    """Yield the changes that an earlier version makes, whatever its `never` rules say."""
    access_in = {scope: access for access in parts for scope in access.registry.scopes}
    for live in registries:
        access = access_in.get(live.scope)
        if access is None:
            continue
        read = live._replace(names=tuple(name for name in live.names if name in live.repositories))
        desired = desired_policies(access, read.names, now=now)
        inputs = plan_inputs(access, now)._replace(never=())
        yield from compute_plan(desired, read, inputs).changes
