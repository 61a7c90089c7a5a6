"""The action's rules files: every command reads them."""

from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.pipelines.conftest import Job

NOBODY = """\
version: 1
principals:
  ci: {role: role2-1, account: "444455556666"}
rules:
  - {never: push, to: ci, because: closed}
"""
ONLY_CI = """\
version: 1
accounts: {workloads: "444455556666"}
rules:
  - {never: push, on: "payments/*", to: {outside: [workloads]}, because: only workloads pushes}
"""


def write(folder: Path, name: str, text: str) -> str:
    """Write a file that another team keeps, as a second checkout would."""
    path = folder / "rules of security" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path.relative_to(folder))


def test_the_input_names_rules_files_one_a_line(job: Job) -> None:
    allowed = write(job.workspace, "only-ci.yaml", ONLY_CI)
    forbidden = write(job.workspace, "nobody.yaml", NOBODY)
    for command in ("validate", "plan", "drift", "apply"):
        refused = job.run(command, rules=f"{allowed}\n{forbidden}\n")
        assert (refused.code, refused.outputs["exit-code"]) == (3, "3"), refused.log
        assert "which it must never have" in refused.log
    assert job.run("validate", rules=allowed).code == 0


def test_a_plan_is_applied_with_the_same_rules_only(job: Job, ecr: Sandbox) -> None:
    rules = write(job.workspace, "only-ci.yaml", ONLY_CI)
    job.run("plan", plan="plan.json", rules=rules)
    assert job.run("apply", plan="plan.json").code == 5
    assert ecr.policy_text("payments/api") is None
    assert job.run("apply", plan="plan.json", rules=rules).code == 0


def test_a_rules_file_that_is_missing_fails_the_job(job: Job) -> None:
    ran = job.run("validate", rules="$(touch run).yaml")
    assert (ran.code, "$(touch run).yaml" in ran.log) == (2, True), ran.log
    assert not (job.workspace / "run").exists()


def test_a_variable_of_the_job_names_them_where_the_input_does_not(job: Job) -> None:
    (job.workspace / "rules.yaml").write_text(NOBODY)
    job.environment["ECR_ACCESS_RULES"] = "rules.yaml"
    assert job.run("validate").code == 3
