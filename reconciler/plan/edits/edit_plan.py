"""The plan of an edit alone: what others have changed since the earlier version stays as it is.

A change that is of the edit as a whole is planned as ever, one that is drift is left out, and of
one that has both causes the part of the edit is planned. Where there is no such part, that is an
error: nothing is written there.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.model.access import Desired, DesiredTemplate
from reconciler.model.registry import LiveRegistry, Target, registry_target, template_target
from reconciler.model.templates import read_template
from reconciler.plan.causes import Causes, ComparedWith, LeftOut, PlanCauses
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import EditedRepositories, PlanInputs
from reconciler.plan.edits.edited_policy import Statements, edited_statements, require_cause
from reconciler.plan.edits.find_causes import find_causes
from reconciler.plan.model import Change, NotPlannableError, Plan, PlanError


class Earlier(NamedTuple):
    """What a plan is compared with: an earlier version of the file.

    `plan_of` returns its plan for a live registry.
    """

    version: ComparedWith
    plan_of: Callable[[LiveRegistry], Plan]


def compute_with_causes(
    desired: Iterable[Desired], live: LiveRegistry, inputs: PlanInputs, *, earlier: Earlier
) -> Plan:
    """Compute a plan as `compute_plan` does, with the cause of each change."""
    plan = compute_plan(desired, live, inputs)
    base = earlier.plan_of(live) if plan.changes else Plan()
    causes = find_causes(plan.changes, base.changes)
    return plan._replace(causes=PlanCauses(earlier.version, causes))


def compute_edit_plan(
    desired: Iterable[Desired], live: LiveRegistry, inputs: PlanInputs, *, earlier: Earlier
) -> Plan:
    """Compute the part of a plan that is of the edit.

    `in_sync` and `live_grants` are those of the whole plan. An error of the whole plan is one of
    this plan, too: which change it prevents is not known.
    """
    wanted = tuple(desired)
    whole = compute_plan(wanted, live, inputs)
    base = earlier.plan_of(live) if whole.changes else Plan()
    edit = _edit_of(whole, base, inputs)
    seen, limited = _without_templates(live, edit.staying), _limited_inputs(inputs, edit, live)
    plan = compute_plan(wanted, seen, limited)
    known = {error.target for error in plan.errors}
    others = (error for error in whole.errors if error.target not in known)
    return plan._replace(
        errors=tuple(sorted({*plan.errors, *edit.errors, *others})),
        live_grants=whole.live_grants,
        causes=PlanCauses(earlier.version, find_causes(plan.changes, base.changes), edit.left_out),
    )


class _Part(NamedTuple):
    """The part of a change that is of the edit: the statements to come.

    `applied_for` are the events of a creation template; None for those that the file asks for.
    """

    statements: Statements
    applied_for: tuple[str, ...] | None


class _Edit(NamedTuple):
    """What the edit changes: the targets that become what the file asks for, and parts of others.

    `staying` are those of all other changes; on some of them there are `errors`.
    """

    whole: frozenset[Target]
    parts: Mapping[Target, _Part]
    staying: frozenset[Target]
    errors: tuple[PlanError, ...]
    left_out: LeftOut


def _edit_of(plan: Plan, base: Plan, inputs: PlanInputs) -> _Edit:
    causes = find_causes(plan.changes, base.changes)
    unplanned = frozenset(error.target for error in base.errors)
    earlier = {change.target: change.after_text for change in base.changes}
    drift: set[Target] = set()
    whole: set[Target] = set()
    parts: dict[Target, _Part] = {}
    errors: list[PlanError] = []
    for change in plan.changes:
        target, cause = change.target, causes[change.target].whole
        try:
            if cause == "drift":
                if change.after_text != earlier.get(target):
                    require_cause(change)
                drift.add(target)
            elif cause == "edit":
                require_cause(change, unplanned)
                whole.add(target)
            else:
                parts[target] = _part(change, causes[target], inputs)
        except NotPlannableError as error:
            errors.append(PlanError(target, error.rule, error.message))
    staying = drift.union(error.target for error in errors)
    left_out = LeftOut(len(drift), len(parts))
    return _Edit(frozenset(whole), parts, frozenset(staying), tuple(errors), left_out)


def _part(change: Change, causes: Causes, inputs: PlanInputs) -> _Part:
    statements, live = edited_statements(change, causes, inputs), change.before_text
    if change.target.subject != "creation-template" or causes.beside == "edit" or live is None:
        return _Part(statements, None)
    return _Part(statements, read_template(live).applied_for)


def _limited_inputs(inputs: PlanInputs, edit: _Edit, live: LiveRegistry) -> PlanInputs:
    """Return what a plan takes from the file, limited to the edit."""
    own, of_registry = registry_target(live.scope), inputs.registry_policy
    if of_registry is not None and own in edit.parts:
        of_registry = of_registry._replace(grants=(), statements=edit.parts[own].statements)
    elif own not in edit.whole:
        of_registry = None
    parts = {
        target.repository: Desired(target.repository, statements=part.statements)
        for target, part in edit.parts.items()
        if target.subject == "repository-policy"
    }
    whole = (one.repository for one in edit.whole if one.subject == "repository-policy")
    return inputs._replace(
        edited=EditedRepositories(frozenset(whole), parts),
        registry_policy=of_registry,
        templates=inputs.templates and tuple(_templates(inputs.templates, edit, live)),
    )


def _templates(
    templates: Iterable[DesiredTemplate], edit: _Edit, live: LiveRegistry
) -> Iterator[DesiredTemplate]:
    for one in templates:
        target = template_target(one.prefix, live.scope)
        if target in edit.staying:
            continue
        part = edit.parts.get(target)
        if part is None:
            yield one
        else:
            yield one._replace(
                access=Desired(one.pattern, statements=part.statements),
                applied_for=one.applied_for if part.applied_for is None else part.applied_for,
            )


def _without_templates(live: LiveRegistry, staying: Collection[Target]) -> LiveRegistry:
    if not isinstance(live.templates, tuple):
        return live
    others = (
        one for one in live.templates if template_target(one.prefix, live.scope) not in staying
    )
    return live._replace(templates=tuple(others))
