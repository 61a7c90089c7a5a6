"""The action's apply: the saved plan and nothing else, with a journal."""

import signal
from pathlib import Path

from reconciler.sandbox.requests.protocol import Call
from reconciler.sandbox.server import Sandbox
from tests.pipelines.conftest import Job

OTHER = """{"Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage",
  "Principal": {"AWS": "arn:aws:iam::444455556666:role/by-hand"}}]}"""


def test_the_saved_plan_of_one_job_is_applied_in_another(job: Job, ecr: Sandbox) -> None:
    planned = job.run("plan", plan="plan.json")
    assert planned.outputs["plan-path"] == str(job.workspace / "plan.json")
    applied = job.run("apply", plan="plan.json")
    assert applied.code == 0, applied.log
    assert "role2-1" in (ecr.policy_text("payments/api") or "")
    assert "1 applied" in applied.summary
    assert applied.outputs["changes"] == "1"
    assert Path(applied.outputs["journal-path"]).read_text().count("\n") >= 2


def test_a_plan_of_another_version_of_the_file_is_refused(job: Job, ecr: Sandbox) -> None:
    job.run("plan", plan="plan.json")
    job.file.write_text(job.file.read_text().replace("runtime: pull", "runtime: push-pull"))
    applied = job.run("apply", plan="plan.json")
    assert (applied.code, applied.outputs["exit-code"]) == (5, "5")
    assert applied.outputs["journal-path"] == ""
    assert ecr.policy_text("payments/api") is None


def test_a_policy_that_changed_since_the_plan_is_left_alone(job: Job, ecr: Sandbox) -> None:
    job.run("plan", plan="plan.json")
    ecr.set_policy_text("payments/api", OTHER)
    applied = job.run("apply", plan="plan.json")
    assert (applied.code, applied.outputs["exit-code"]) == (5, "5")
    assert "stale" in applied.summary
    assert "role2-1" not in (ecr.policy_text("payments/api") or "")


def test_a_job_that_is_cancelled_finishes_the_write_and_keeps_the_journal(
    job: Job, ecr: Sandbox
) -> None:
    def cancel(call: Call) -> None:
        if call.name == "SetRepositoryPolicy":
            job.steps[-1].send_signal(signal.SIGINT)

    ecr.before_call(cancel)
    ran = job.run("apply")
    assert "stopping: the writes under way are finished" in ran.log
    assert "1 applied" in ran.summary
    assert Path(ran.outputs["journal-path"]).exists()


def test_without_a_saved_plan_it_plans_anew(job: Job, ecr: Sandbox) -> None:
    assert job.run("apply").code == 0
    assert "role2-1" in (ecr.policy_text("payments/api") or "")
