"""The golden folders of `tests/cases`: what `plan` says of a file and a live registry."""

import json
from datetime import date
from pathlib import Path

from reconciler.access.load import load_access
from reconciler.access.words import vocabulary
from reconciler.cli.planning import plan_guards, plan_registries
from reconciler.plan.compute import without_expired
from reconciler.plan.guards import Allowances, check_guards
from reconciler.registry.model import LiveRegistry, LiveRepository, ReadFailure, RegistryScope
from reconciler.report.paint import plain
from reconciler.report.plan_json import Origin, render_plan_json
from reconciler.report.plan_text import render_drift, render_plan
from reconciler.report.plan_view import view_drift, view_plan

CASES = Path(__file__).parent / "cases"
TODAY = date(2026, 6, 1)
ORIGIN = Origin("0", "ecr_access.yaml", "0" * 64)


def case_folders() -> list[Path]:
    return sorted(folder for folder in CASES.iterdir() if folder.is_dir())


def expected_output(folder: Path) -> dict[str, str]:
    """Work out every output file of a case, by name."""
    content = (folder / "ecr_access.yaml").read_bytes()
    loaded = load_access(content, "ecr_access.yaml", today=TODAY)
    assert loaded.access is not None, loaded.problems
    live = json.loads((folder / "live.json").read_text())
    scopes = [
        RegistryScope(loaded.access.registry.account, r) for r in loaded.access.registry.regions
    ]
    plan = plan_registries(loaded.access, [_registry(scope, live) for scope in scopes], TODAY)
    refusals = check_guards(plan, plan_guards(loaded.access), Allowances())
    view = view_plan(plan, vocabulary(loaded.access))
    refused = "".join(f"refused: {refusal.guard}: {refusal.message}\n" for refusal in refusals)
    return {
        "plan.txt": render_plan(view, plain) + refused,
        "drift.txt": render_drift(
            view_drift(without_expired(plan), vocabulary(loaded.access)), plain
        ),
        "plan.json": render_plan_json(view, ORIGIN),
    }


def _registry(scope: RegistryScope, live: dict[str, object]) -> LiveRegistry:
    """Read `live.json`: a policy as an object, as the text of one, or null; or a failed read."""
    repositories = {name: LiveRepository(name, _policy(policy)) for name, policy in live.items()}
    return LiveRegistry(scope, tuple(sorted(live)), repositories)


def _policy(policy: object) -> str | ReadFailure | None:
    if isinstance(policy, dict) and "failure" in policy:
        return ReadFailure(policy["failure"], policy["message"])
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)
