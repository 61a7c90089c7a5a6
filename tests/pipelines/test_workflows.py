"""The example workflows, from a pull request to drift, against one registry."""

import re

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.git import commit, git, new_repository
from tests.guide import BLOCK
from tests.pipelines.conftest import Job, pull_request
from tests.pipelines.github import GitHub
from tests.pipelines.platform import ROOT, load
from tests.pipelines.test_apply import OTHER
from tests.pipelines.workflow import EXAMPLES, OURS, Workflow

REPOSITORY = "octo-org/access"
HEAD = "github.event.pull_request.head.repo.full_name"
OWN = {"github.repository": REPOSITORY, HEAD: REPOSITORY}
FORK = {"github.repository": REPOSITORY, HEAD: "mallory/access"}


def edit(job: Job, old: str, new: str) -> None:
    job.file.write_text(job.file.read_text().replace(old, new))


def test_a_pull_request_is_planned_by_a_role_that_reads(job: Job, github: GitHub) -> None:
    new_repository(job.workspace)
    edit(job, "runtime: pull", "runtime: push-pull")
    commit(job.workspace)
    ran = Workflow("pull-request.yml", job).run(pull_request(), OWN)
    assert {name: one.result for name, one in ran.items()} == {
        "validate": "success",
        "plan": "success",
    }
    assert (ran["validate"].role, ran["plan"].role) == ("", "plan-role")
    (body,) = github.bodies()
    assert "role2-2" in body


def test_the_comment_tells_the_edit_of_the_pull_request_from_all_else(
    job: Job, github: GitHub, ecr: Sandbox
) -> None:
    """Its checkout is the merge of the branch with a target that has moved on."""
    other = '  payments/web: {access: {"444455556666": pull}}\n'
    edit(job, "repositories:\n", f"repositories:\n{other}")
    origin = job.workspace
    ecr.create_repository("payments/web")
    assert job.run("apply").code == 0
    new_repository(origin)
    git(origin, "switch --quiet --create a-branch")
    edit(job, "runtime: pull\n", "runtime: push-pull\n")
    commit(origin)
    git(origin, "switch --quiet main")
    edit(job, other, other.replace("pull", "read"))
    commit(origin)
    git(origin, "switch --quiet --create checked-out")
    git(origin, "merge --quiet --no-ff --no-edit a-branch")
    ecr.set_policy_text("payments/api", OTHER)
    workflow = Workflow("pull-request.yml", job, origin.rename(job.folder / "origin"))
    assert workflow.run(pull_request(), OWN)["plan"].result == "success"
    (body,) = github.bodies()
    rows = [line for line in body.splitlines() if line.startswith("|")]
    assert [row.count("role2-2") for row in rows if "edit" in row] == [1]
    assert any("by-hand" in row and "drift" in row for row in rows)
    assert "payments/web" not in body


def test_a_pull_request_of_a_fork_is_only_validated(job: Job, github: GitHub) -> None:
    ran = Workflow("pull-request.yml", job).run(pull_request(), FORK)
    assert ran.keys() == {"validate"}
    assert github.calls == []


def test_an_invalid_file_is_not_planned(job: Job) -> None:
    edit(job, "runtime: pull", "runtime: pulll")
    ran = Workflow("pull-request.yml", job).run(pull_request(), OWN)
    assert {name: one.result for name, one in ran.items()} == {"validate": "failure"}


def test_a_merge_applies_its_own_plan_with_the_role_that_writes(job: Job, ecr: Sandbox) -> None:
    merge = Workflow("merge.yml", job)
    ran = merge.run()
    assert [(one.result, one.role) for one in ran.values()] == [
        ("success", "plan-role"),
        ("success", "apply-role"),
    ]
    assert "role2-1" in (ecr.policy_text("payments/api") or "")
    assert merge.artifacts.keys() == {"plan", "journal"}


def test_a_merge_without_changes_asks_nobody(job: Job) -> None:
    merge = Workflow("merge.yml", job)
    merge.run()
    assert merge.run().keys() == {"plan"}


def test_a_merge_that_is_refused_is_allowed_by_hand(job: Job) -> None:
    merge = Workflow("merge.yml", job)
    merge.run()
    edit(job, "      ci: push-pull\n      runtime: pull\n", "      {}\n")
    edit(job, "    access:\n      {}", "    access: {}")
    assert [one.result for one in merge.run().values()] == ["failure"]
    ran = merge.run(inputs={"args": "--allow-empty payments/api"})
    assert [one.result for one in ran.values()] == ["success", "success"]


def test_drift_is_an_issue_until_an_apply(job: Job, github: GitHub) -> None:
    drift = Workflow("drift.yml", job)
    assert drift.run()["drift"].role == "plan-role"
    Workflow("merge.yml", job).run()
    drift.run()
    assert [issue["state"] for issue in github.issues] == ["closed"]


@pytest.mark.parametrize("name", ["pull-request.yml", "merge.yml"])
def test_a_change_of_an_included_file_starts_it(name: str) -> None:
    """The files are those of the example in docs/file.md."""
    (started,) = (on for on in load(EXAMPLES / name)["on"].values() if "paths" in on)
    guide = (ROOT / "docs" / "file.md").read_text(encoding="utf-8")
    marks = (block["mark"] or "" for block in BLOCK.finditer(guide))
    files = [mark.removeprefix("include: ") for mark in marks if mark.startswith("include: ")]
    read = [file for file in files if file.endswith(".yaml")]
    assert read[0] == "ecr_access.yaml"
    assert len(read) > 3
    for file in read:
        assert any(matches(path, file) for path in started["paths"]), file


def matches(path: str, file: str) -> bool:
    """Whether a filter of `paths` matches: `**` across directories, `*` within a name."""
    parts = re.split(r"(\*\*|\*)", path)
    wild = {"**": ".*", "*": "[^/]*"}
    return bool(re.fullmatch("".join(wild.get(part, re.escape(part)) for part in parts), file))


def test_only_the_apply_job_has_the_environment_and_the_role_that_writes() -> None:
    found = {}
    for path in EXAMPLES.glob("*.yml"):
        document = load(path)
        assert document["permissions"] == {}
        for name, job in document["jobs"].items():
            steps = [step.get("with", {}) for step in job["steps"]]
            applies = any(step.get("command") == "apply" for step in steps)
            writes = any("APPLY_ROLE" in step.get("role-to-assume", "") for step in steps)
            found[path.stem, name] = (applies, writes, job.get("environment"))
            assert sum(step["uses"].startswith(OURS) for step in job["steps"]) == 1
    assert found.pop(("merge", "apply")) == (True, True, "ecr-access")
    assert set(found.values()) == {(False, False, None)}
