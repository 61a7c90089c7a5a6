"""`--format markdown`: the comment of a pull request, as real processes."""

import json
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile
from tests.cli.hostile_policies import allow, document
from tests.cli.test_failures import deny


def lines(comment: str) -> list[str]:
    return comment.partition("<details>")[0].splitlines()


def test_a_plan_is_a_comment(reconcile: Reconcile) -> None:
    done = reconcile("plan", "--format", "markdown")
    assert done.code == 0
    marker, summary, *rest = lines(done.out)
    assert marker == "<!-- reconcile:plan -->"
    assert summary.startswith("⚠️ **1 risk**: `new-account`. Plan: 1 policy to set, ")
    row = "| **+** granted | ci (`arn:aws:iam::444455556666:role/role2-1`) in workloads "
    assert f"{row}| `push-pull` |" in rest
    document = done.out.partition("```json\n")[2].partition("```\n\n</details>\n")[0]
    assert json.loads(document)["summary"]["set"] == 1


def test_a_refused_plan_begins_with_the_refusal(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.set_policy_text("payments/api", json.dumps(document(allow())))
    (folder / "ecr_access.yaml").write_text(SEED.partition("    access:")[0] + "    access: {}\n")
    done = reconcile("plan", "--format", "markdown")
    assert done.code == 5
    assert lines(done.out)[1].startswith("⛔ **1 refusal**: `empty`. Plan: ")
    assert "; `--allow-empty payments/api` allows it once |" in done.out


def test_a_file_of_another_name_has_a_comment_of_its_own(
    reconcile: Reconcile, folder: Path
) -> None:
    (folder / "a--b -->.yaml").write_text(SEED)
    done = reconcile("plan", "--format", "markdown", "-f", "a--b -->.yaml")
    assert lines(done.out)[0] == "<!-- reconcile:plan a-%2Db%20-%2D%3E.yaml -->"


def test_drift_is_a_comment(reconcile: Reconcile) -> None:
    done = reconcile("drift", "--format", "markdown")
    assert done.code == 4
    assert lines(done.out)[:2] == [
        "<!-- reconcile:drift -->",
        "Drift: 1 repository differs from the file; 0 in sync. File: `ecr_access.yaml`",
    ]


def test_an_apply_and_its_rollback_are_comments(reconcile: Reconcile, folder: Path) -> None:
    written = ("--write", "text=apply.txt")
    done = reconcile("apply", "--yes", "--format", "markdown", "--journal", "journal", *written)
    assert done.code == 0
    assert (folder / "apply.txt").read_text().endswith("Apply: 1 applied.\n")
    marker, summary, *rest = lines(done.out)
    assert marker == "<!-- reconcile:apply -->"
    assert " Apply: 1 applied. Plan: 1 policy to set, " in summary
    assert "### Not applied" not in rest
    back = reconcile("rollback", "journal", "--yes", "--write", "markdown=back.md")
    assert back.code == 0, back.err
    assert (folder / "back.md").read_text().startswith("<!-- reconcile:rollback journal -->\n")


def test_what_failed_has_its_reason(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.before_call(deny("SetRepositoryPolicy"))
    done = reconcile("apply", "--yes", "--format", "markdown")
    assert done.code == 1
    assert " Apply: 1 failed. " in lines(done.out)[1]
    (row,) = (line for line in lines(done.out) if line.startswith("| `failed` "))
    assert row.startswith("| `failed` | `payments/api` (`us-west-2`) | ")
    assert "`ecr:SetRepositoryPolicy`" in row


def test_annotations_go_beside_a_comment(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("plan", "--format", "github", "--write", "markdown=plan.md")
    assert done.code == 0
    warning, notice = done.out.splitlines()
    assert warning.startswith("::warning file=ecr_access.yaml,title=new-account::payments/api (")
    assert notice.startswith("::notice file=ecr_access.yaml,title=plan::Plan: 1 policy to set, ")
    assert (folder / "plan.md").read_text().startswith("<!-- reconcile:plan -->\n")
    drifted = reconcile("drift", "--format", "github")
    assert drifted.code == 4
    assert drifted.out.startswith("::warning file=ecr_access.yaml,title=drift::payments/api (")
