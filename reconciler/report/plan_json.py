"""A plan as JSON, for programs."""

import json
from dataclasses import asdict, dataclass

from reconciler.model.registry import RepositorySettings
from reconciler.plan.saved import FORMAT_VERSION, TOOL, digest_of
from reconciler.printable import printable, printable_json, printable_value
from reconciler.report.plan_view import ChangeView, PlanView


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan comes from: the tool's version, the access file's path, digest and registry.

    `account` is None, and there are no regions, for a journal that tells of no registry.
    """

    tool_version: str
    path: str
    sha256: str
    account: str | None
    regions: tuple[str, ...]


def plan_json(view: PlanView, origin: Origin) -> dict[str, object]:
    """Give a plan as a JSON object.

    Its text is as it can be shown, for programs print it, too; policies and settings are exact.
    """
    return {
        "format_version": FORMAT_VERSION,
        "tool": {"name": TOOL, "version": origin.tool_version},
        "file": {"path": printable(origin.path), "sha256": origin.sha256},
        "registry": {"account": origin.account, "regions": list(origin.regions)},
        "summary": {
            "set": view.count("set"),
            "delete": view.count("delete"),
            "create": view.count("create"),
            "in_sync": view.in_sync,
            "errors": len(view.errors),
            "grants_added": sum(len(change.added) for change in view.changes),
            "grants_removed": sum(len(change.removed) for change in view.changes),
            "grants_gone": view.access()["gone"],
            "live_grants": view.live_grants,
            "unmanaged_repositories": len(view.unmanaged),
            "access": view.access(),
        },
        "changes": [change_json(change) for change in view.changes],
        "refusals": [printable_value(asdict(refusal)) for refusal in view.refusals],
        "never_broken": [printable_value(asdict(broken)) for broken in view.violations],
        "findings": [
            printable_value({**asdict(finding), "region": finding.region or None})
            for finding in view.findings
        ],
        "errors": [
            printable_value(
                {
                    "repository": error.target.repository,
                    "account": error.target.scope.account,
                    "region": error.target.scope.region,
                    "rule": error.rule,
                    "message": error.message,
                }
            )
            for error in view.errors
        ],
        "unmanaged_repositories": printable_value(view.unmanaged),
    }


def render_plan_json(view: PlanView, origin: Origin) -> str:
    """Write a plan as JSON text that can be saved and applied later: it tells its own digest."""
    # The digest is of what a reader will find: fractions are strings in JSON, for one.
    found = json.loads(json.dumps(plan_json(view, origin), default=str))
    return printable_json({**found, "digest": digest_of(found)})


def render_drift_json(view: PlanView, origin: Origin) -> str:
    """Write drift as JSON text: a plan's shape, and nothing that could be applied."""
    return printable_json(plan_json(view, origin))


def change_json(change: ChangeView) -> dict[str, object]:
    """Give one change as a JSON object."""
    document: dict[str, object] = {
        "repository": change.repository,
        "account": change.account,
        "region": change.region,
        "change": change.change,
        "grants": {
            "added": [printable_value(asdict(grant)) for grant in change.added],
            "removed": [printable_value(asdict(grant)) for grant in change.removed],
        },
        "risks": sorted({risk.name for risk in change.risks}),
        "kept_statements": printable_value(change.kept),
        "policy": {"before": change.before, "after": change.after},
    }
    if change.settings is not None:
        document["settings"] = _settings_json(change.settings)
    return document


def _settings_json(settings: RepositorySettings) -> dict[str, object]:
    return {**asdict(settings), "tags": dict(settings.tags)}
