"""Saved plans: read from a file and written to one, and computed again before they are applied."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.access_file.desired import add_up, entries_by_name, managed_names
from reconciler.access_file.document.schema import inlined, schema_text
from reconciler.access_file.model import AccessFile
from reconciler.errors import (
    InvalidError,
    OtherFileError,
    OtherRulesError,
    ReconcileError,
    RefusedError,
    Remedy,
    UsageError,
)
from reconciler.model.registry import (
    LiveRegistry,
    LiveRepository,
    ReadFailure,
    RegistryScope,
    Target,
    registry_target,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import read_template
from reconciler.plan.compute import PlanOf, compute_plan
from reconciler.plan.model import (
    Change,
    Finding,
    NeverViolation,
    Plan,
    group_plan,
    merge_plans,
    unread_error,
)
from reconciler.plan.saved.plan_format import SavedChange, SavedPlan, read_saved
from reconciler.policy import load_json
from reconciler.printable import printable, some_of
from reconciler.workflow.file.replacing import replace_file
from reconciler.workflow.file.source import AccessSource
from reconciler.workflow.live.registries import ToRead
from reconciler.workflow.plans.plan_inputs import plan_inputs

if TYPE_CHECKING:
    from reconciler.workflow.file.revisions import EarlierVersion

MAX_PLAN = 64 * 1024 * 1024
"""The largest plan that is read, and so the largest that is written."""

_EDITED = "it was edited, made by another version of reconcile, or an `until` has passed"
_BEGINNING = b'{\n  "format_version"'


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A saved plan, and the path from here of the file that it was made from; None if not found."""

    plan: SavedPlan
    origin: Path | None


def read_plan(content: bytes, path: Path) -> StoredPlan:
    """Read a saved plan's content; `path` is where it was found.

    Raises InvalidError and RefusedError as `read_saved`.
    """
    if not content.lstrip().startswith(b"{"):
        raise InvalidError(f"{path} is not a reconcile plan", remedy=Remedy.PLAN_AGAIN)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidError(f"{path} is not a plan: it is not UTF-8") from None
    saved = read_saved(text, inlined(schema_text("plan.schema.json")))
    # Its path is relative to the directory where the plan was made, most likely the plan's own.
    places = (path.parent / saved.file_path, Path(saved.file_path))
    return StoredPlan(saved, next((place for place in places if place.is_file()), None))


def write_plan_file(path: Path, text: str) -> None:
    """Write a plan's text, whole or not at all, readable by its owner only: it holds policies.

    A plan that was there before is replaced. Raises ReconcileError where it can't be written, and
    for a text that would be too large to be read.
    """
    content = text.encode()
    if len(content) > MAX_PLAN:
        raise ReconcileError(
            f"the plan has {len(content):,} bytes, and only {MAX_PLAN:,} can be read back; "
            "nothing was saved",
            remedy=Remedy.SELECT_FEWER,
        )
    try:
        replace_file(place_for(path), content)
    except OSError as error:
        raise ReconcileError(f"{path} can't be written: {error.strerror}") from None


def place_for(path: Path) -> Path:
    """Return where a plan is saved: the file behind a link is replaced, not the link.

    Raises UsageError for a path that no plan can be saved at.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory, not a file")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file", remedy=Remedy.WRITE_ELSEWHERE)
    if path.exists() and not _is_plan_or_empty(path):
        raise UsageError(f"{path} already exists and is not a saved plan; not overwritten")
    try:
        return path.resolve()
    except RuntimeError:
        raise UsageError(f"{path} is a link to itself") from None


def _is_plan_or_empty(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING))
    return not head or head == _BEGINNING


def require_current(stored: StoredPlan, source: AccessSource) -> None:
    """Raise RefusedError where a saved plan is for another registry or version of the file."""
    _check_registry(stored.plan, source)
    _check_file(stored, source)


def earlier_version(stored: StoredPlan, source: AccessSource) -> "EarlierVersion | None":
    """Return the version that a plan of an edit alone was compared with; None for another plan.

    It is read at the commit of the plan. Raises RefusedError where git does not have that, or has
    other content there, and ReconcileError as `at_revision`.
    """
    edit = stored.plan.edit
    if edit is None:
        return None
    from reconciler.workflow.file.revisions import at_revision  # noqa: PLC0415 - costs

    planned = edit.since
    try:
        found = at_revision(source, planned.commit)
    except UsageError as error:
        raise RefusedError(
            f"the plan is one of an edit since {planned.revision}, which can't be read: "
            f"{error.message}",
            hint=error.hint,
        ) from None
    if found.version.sha256 != planned.sha256:
        raise RefusedError(
            f"the plan is one of an edit since another version of {source.path} than that at "
            f"{planned.commit}",
            remedy=Remedy.PLAN_AGAIN,
        )
    return found._replace(version=planned)


def read_again(
    saved: SavedPlan, source: AccessSource, own: Collection[RegistryScope]
) -> dict[RegistryScope, ToRead]:
    """Return what to read of each registry before a saved plan is applied.

    That is the registry's own policy in `own`, and where the plan changes it, the repositories that
    it may concern: a change there is judged with their own policies. Of other changes, one
    repository is read, which shows whether the registry can be read.
    """
    listed = {c.target.scope for c in saved.changes if c.target.subject == "registry-policy"}
    known = {
        change.target.scope: change.target.repository
        for change in saved.changes
        if change.target.subject == "repository-policy" and change.change != "create"
    }
    return {
        scope: ToRead(
            partial(managed_names, access),
            (known[scope],) if scope in known else (),
            lists=scope in listed,
            registry_policy=scope in own,
        )
        for access in source.parts
        for scope in access.registry.scopes
    }


def recompute(
    stored: StoredPlan,
    source: AccessSource,
    live: Mapping[RegistryScope, LiveRegistry],
    plan_of: PlanOf = compute_plan,
) -> Plan:
    """Compute a saved plan again, from its `before` policies and the access file.

    `live` is what was read as `read_again` says, `plan_of` computes the plan of each registry and
    region: of an edit alone, as when it was saved. The result is what the file asks for, whoever
    wrote the plan. Findings, errors and the figures of repositories that do not change are the
    saved ones. Raises RefusedError as `require_current`, and where a change comes out different
    from the saved one: the plan was edited, another version of reconcile made it, or an `until` has
    passed since.
    """
    require_current(stored, source)
    saved = stored.plan
    plan = merge_plans(
        _compute_again(saved, scope, access, source.now, live.get(scope), plan_of=plan_of)
        for access in source.parts
        for scope in access.registry.scopes
    )
    _check_changes(saved, plan, source.path)
    kept = (broken for broken in saved.never_broken if not _is_judged(broken, saved, live))
    whole = plan._replace(
        findings=tuple(sorted({*saved.findings, *_unread(plan)})),
        errors=tuple(sorted({*saved.errors, *plan.errors})),
        unmanaged=saved.unmanaged,
        violations=tuple(sorted({*kept, *plan.violations})),
        in_sync=saved.in_sync,
        live_grants=saved.live_grants,
        changed_since=saved.changed_since,
        causes=plan.causes and plan.causes._replace(left_out=saved.edit and saved.edit.left_out),
    )
    return group_plan(whole, saved.by_scope) if saved.by_scope else whole


def without_registries(stored: StoredPlan, failed: Iterable[LiveRegistry]) -> StoredPlan:
    """Leave out what a saved plan changes in registries that can't be read, with an error each."""
    failures = {one.scope: one.failure for one in failed if one.failure is not None}
    errors = [unread_error(scope, failure) for scope, failure in failures.items()]
    saved = stored.plan
    changes = tuple(one for one in saved.changes if one.target.scope not in failures)
    plan = replace(saved, changes=changes, errors=(*saved.errors, *errors))
    return replace(stored, plan=plan)


def _unread(plan: Plan) -> Iterable[Finding]:
    """Return what is not known this time of the registries' own policies."""
    return (one for one in plan.findings if one.rule is RuleId.REGISTRY_POLICY_UNREAD)


def _is_judged(
    broken: NeverViolation, saved: SavedPlan, live: Mapping[RegistryScope, LiveRegistry]
) -> bool:
    """Whether a saved violation was judged again: of a changed policy, and of what was read."""
    here = live.get(broken.target.scope)
    policy = here.policy if here else None
    by_unread = broken.policy != "repository" and (
        policy is None or isinstance(policy.text, ReadFailure)
    )
    return not by_unread and any(broken.target == change.target for change in saved.changes)


def _check_file(stored: StoredPlan, source: AccessSource) -> None:
    saved = stored.plan
    if saved.file_sha256 == source.sha256:
        _check_rules(saved, source)
        return
    if saved.file_path != printable(source.path):
        raise OtherFileError(
            f"the plan was made from {saved.file_path}, and {source.path} is another file",
            stored.origin,
        )
    message = f"the plan was made from another version of {source.path}"
    if stored.origin in (None, Path(source.path)):
        raise RefusedError(message, remedy=Remedy.PLAN_AGAIN)
    raise OtherFileError(f"{message}, or from another file; plan again", stored.origin)


def _check_rules(saved: SavedPlan, source: AccessSource) -> None:
    """Compare rules files by their content: where they are may differ."""
    here = source.rules
    if sorted(one.sha256 for one in saved.rules) == sorted(one.sha256 for one in here):
        return
    planned, given = (some_of(one.path for one in rules) or "none" for rules in (saved.rules, here))
    message = f"the plan was made with other rules files: {planned}; here: {given}"
    known = {one.sha256 for one in here}
    missing = {one.path for one in saved.rules if one.sha256 not in known}
    # A file at the same path with other rules has changed since: only a new plan follows it.
    if missing and missing.isdisjoint(one.path for one in here):
        raise OtherRulesError(message, tuple(one.path for one in saved.rules))
    raise RefusedError(message, remedy=Remedy.PLAN_AGAIN)


def _check_registry(saved: SavedPlan, source: AccessSource) -> None:
    planned = [scope for registry in saved.registries for scope in registry.scopes]
    planned += [change.target.scope for change in saved.changes]
    for scope in planned:
        if scope not in source.scopes:
            own = (f"{one.account} in {', '.join(one.regions)}" for one in source.registries)
            raise RefusedError(
                f"the plan is for the registry {scope.account} in {scope.region}, and "
                f"{source.path} for {some_of(own)}"
            )


def _compute_again(
    saved: SavedPlan,
    scope: RegistryScope,
    access: AccessFile,
    now: datetime,
    fresh: LiveRegistry | None,
    *,
    plan_of: PlanOf,
) -> Plan:
    """Plan what the saved plan changes in one region, from what it saw there."""
    here = {c.target: c for c in saved.changes if c.target.scope == scope}
    changes = {t.repository: c for t, c in here.items() if t.subject == "repository-policy"}
    desired = [
        add_up(name, entries, now)
        for name, entries in entries_by_name(access, changes)
        if name in changes
    ]
    live = {
        name: LiveRepository(name, change.before_text)
        for name, change in changes.items()
        if change.change != "create"
    }
    of_registry = here.get(registry_target(scope))
    policy = fresh.policy if fresh else None
    if policy and of_registry:
        policy = policy._replace(text=of_registry.before_text)
    templates = {t: c for t, c in here.items() if t.subject == "creation-template"}
    registry = LiveRegistry(
        scope,
        tuple(sorted({*live, *(fresh.names if fresh else ())})),
        {**(fresh.repositories if fresh else {}), **live},
        policy=policy,
        templates=tuple(
            read_template(change.before_text) for change in templates.values() if change.before_text
        ),
    )
    inputs = plan_inputs(access, now)
    asked = (
        one for one in inputs.templates or () if template_target(one.prefix, scope) in templates
    )
    inputs = inputs._replace(
        registry_policy=inputs.registry_policy if of_registry else None,
        templates=tuple(asked) if templates else None,
    )
    return plan_of(desired, registry, inputs)


def _check_changes(saved: SavedPlan, plan: Plan, path: str) -> None:
    computed = {change.target: change for change in plan.changes}
    # With what the registry's own policy is by now, a change may break a rule or lose access.
    forbidden = {
        e.target: e.message
        for e in plan.errors
        if e.rule in (RuleId.NEVER, RuleId.NOT_CARRIED, RuleId.REGISTRY_POLICY_SCOPE)
    }
    for change in saved.changes:
        if not _is_same(change, computed.get(change.target)):
            why = forbidden.get(change.target, _EDITED)
            raise RefusedError(
                f"the plan and {path} disagree on {_named(change.target, saved)}: {why}",
                remedy=Remedy.PLAN_AGAIN,
            )


def _named(target: Target, saved: SavedPlan) -> str:
    """Name a target, with its account where the plan is for several registries."""
    return str(target) if len(saved.registries) == 1 else f"{target} of {target.scope.account}"


def _is_same(saved: SavedChange, change: Change | None) -> bool:
    if change is None:
        return False
    after = None if change.after_text is None else load_json(change.after_text)
    return (change.change, after, change.settings) == (saved.change, saved.after, saved.settings)
