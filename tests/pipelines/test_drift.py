"""The action's drift: it fails the job, or keeps an issue."""

from reconciler.sandbox.server import Sandbox
from tests.pipelines.conftest import Job
from tests.pipelines.github import BOT, GitHub

MARKER = "<!-- reconcile:drift -->"


def test_drift_fails_the_job(job: Job, github: GitHub) -> None:
    ran = job.run("drift")
    assert (ran.code, ran.outputs["exit-code"], ran.outputs["changes"]) == (4, "4", "1")
    assert "role2-1" in ran.summary
    assert github.calls == []


def test_an_issue_is_opened_updated_and_closed(job: Job, github: GitHub) -> None:
    for _ in range(2):
        ran = job.run("drift", issue="true")
        assert (ran.code, ran.outputs["exit-code"]) == (0, "4"), ran.log
    (issue,) = github.issues
    assert issue["title"] == "ECR access differs from ecr_access.yaml"
    assert (issue["state"], str(issue["body"]).startswith(MARKER)) == ("open", True)
    assert [call.method for call in github.calls] == ["GET", "POST", "GET", "PATCH"]
    job.run("apply")
    assert job.run("drift", issue="true").code == 0
    assert github.issues[0]["state"] == "closed"
    job.run("drift", issue="true")
    assert github.calls[-1].method == "GET"


def test_a_job_of_another_name_does_not_close_the_issue(job: Job, github: GitHub) -> None:
    assert job.run("drift", issue="true", name="eu").code == 0
    job.run("apply")
    assert job.run("drift", issue="true", name="us").code == 0
    (issue,) = github.issues
    assert issue["title"] == "ECR access differs from ecr_access.yaml (eu)"
    assert issue["state"] == "open"
    job.run("drift", issue="true", name="eu")
    assert github.issues[0]["state"] == "closed"


def test_an_unmanaged_repository_is_no_drift_but_an_issue(
    job: Job, github: GitHub, ecr: Sandbox
) -> None:
    ecr.create_repository("legacy/tool")
    job.file.write_text(job.file.read_text() + "unmanaged: {repositories: fail}\n")
    job.run("apply")
    ran = job.run("drift", issue="true")
    assert (ran.code, ran.outputs["exit-code"], ran.outputs["changes"]) == (0, "4", "0")
    (issue,) = github.issues
    assert issue["title"] == "ECR access needs attention: ecr_access.yaml"
    alarm = "⛔ 1 unmanaged repository, which '`unmanaged.repositories`: fail' forbids. "
    assert str(issue["body"]).splitlines()[1].startswith(alarm)
    assert "::error file=ecr_access.yaml,title=unmanaged::1 unmanaged repository, which" in ran.log


def test_an_issue_that_can_not_be_opened_fails_the_job(job: Job, github: GitHub) -> None:
    github.is_read_only = True
    ran = job.run("drift", issue="true")
    assert ran.code == 1
    assert "the job needs the permission 'issues: write'" in ran.log


def test_a_drift_that_fails_leaves_the_issue_alone(job: Job, github: GitHub) -> None:
    job.file.write_text("version: 2\n")
    ran = job.run("drift", issue="true")
    assert (ran.code, ran.outputs["exit-code"], github.calls) == (3, "3", [])


def test_the_issue_of_somebody_else_is_not_touched(job: Job, github: GitHub) -> None:
    github.issues.append(
        {"id": 1, "number": 1, "body": MARKER, "user": {"login": "mallory"}, "state": "open"}
    )
    job.run("drift", issue="true")
    assert [issue["user"] for issue in github.issues] == [{"login": "mallory"}, {"login": BOT}]
