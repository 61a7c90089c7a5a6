"""The golden folders of `tests/cases`: what `plan` says of a file and a live registry."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cli.results import refusal_views
from reconciler.model.guards import Allowances
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    LiveRepository,
    ReadFailure,
    RegistryScope,
)
from reconciler.model.templates import CreationTemplate, template_of
from reconciler.plan.causes import ComparedWith
from reconciler.plan.checks.guards import check_guards
from reconciler.plan.compute import PlanOf, compute_plan, without_expired
from reconciler.plan.model import Plan
from reconciler.plan.origin import Origin
from reconciler.report.plans.plan_json import render_plan_json
from reconciler.report.plans.plan_markdown import render_drift_markdown, render_plan_markdown
from reconciler.report.plans.plan_text import render_drift, render_plan, render_refusals
from reconciler.report.plans.plan_view import view_drift, view_plan
from reconciler.report.text import plain
from reconciler.workflow.file.origin_and_names import names_of_file, origin_of_file
from reconciler.workflow.file.revisions import EarlierVersion
from reconciler.workflow.file.source import AccessSource, load
from reconciler.workflow.plans.earlier_plan import edit_alone, with_causes
from reconciler.workflow.plans.planner import plan_all

CASES = Path(__file__).parent / "cases"
FILE = "ecr_access.yaml"
CALLER = "arn:aws:iam::111122223333:user/admin"
COMMIT = 40 * "0"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def case_folders() -> list[Path]:
    return sorted(folder for folder in CASES.iterdir() if folder.is_dir())


def planned(folder: Path) -> tuple[AccessSource, Plan]:
    """Plan a case: the file as it was read, and the plan; compared with `base.yaml` if it
    has that, and limited to the edit since then if its name ends with `-only-mine`.
    """
    file = folder / FILE
    source = load(file.read_bytes(), FILE, file=file, now=NOW)
    own, templates = (read(folder / "registry.json") for read in (registry_policy, live_templates))
    registries = [
        live_registry(scope, live_in(folder, scope))._replace(policy=own, templates=templates)
        for scope in source.scopes
    ]
    return source, plan_all(source, registries, (), planning(folder))


def planning(folder: Path) -> PlanOf:
    """Return how the plan of a case is computed."""
    base = folder / "base.yaml"
    if not base.exists():
        return compute_plan
    older = load(base.read_bytes(), FILE, file=base, now=NOW)
    earlier = EarlierVersion(ComparedWith("main", COMMIT, older.sha256), older.parts)
    return (edit_alone if is_limited(folder) else with_causes)(earlier, NOW)


def origin(source: AccessSource) -> Origin:
    """Say where a case's plan comes from; no version, or every release would change every case."""
    return origin_of_file(source)._replace(tool_version="0")


def expected_output(folder: Path) -> dict[str, str]:
    """Work out every output file of a case, by name."""
    source, plan = planned(folder)
    names = names_of_file(source)
    refusals = refusal_views(
        check_guards(plan, source.guards, Allowances(), lambda _scope: CALLER, names.registries),
        names.registries,
    )
    view, made_from = view_plan(plan, names), origin(source)
    refused = dataclasses.replace(view, refusals=refusals)
    of_plan = {
        "plan.txt": render_plan(view, plain) + render_refusals(refusals, plain),
        "plan.json": "".join(render_plan_json(view, made_from)),
        "plan.md": _unfolded(render_plan_markdown(refused, made_from, "")),
    }
    if is_limited(folder):
        return of_plan
    drift = view_drift(without_expired(plan)._replace(causes=None), names)
    return {
        **of_plan,
        "drift.txt": render_drift(drift, plain),
        "drift.md": _unfolded(render_drift_markdown(drift, made_from, "")),
    }


def is_limited(folder: Path) -> bool:
    """Whether a case is a plan of an edit alone, by its name; drift is always whole."""
    return folder.name.endswith("-only-mine")


def _unfolded(comment: str) -> str:
    """Leave out the JSON, which a case has as a file of its own."""
    return comment.partition("\n<details>")[0]


def live_in(folder: Path, scope: RegistryScope) -> dict[str, object]:
    """Read what is live in a region: `live.json`, where it has no `live.REGION.json` of its own."""
    own = folder / f"live.{scope.region}.json"
    found: dict[str, object] = json.loads(
        (own if own.exists() else folder / "live.json").read_text()
    )
    return found


def live_registry(scope: RegistryScope, live: dict[str, object]) -> LiveRegistry:
    """Read `live.json`: a policy as an object, as the text of one, or null; or a failed read."""
    repositories = {name: LiveRepository(name, _policy(policy)) for name, policy in live.items()}
    return LiveRegistry(scope, tuple(sorted(live)), repositories)


def registry_policy(file: Path) -> LiveRegistryPolicy:
    """Read `registry.json`, the registry's own policy and its scope; none where there is none."""
    own = json.loads(file.read_text()) if file.exists() else {}
    return LiveRegistryPolicy(_policy(own.get("policy")), own.get("scope", "V2"))


def live_templates(file: Path) -> tuple[CreationTemplate, ...]:
    """Read the templates of `registry.json`: the service's fields, with policies as JSON."""
    own = json.loads(file.read_text()) if file.exists() else {}
    return tuple(
        template_of({**one, "repositoryPolicy": _policy(one.get("repositoryPolicy"))})
        for one in own.get("templates", ())
    )


def _policy(policy: object) -> str | ReadFailure | None:
    if isinstance(policy, dict) and "failure" in policy:
        return ReadFailure(policy["failure"], policy["message"])
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)
