"""`--format html` of plan, drift and the access matrix, from real processes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile, clean_environment
from tests.report.html_text import text_of

GUIDE = (Path(__file__).parents[2] / "docs" / "pages.md").read_text(encoding="utf-8")


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


def test_the_matrix_of_the_file_as_a_page(offline: Reconcile) -> None:
    done = offline("access", "matrix", "--format", "html", "-q")
    assert (done.code, done.err) == (0, "")
    assert "Access in the file ecr_access.yaml" in text_of(done.out)
    assert "1 repository 2 principals 2 grants 0 risks" in text_of(done.out)


def test_the_live_matrix_marks_what_an_apply_would_change(reconcile: Reconcile) -> None:
    asked = ("access", "matrix", "--live", "--format", "html", "-q")
    before = reconcile(*asked)
    assert "0 grants 0 risks 2 differences" in text_of(before.out)
    assert reconcile("apply", "--yes", "--journal", "j.jsonl").code == 0
    after = reconcile(*asked)
    assert (after.code, after.err) == (0, "")
    assert "2 grants 0 risks 0 differences" in text_of(after.out)


def test_the_commands_of_the_guide_write_pages(reconcile: Reconcile) -> None:
    (block,) = re.findall(r"<!-- pages -->\n```sh\n(.*?)```", GUIDE, re.DOTALL)
    commands = [line.partition(" > ")[0].split() for line in block.splitlines()]
    assert len(commands) == 4
    for tool, *arguments in commands:
        assert tool == "reconcile"
        assert reconcile(*arguments).out.startswith("<!doctype html>")


@pytest.mark.parametrize("command", ["validate", "apply", "rollback", "compare", "rule"])
def test_other_commands_have_no_pages(offline: Reconcile, command: str) -> None:
    done = offline(command, "--format", "html")
    assert (done.code, done.out) == (2, "")
    assert "'html' is not one of 'text', 'json'" in done.err


@pytest.mark.parametrize("command", ["plan", "drift", "access matrix"])
def test_without_the_extra_it_is_named_before_any_work(folder: Path, command: str) -> None:
    program = (
        "import sys; sys.modules['jinja2'] = None; from reconciler.cli.main import main; "
        f"sys.argv = ['reconcile', *{command.split()}, '--format', 'html', '-f', 'none']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=clean_environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: HTML pages need more packages\nhint: pip install 'ecr-reconcile[html]'\n"
    )
