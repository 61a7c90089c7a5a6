"""Missing repositories that replication is to make."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconciler.access_file.model import AccessFile
from reconciler.model.registry import LiveRegistry, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.plan.model import Plan, finding
from reconciler.printable import some_of
from reconciler.workflow.file.origin_and_names import origin_of_file
from reconciler.workflow.file.source import AccessSource


def with_replicas(
    plans: Mapping[RegistryScope, Plan],
    parts: Iterable[AccessFile],
    live: Mapping[RegistryScope, LiveRegistry],
) -> dict[RegistryScope, Plan]:
    """Replace the error on a missing repository that replication has not made there yet.

    That is so where the entry says that replication makes it, and where it exists in another
    registry or region in which the entry holds.
    """
    existing: defaultdict[str, list[RegistryScope]] = defaultdict(list)
    for access in parts:
        replicated = {entry.repository for entry in access.entries if entry.replicated}
        for scope in access.registry.scopes:
            for name in replicated.intersection(live[scope].names):
                existing[name].append(scope)
    return {scope: _with_replica(plan, existing) for scope, plan in plans.items()}


def _with_replica(plan: Plan, existing: Mapping[str, Sequence[RegistryScope]]) -> Plan:
    waiting = [
        error
        for error in plan.errors
        if error.rule is RuleId.MISSING_REPOSITORY and error.target.repository in existing
    ]
    errors = tuple(error for error in plan.errors if error not in waiting)
    found = list(plan.findings)
    for target in (error.target for error in waiting):
        where = some_of(f"{one.account} {one.region}" for one in existing[target.repository])
        message = f"replication has not made the repository here yet; it exists in {where}"
        found.append(finding(target, RuleId.NOT_REPLICATED_YET, message))
    return plan._replace(errors=errors, findings=tuple(sorted(found)))


def with_doubtful_replicas(plan: Plan, source: AccessSource) -> Plan:
    """Say of each missing repository that replication makes that it may exist elsewhere."""
    names = origin_of_file(source).left_out
    if not names:
        return plan
    replicated = {
        entry.repository for part in source.parts for entry in part.entries if entry.replicated
    }
    doubt = f"; {some_of(names)}, from where it may be replicated, is not looked at"
    errors = (
        error._replace(message=error.message + doubt)
        if error.rule is RuleId.MISSING_REPOSITORY and error.target.repository in replicated
        else error
        for error in plan.errors
    )
    return plan._replace(errors=tuple(errors))
