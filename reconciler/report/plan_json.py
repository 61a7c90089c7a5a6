"""A plan, drift or the outcomes of an apply as JSON, for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

from reconciler.apply.model import Outcome
from reconciler.plan.model import ChangeKind
from reconciler.plan.saved_plan import ChangeJson, Origin, change_json, digest_of, plan_json
from reconciler.printable import printable_json, printable_value
from reconciler.report.plan_view import POLICIES, PlanView

_EXACT = ("policy", "settings", "template")
"""The keys of a change that are written as they are; all other text is escaped."""

_KINDS: tuple[ChangeKind, ...] = ("create", "set", "delete")


def render_plan_json(view: PlanView, origin: Origin) -> str:
    """Render a plan as JSON with a digest: it can be saved and applied later."""
    # The digest is of what a reader will find: fractions are strings in JSON, for one.
    found = json.loads(json.dumps(_document(view, origin, _changes(view)), default=str))
    return printable_json({**found, "digest": digest_of(found)})


def render_drift_json(view: PlanView, origin: Origin) -> str:
    """Render drift as JSON: a plan without a digest, which can't be applied."""
    return printable_json(_document(view, origin, _changes(view)))


def render_outcomes_json(view: PlanView, outcomes: Sequence[Outcome], origin: Origin) -> str:
    """Render a plan as JSON with the outcome of each of its changes, in the same order."""
    changes = _changes(view)
    for change, outcome in zip(changes, outcomes, strict=True):
        change["outcome"], change["error"] = outcome.result, outcome.error
    return printable_json(_document(view, origin, changes))


def _changes(view: PlanView) -> list[ChangeJson]:
    return [change_json(v.change, v.grants, (risk.name for risk in v.risks)) for v in view.changes]


def _document(view: PlanView, origin: Origin, changes: list[ChangeJson]) -> dict[str, object]:
    plan, access = view.plan, view.access()
    document = plan_json(
        origin,
        plan,
        {
            "set": view.count("set", *POLICIES),
            "delete": view.count("delete", *POLICIES),
            "create": view.count("create", *POLICIES),
            "in_sync": plan.in_sync,
            "errors": len(plan.errors),
            "grants_added": sum(len(change["grants"]["added"]) for change in changes),
            "grants_removed": sum(len(change["grants"]["removed"]) for change in changes),
            "grants_gone": access["gone"],
            "live_grants": plan.live_grants,
            "unmanaged_repositories": len(plan.unmanaged_names),
            "templates": {kind: view.count(kind, "creation-template") for kind in _KINDS},
            "access": dict(access.items()),
        },
        changes,
        map(asdict, view.refusals),
    )
    escaped = cast("dict[str, object]", printable_value({**document, "changes": []}))
    return {**escaped, "changes": [_escaped(change) for change in changes]}


def _escaped(change: Mapping[str, object]) -> dict[str, object]:
    return {k: v if k in _EXACT else printable_value(v) for k, v in change.items()}
