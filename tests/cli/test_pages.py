"""`--format html` of plan and drift, from real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile, clean_environment
from tests.report.html_text import text_of


def test_plan_and_drift_as_pages(reconcile: Reconcile) -> None:
    plan = reconcile("plan", "--format", "html", "--show-policy")
    assert (plan.code, plan.err) == (0, "")
    assert plan.out.startswith("<!doctype html>\n")
    assert plan.out.endswith("</html>\n")
    for said in ("1 policy to set", "ci (arn:aws:iam::444455556666:role/role2-1)", "new-account"):
        assert said in text_of(plan.out)
    assert "Policy, as a diff" in text_of(plan.out)
    drift = reconcile("drift", "--format", "html")
    assert (drift.code, drift.err) == (4, "")
    assert "1 repository differs" in text_of(drift.out)


@pytest.mark.parametrize("command", ["validate", "apply", "rollback", "compare", "rule"])
def test_other_commands_have_no_pages(offline: Reconcile, command: str) -> None:
    done = offline(command, "--format", "html")
    assert (done.code, done.out) == (2, "")
    assert "'html' is not one of 'text', 'json'" in done.err


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_without_the_extra_it_is_named_before_any_work(folder: Path, command: str) -> None:
    program = (
        "import sys; sys.modules['jinja2'] = None; from reconciler.cli.main import main; "
        f"sys.argv = ['reconcile', '{command}', '--format', 'html', '-f', 'none.yaml']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=clean_environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: HTML pages need more packages\n"
        "hint: pip install '.[html]' where reconcile's sources are\n"
    )
