"""docs/first-change.md is true: its blocks are run in order, in one git repository."""

import os
import sys
from pathlib import Path

import yaml

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import clean_environment, sandbox_environment
from tests.cli.stand_in import AWS_STAND_IN
from tests.guide import marked, shell, typed_all
from tests.pipelines.conftest import Job, pull_request
from tests.pipelines.github import GitHub
from tests.pipelines.platform import ROOT
from tests.pipelines.test_workflows import OWN
from tests.pipelines.workflow import Workflow

GUIDE = (ROOT / "docs" / "first-change.md").read_text(encoding="utf-8")


class Console:
    """The terminal of the page, in the workspace of a job."""

    def __init__(self, job: Job, environment: dict[str, str]) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        who = {f"GIT_{of}_{what}": "t@example.com"
               for of in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        hooks = {"PRE_COMMIT_HOME": str(job.folder / "hooks")}
        self._environment = {**environment, **nowhere, **who, **hooks, "PATH": path}
        self._folder = job.workspace

    def run(self, mark: str) -> None:
        """Run a block of the page, which must print what it shows."""
        shown = marked(GUIDE, mark)
        printed = shell(typed_all(shown), self._folder, self._environment)
        assert printed.splitlines() == shown.splitlines()


def local_hooks() -> str:
    """The page's `.pre-commit-config.yaml`, with the hooks of this tree."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    by_id = {hook["id"]: {**hook, "language": "system"} for hook in hooks}
    (ours,) = yaml.safe_load(marked(GUIDE, "hooks"))["repos"]
    used = [by_id[hook["id"]] for hook in ours["hooks"]]
    return yaml.safe_dump({"repos": [{"repo": "local", "hooks": used}]})


def insert_after(job: Job, line: str, mark: str) -> None:
    before, found, after = job.file.read_text().partition(line)
    assert found
    job.file.write_text(before + line + marked(GUIDE, mark) + after)


def visible(body: object) -> str:
    """A comment or an issue without its marker and what is folded."""
    return str(body).partition("\n")[2].partition("<details>")[0].rstrip() + "\n"


def test_the_page_prints_what_it_shows(job: Job, ecr: Sandbox, github: GitHub) -> None:
    job.file.unlink()
    environment = {**clean_environment(), **sandbox_environment(ecr)}
    console = Console(job, environment)
    console.run("set up")
    (job.workspace / ".pre-commit-config.yaml").write_text(local_hooks())
    console.run("first commit")
    assert Workflow("merge.yml", job).run()["apply"].result == "success"

    insert_after(job, "  runtime: {role: role2-2, account: workloads}\n", "principal")
    insert_after(job, "      runtime: pull\n", "access")
    console.run("commit")
    Workflow("pull-request.yml", job).run(pull_request(), OWN)
    (comment,) = github.bodies()
    assert visible(comment) == marked(GUIDE, "comment")

    applied = Workflow("merge.yml", job).run()["apply"].action
    assert applied.log.endswith(marked(GUIDE, "apply")), applied.log

    by_hand = marked(GUIDE, "by hand")
    shell(f'aws() {{ {AWS_STAND_IN} "$@"; }}\n{by_hand}', job.workspace, environment)
    Workflow("drift.yml", job).run()
    (issue,) = github.issues
    assert visible(issue["body"]) == marked(GUIDE, "issue")
    Workflow("merge.yml", job).run()
    Workflow("drift.yml", job).run()
    assert issue["state"] == "closed"
