"""A saved plan, worked out anew before anyone acts on it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.access_file.desired import add_up, entries_by_name
from reconciler.cli.load import AccessSource
from reconciler.cli.plan_file import naming
from reconciler.cli.planning import plan_rules
from reconciler.errors import RefusedError
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope, Target
from reconciler.plan.compute import compute_plan, merge_plans
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, Plan
from reconciler.plan.saved_plan import SavedChange, SavedPlan
from reconciler.policy import load_json
from reconciler.printable import printable


def replay(saved: SavedPlan, source: AccessSource, origin: Path | None = None) -> Plan:
    """Work a saved plan out anew, from its `before` policies and the access file.

    What comes of it is what the file asks for, whoever wrote the plan. ProblemList, errors and
    figures of repositories that do not change are the saved ones. `origin` is where the file that
    the plan was made from may be found. Raises RefusedError where the plan is for another registry
    or from another version of the file, and where a change comes out otherwise than it was saved:
    by another hand, another version of reconcile, or an `until` that has passed in between.
    """
    registry = source.access.registry
    scopes = tuple(RegistryScope(registry.account, region) for region in registry.regions)
    _check_registry(saved, scopes, source.path)
    _check_file(saved, source, origin)
    rules = plan_rules(source.access)
    plan = merge_plans(_work_out(saved, scope, source, rules) for scope in scopes)
    _check_changes(saved, plan.changes, source.path)
    changed = {change.target for change in saved.changes}
    return replace(
        plan,
        findings=saved.findings,
        errors=saved.errors,
        # A saved plan tells no region of what is unmanaged.
        unmanaged=tuple(Target(name, scopes[0]) for name in saved.unmanaged),
        violations=tuple(
            sorted((*(b for b in saved.never_broken if b.target not in changed), *plan.violations))
        ),
        in_sync=saved.in_sync,
        live_grants=saved.live_grants,
    )


def _check_file(saved: SavedPlan, source: AccessSource, origin: Path | None) -> None:
    if saved.file_sha256 == hashlib.sha256(source.content).hexdigest():
        return
    if saved.file_path == printable(source.path):
        elsewhere = origin not in (None, Path(source.path))
        raise RefusedError(
            f"the plan was made from another version of {source.path}; plan again",
            hint=f"or from another file: {naming(origin)}" if elsewhere else None,
        )
    raise RefusedError(
        f"the plan was made from {saved.file_path}, and {source.path} is another file",
        hint=naming(origin),
    )


def _check_registry(saved: SavedPlan, scopes: tuple[RegistryScope, ...], path: str) -> None:
    planned = [RegistryScope(saved.account, region) for region in saved.regions]
    planned += [change.target.scope for change in saved.changes]
    for scope in planned:
        if scope not in scopes:
            regions = ", ".join(own.region for own in scopes)
            raise RefusedError(
                f"the plan is for the registry {scope.account} in {scope.region}, and {path} for "
                f"{scopes[0].account} in {regions}"
            )


def _work_out(
    saved: SavedPlan, scope: RegistryScope, source: AccessSource, rules: PlanInputs
) -> Plan:
    """Plan what the saved plan changes in one region, and nothing else."""
    changes = [change for change in saved.changes if change.target.scope == scope]
    names = {change.target.repository for change in changes}
    desired = [
        add_up(name, entries, source.now)
        for name, entries in entries_by_name(source.access, names)
        if name in names
    ]
    return compute_plan(desired, _as_it_was(scope, changes), rules)


def _as_it_was(scope: RegistryScope, changes: Iterable[SavedChange]) -> LiveRegistry:
    """Give the registry as the saved plan saw it, as far as it changes it."""
    found = {
        change.target.repository: LiveRepository(change.target.repository, change.before_text)
        for change in changes
        if change.change != "create"
    }
    return LiveRegistry(scope, tuple(sorted(found)), found)


def _check_changes(saved: SavedPlan, changes: Iterable[Change], path: str) -> None:
    worked_out: Mapping[Target, Change] = {change.target: change for change in changes}
    for change in saved.changes:
        target = change.target
        if not _is_same(change, worked_out.get(target)):
            raise RefusedError(
                f"the plan and {path} disagree on {target}: "
                "it was edited, made by another version of reconcile, or an `until` has passed",
                hint="plan again",
            )


def _is_same(saved: SavedChange, change: Change | None) -> bool:
    if change is None:
        return False
    after = None if change.after_text is None else load_json(change.after_text)
    return (change.change, after, change.settings) == (saved.change, saved.after, saved.settings)
