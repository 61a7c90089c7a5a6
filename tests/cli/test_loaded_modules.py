"""What a run on a registry does not need is not loaded: that would cost each of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, sandbox_environment

RUN = """\
import sys
from reconciler.cli.main import main
try:
    main()
except SystemExit as end:
    print(end.code, *sys.modules)
"""
OTHER_COMMANDS = {
    f"reconciler.cli.commands.{name}"
    for name in ("access", "demo", "fmt", "handover", "iam", "import_", "offline", "sandbox")
}
FORMATS = {
    "reconciler.report.comparison",
    "reconciler.report.failure",
    "reconciler.report.html",
    "reconciler.report.plans.plan_github",
    "reconciler.report.plans.plan_json",
    "reconciler.report.plans.plan_markdown",
}
QUESTIONS = {
    "reconciler.access_file.explain",
    "reconciler.model.answers",
    "reconciler.workflow.questions",
}
EARLIER = {
    "reconciler.access_file.versions",
    "reconciler.plan.edits",
    "reconciler.workflow.file.revisions",
    "reconciler.workflow.plans.saved_plans",
}
LIBRARIES = {"boto3", "botocore", "deepdiff", "html", "jsonschema", "rich", "tomllib", "urllib3"}
WRITING = {"reconciler.apply", "reconciler.workflow.writing"}


@pytest.mark.parametrize("arguments", [("drift",), ("apply", "--yes"), ("plan",)])
def test_a_run_without_problems_loads_only_what_it_needs(
    folder: Path, ecr: Sandbox, reconcile: Reconcile, arguments: tuple[str, ...]
) -> None:
    if arguments == ("drift",):
        assert reconcile("apply", "--yes").code == 0
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env=sandbox_environment(ecr) | {"XDG_STATE_HOME": str(folder / ".state")},
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stderr
    unneeded = OTHER_COMMANDS | FORMATS | QUESTIONS | EARLIER | LIBRARIES
    assert not (unneeded if "apply" in arguments else unneeded | WRITING) & set(loaded)
