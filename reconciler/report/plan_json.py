"""A plan as JSON, for programs."""

import json
from dataclasses import asdict, dataclass

from reconciler.report.plan_view import ChangeView, PlanView

FORMAT_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan comes from: the tool's version, the access file's path and digest."""

    tool_version: str
    path: str
    sha256: str


def plan_json(view: PlanView, origin: Origin) -> dict[str, object]:
    """Give a plan as a JSON object."""
    return {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "reconcile", "version": origin.tool_version},
        "file": {"path": origin.path, "sha256": origin.sha256},
        "summary": {
            "set": view.count("set"),
            "delete": view.count("delete"),
            "create": view.count("create"),
            "in_sync": view.in_sync,
            "errors": len(view.errors),
            "grants_added": sum(len(change.added) for change in view.changes),
            "grants_removed": sum(len(change.removed) for change in view.changes),
            "grants_gone": view.access()["gone"],
            "unmanaged_repositories": len(view.unmanaged),
        },
        "changes": [change_json(change) for change in view.changes],
        "findings": [
            {**asdict(finding), "region": finding.region or None} for finding in view.findings
        ],
        "errors": [
            {
                "repository": error.target.repository,
                "account": error.target.scope.account,
                "region": error.target.scope.region,
                "rule": error.rule,
                "message": error.message,
            }
            for error in view.errors
        ],
        "unmanaged_repositories": list(view.unmanaged),
    }


def render_plan_json(view: PlanView, origin: Origin) -> str:
    """Write a plan as JSON text: ASCII, so that nothing in it can reach a terminal as control."""
    return json.dumps(plan_json(view, origin), indent=2, default=str) + "\n"


def change_json(change: ChangeView) -> dict[str, object]:
    """Give one change as a JSON object."""
    return {
        "repository": change.repository,
        "account": change.account,
        "region": change.region,
        "change": change.change,
        "grants": {
            "added": [asdict(grant) for grant in change.added],
            "removed": [asdict(grant) for grant in change.removed],
        },
        "risks": sorted({risk.name for risk in change.risks}),
        "kept_statements": list(change.kept),
        "policy": {"before": change.before, "after": change.after},
    }
