"""The action's plan: its outputs, its summary, and its comment on the pull request."""

from pathlib import Path

from tests.pipelines.conftest import Job, pull_request
from tests.pipelines.github import GitHub
from tests.pipelines.platform import TOKEN

MARKER = "<!-- reconcile:plan -->"


def test_the_plan_is_in_the_log_the_summary_the_outputs_and_a_comment(
    job: Job, github: GitHub
) -> None:
    ran = job.run("plan", pull_request())
    assert ran.code == 0, ran.log
    assert "Plan: 1 policy to set" in ran.log
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["changes"] == "1"
    assert Path(ran.outputs["plan-path"]).read_text().startswith("{")
    (body,) = github.bodies()
    assert body.startswith(f"{MARKER}\n")
    for report in (ran.summary, body):
        assert "role2-1" in report
        assert "Plan: 1 policy to set" in report
    assert f"Commit {'4f' * 20}" in body
    assert "https://github.com/octo-org/access/actions/runs/42" in body
    assert {call.authorization for call in github.calls} == {f"Bearer {TOKEN}"}


def test_the_next_run_replaces_the_comment(job: Job, github: GitHub) -> None:
    job.run("plan", pull_request())
    job.file.write_text(job.file.read_text().replace("runtime: pull\n", "runtime: push-pull\n"))
    ran = job.run("plan", pull_request(commit="5a" * 20))
    (body,) = github.bodies()
    assert f"Commit {'5a' * 20}" in body
    assert ran.code == 0
