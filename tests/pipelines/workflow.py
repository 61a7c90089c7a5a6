"""A workflow of GitHub Actions, run as far as its steps concern reconcile.

The steps that use our action run it. Those that use other actions do what these do for us: the
origin is fetched, the artifacts of a run are kept, and the role that is assumed is told.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.cli.git import git
from tests.pipelines.conftest import Job
from tests.pipelines.platform import Ran, filled, holds, load

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "github"
OURS = "OWNER/reconcile"


class JobRan(NamedTuple):
    """A job that ran: its result, the role that it assumed, and what our action did."""

    result: str
    role: str
    action: Ran


@dataclass(frozen=True)
class Workflow:
    """The runs of one workflow file; `artifacts` are those of the last one.

    Where there is an `origin`, a checkout fetches its branch `checked-out`. Otherwise the workspace
    is as a test has left it.
    """

    name: str
    job: Job
    origin: Path | None = None
    artifacts: dict[str, Path] = field(default_factory=dict)

    def run(
        self,
        event: Mapping[str, object] | None = None,
        context: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> dict[str, JobRan]:
        """Run each job whose condition holds, in the order of the file."""
        document = load(EXAMPLES / self.name)
        self.artifacts.clear()
        known = {
            "vars.ECR_ACCESS_PLAN_ROLE": "plan-role",
            "vars.ECR_ACCESS_APPLY_ROLE": "apply-role",
            **(context or {}),
            **{f"inputs.{name}": text for name, text in (inputs or {}).items()},
        }
        ran: dict[str, JobRan] = {}
        for name, job in document["jobs"].items():
            needed = job.get("needs")
            waits = needed is not None and (needed not in ran or ran[needed].result != "success")
            if waits or not holds(job.get("if"), known):
                continue
            ran[name], outputs = self._job(job, event, known)
            known |= {f"needs.{name}.outputs.{key}": text for key, text in outputs.items()}
        return ran

    def _job(
        self, job: Mapping[str, object], event: Mapping[str, object] | None, known: dict[str, str]
    ) -> tuple[JobRan, dict[str, str]]:
        known, failed, role, action = dict(known), False, "", None
        for step in job["steps"]:
            if not holds(step.get("if"), known, failed=failed):
                continue
            name = step["uses"].partition("@")[0]
            given = {key: filled(text, known) for key, text in step.get("with", {}).items()}
            match name:
                case "actions/checkout":
                    assert given["persist-credentials"] == "false"
                    if self.origin:
                        check_out(self.origin, self.job.workspace, given.get("fetch-depth", "1"))
                case "aws-actions/configure-aws-credentials":
                    role = given["role-to-assume"]
                case "actions/upload-artifact":
                    place = self.job.folder / f"artifact-{given['name']}"
                    shutil.copy(self.job.workspace / given["path"], place)
                    (self.job.workspace / given["path"]).unlink()
                    self.artifacts[given["name"]] = place
                case "actions/download-artifact":
                    shutil.copy(self.artifacts[given["name"]], self.job.workspace / "plan.json")
                case _:
                    assert name == OURS
                    action = self.job.run(event=event, **given)
                    failed = failed or action.code != 0
                    outputs = action.outputs.items()
                    known |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in outputs}
        assert action is not None
        told = {key: filled(text, known) for key, text in job.get("outputs", {}).items()}
        return JobRan("failure" if failed else "success", role, action), told


def check_out(origin: Path, workspace: Path, depth: str) -> None:
    """Make the workspace a checkout of so many commits, as actions/checkout does."""
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir()
    git(workspace, "init --quiet")
    git(workspace, f"fetch --quiet --depth {depth}", origin.as_uri(), "checked-out")
    git(workspace, "checkout --quiet --detach FETCH_HEAD")
