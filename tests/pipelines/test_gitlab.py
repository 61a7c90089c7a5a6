"""The component of GitLab: valid, and its scripts run by a shell against the embedded ECR.

A job is run as the runner does with the shell of a slim image: `sh -e` on the lines of
`before_script` and `script`, with the job's variables and its OIDC token ("CI/CD YAML syntax
reference" and "Use CI/CD components", GitLab Docs).
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from junitparser import JUnitXml

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, sandbox_environment
from tests.pipelines.platform import ROOT
from tests.pipelines.test_files import tool
from tests.pipelines.test_rules import NOBODY, ONLY_CI

COMPONENT = ROOT / "templates" / "reconcile.yml"
EXAMPLE = ROOT / "docs" / "examples" / "gitlab" / ".gitlab-ci.yml"
SPEC, TEMPLATE = COMPONENT.read_text(encoding="utf-8").split("\n---\n")
DECLARED = yaml.safe_load(SPEC)["spec"]["inputs"]
GIVEN = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["include"][0]["inputs"]


class Done(NamedTuple):
    code: int
    log: str


def rendered(**inputs: str) -> Mapping[str, dict[str, object]]:
    """The jobs of the component, with the inputs of the example and these."""
    known = {name: one.get("default") for name, one in DECLARED.items()} | GIVEN | inputs
    assert None not in known.values()
    assert known.keys() == DECLARED.keys()
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: known[found[1]], TEMPLATE)
    return yaml.safe_load(text)


def with_parents(jobs: Mapping[str, dict[str, object]], name: str) -> dict[str, object]:
    """A job with what it extends: maps are merged, all else is replaced."""
    job = dict(jobs[name])
    if "extends" not in job:
        return job
    parent = with_parents(jobs, str(job.pop("extends")))
    both = {"variables": {**parent.get("variables", {}), **job.get("variables", {})}}
    return {**parent, **job, **both}


class Pipeline:
    """A project whose pipeline has no keys of AWS, only a role and a token."""

    def __init__(self, workspace: Path, installed: Path, ecr: Sandbox) -> None:
        self.workspace = workspace
        self.file = workspace / "ecr_access.yaml"
        self.file.write_text(SEED)
        keys = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        environment = sandbox_environment(ecr)
        self.environment = {k: v for k, v in environment.items() if k not in keys}
        self.environment["PATH"] = f"{installed / 'bin'}:{environment['PATH']}"

    def run(self, name: str, of_group: Mapping[str, str] | None = None, **inputs: str) -> Done:
        """Run a job. Variables of its group win over its own ("CI/CD variable precedence")."""
        job = with_parents(rendered(**inputs), name)
        token = self.workspace.parent / "token"
        script = "\n".join([*job.get("before_script", []), *job["script"]])
        done = subprocess.run(
            ["sh", "-e", "-c", script.replace("/tmp/aws-token", str(token))],
            cwd=self.workspace,
            env={
                **self.environment,
                **job["variables"],
                **(of_group or {}),
                "AWS_TOKEN": "header.payload.signature",
                **({"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)} if "id_tokens" in job else {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout)


@pytest.fixture
def pipeline(tmp_path: Path, installed: Path, ecr: Sandbox) -> Pipeline:
    workspace = tmp_path / "project"
    workspace.mkdir()
    return Pipeline(workspace, installed, ecr)


def check(path: Path) -> str:
    return tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path)


def test_the_files_are_valid(tmp_path: Path) -> None:
    (tmp_path / "spec.yml").write_text(SPEC)
    (tmp_path / "jobs.yml").write_text(yaml.safe_dump(rendered()))
    for path in (EXAMPLE, tmp_path / "spec.yml", tmp_path / "jobs.yml"):
        assert check(path) == ""


def test_no_input_is_filled_into_a_script() -> None:
    jobs = yaml.safe_load(TEMPLATE)
    for job in jobs.values():
        assert "$[[" not in str([job.get("before_script"), job.get("script")])


def test_a_merge_request_is_validated_and_planned(pipeline: Pipeline, ecr: Sandbox) -> None:
    assert pipeline.run("reconcile-validate").code == 0
    planned = pipeline.run("reconcile-plan")
    assert planned.code == 0, planned.log
    assert "1 policy to set" in (pipeline.workspace / "plan.txt").read_text()
    assert ecr.policy_text("payments/api") is None


def test_the_problems_of_the_file_are_the_test_report(pipeline: Pipeline) -> None:
    report = pipeline.workspace / rendered()["reconcile-validate"]["artifacts"]["reports"]["junit"]
    assert pipeline.run("reconcile-validate").code == 0
    assert JUnitXml.fromfile(str(report)).failures == 0
    pipeline.file.write_text(SEED.replace("runtime: pull", "runtime: pulll"))
    done = pipeline.run("reconcile-validate")
    assert (done.code, "'pulll' is not a tier" in done.log) == (3, True), done.log
    assert JUnitXml.fromfile(str(report)).failures == 1


def test_what_a_job_writes_is_kept_whatever_its_result(pipeline: Pipeline) -> None:
    for name in ("reconcile-validate", "reconcile-plan", "reconcile-apply", "reconcile-drift"):
        before = set(pipeline.workspace.iterdir())
        pipeline.run(name)
        artifacts = rendered()[name]["artifacts"]
        kept = {*artifacts.get("paths", []), *artifacts.get("reports", {}).values()}
        assert kept == {path.name for path in set(pipeline.workspace.iterdir()) - before}
        assert artifacts["when"] == "always"


def test_the_plan_of_the_pipeline_is_applied(pipeline: Pipeline, ecr: Sandbox) -> None:
    pipeline.run("reconcile-plan")
    applied = pipeline.run("reconcile-apply")
    assert applied.code == 0, applied.log
    assert "role2-1" in (ecr.policy_text("payments/api") or "")
    assert (pipeline.workspace / "journal.jsonl").exists()


def test_drift_fails_the_pipeline(pipeline: Pipeline) -> None:
    assert pipeline.run("reconcile-drift").code == 4
    assert "role2-1" in (pipeline.workspace / "drift.txt").read_text()


def test_the_component_has_the_input_too(pipeline: Pipeline) -> None:
    (pipeline.workspace / "nobody.yaml").write_text(NOBODY)
    (pipeline.workspace / "only-ci.yaml").write_text(ONLY_CI)
    for name in ("reconcile-validate", "reconcile-plan", "reconcile-drift"):
        assert pipeline.run(name, rules="only-ci.yaml nobody.yaml").code == 3
    assert pipeline.run("reconcile-plan", rules="only-ci.yaml").code == 0
    assert pipeline.run("reconcile-apply").code == 5
    assert pipeline.run("reconcile-apply", rules="only-ci.yaml").code == 0


def test_a_variable_of_the_group_takes_the_place_of_the_input(pipeline: Pipeline) -> None:
    """Its type is File: the variable is the path of a file that has its value."""
    file = pipeline.workspace.parent / "project.tmp"
    file.write_text(NOBODY)
    done = pipeline.run("reconcile-validate", {"ECR_ACCESS_RULES": str(file)})
    assert (done.code, "which it must never have" in done.log) == (3, True), done.log


def test_the_name_of_the_file_is_no_shell_text(pipeline: Pipeline) -> None:
    name = "$(touch run);touch run.yaml"
    pipeline.file.rename(pipeline.workspace / name)
    assert pipeline.run("reconcile-validate", file=name).code == 0
    assert not (pipeline.workspace / "run").exists()


def test_only_apply_has_the_role_that_writes_and_somebody_starts_it() -> None:
    jobs = rendered()
    roles = {
        name: with_parents(jobs, name)["variables"].get("AWS_ROLE_ARN")
        for name in jobs
        if not name.startswith(".")
    }
    assert roles.pop("reconcile-apply") == GIVEN["apply-role"]
    assert roles.pop("reconcile-validate") is None
    assert set(roles.values()) == {GIVEN["plan-role"]}
    (rule,) = jobs["reconcile-apply"]["rules"]
    assert (rule["when"], jobs["reconcile-apply"]["resource_group"]) == ("manual", "ecr-access")
