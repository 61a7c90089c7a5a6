"""`--write FORMAT=PATH`: several formats of one run, as real processes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SEED, Reconcile


def test_a_plan_is_written_in_all_formats_that_are_named(
    reconcile: Reconcile, folder: Path
) -> None:
    done = reconcile("plan", "--write", "json=plan.json", "--write", "html=plan.html")
    assert done.code == 0
    assert "Plan: 1 policy to set" in done.out
    assert json.loads((folder / "plan.json").read_text())["summary"]["set"] == 1
    assert (folder / "plan.html").read_text().startswith("<!doctype html>")


def test_text_in_a_file_has_no_colour(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("drift", "--format", "json", "--write", "text=drift.txt")
    assert done.code == 4
    assert json.loads(done.out)["summary"]["set"] == 1
    assert "payments/api" in (folder / "drift.txt").read_text()
    assert "\033" not in (folder / "drift.txt").read_text()


def test_the_outcomes_of_an_apply_are_written(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("apply", "--yes", "--write", "json=outcomes.json")
    assert done.code == 0
    (change,) = json.loads((folder / "outcomes.json").read_text())["changes"]
    assert change["outcome"] == "applied"


def test_the_problems_of_an_invalid_file_are_written(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text("version: 2\n")
    done = offline("validate", "--write", "json=problems.json")
    assert done.code == 3
    assert json.loads((folder / "problems.json").read_text())["valid"] is False


def test_problems_are_annotations(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text("version: 2\n")
    done = offline("validate", "--format", "github")
    assert done.code == 3
    assert done.out.startswith("::error file=ecr_access.yaml,line=1,col=")


def test_problems_are_written_in_the_formats_of_ci_systems(
    offline: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text("version: 2\n")
    done = offline("validate", "--format", "sarif", "--write", "junit=problems.xml")
    assert done.code == 3
    (run,) = json.loads(done.out)["runs"]
    assert {result["level"] for result in run["results"]} == {"error"}
    assert (folder / "problems.xml").read_text().count("<failure ") == len(run["results"])


def test_a_failure_replaces_an_older_result(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("runtime: pull", "runtime: pulll"))
    written: list[str] = []
    for format_ in ("text", "json", "markdown", "github", "html"):
        (folder / format_).write_text("an older result")
        written += ["--write", f"{format_}={format_}"]
    done = offline("plan", "--format", "json", *written)
    assert done.code == 3
    assert (folder / "json").read_text() == done.out
    assert (folder / "text").read_text() == done.err
    assert (folder / "html").read_text() == ""
    marker, why, *rest = (folder / "markdown").read_text().splitlines()
    assert marker == "<!-- reconcile:plan -->"
    failed = "❌ `reconcile plan` failed with exit code 3"
    assert why == f"{failed}: `ecr_access.yaml` is invalid; nothing was done"
    problem = "| error `unknown-tier` | `ecr_access.yaml:14:16` | 'pulll' is not a tier; did you "
    assert rest[5].startswith(problem)
    assert f"```json\n{done.out}```" in "\n".join(rest)
    assert (folder / "github").read_text() == offline("plan", "--format", "github").out
    assert (folder / "github").read_text() == offline("validate", "--format", "github").out


@pytest.mark.parametrize("command", ["plan", "drift", "apply", "rollback"])
def test_a_failure_of_another_kind_is_told_too(
    offline: Reconcile, folder: Path, command: str
) -> None:
    (folder / "kept").write_text("no journal")
    of_file = {"rollback": ["kept"]}.get(command, [])
    path = of_file[0] if of_file else "ecr_access.yaml"
    done = offline(command, *of_file, "--write", "markdown=out.md", "--write", "text=out.txt")
    marker, why, *_ = (folder / "out.md").read_text().splitlines()
    assert marker.startswith(f"<!-- reconcile:{command}")
    assert why.startswith(f"❌ `reconcile {command}` failed with exit code {done.code}: ")
    assert (folder / "out.txt").read_text() == done.err
    if command in {"plan", "drift"}:
        annotated = offline(command, "--format", "github").out
        assert annotated.startswith(f"::error file={path},title={command}::")


def test_wrong_usage_writes_nothing(offline: Reconcile, folder: Path) -> None:
    (folder / "plan.md").write_text("kept")
    for wrong in (["--write", "json=."], ["--nonsense"]):
        assert offline("plan", "--write", "markdown=plan.md", *wrong).code == 2
        assert (folder / "plan.md").read_text() == "kept"


def test_the_matrix_is_written_as_a_page_and_as_csv(offline: Reconcile, folder: Path) -> None:
    done = offline("access", "matrix", "--write", "html=m.html", "--write", "csv=m.csv")
    assert done.code == 0
    assert "payments/api" in done.out
    assert "payments/api" in (folder / "m.html").read_text()
    assert "payments/api" in (folder / "m.csv").read_text()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("json", "'json' is not FORMAT=PATH"),
        ("json=", "'json=' is not FORMAT=PATH"),
        ("yaml=plan.yaml", "'yaml' is not one of 'text', 'json'"),
        ("json=-", "--write -: this takes a path"),
        ("json=nowhere/plan.json", "--write nowhere/plan.json: there is no directory nowhere"),
        ("json=.", "--write .: this is a directory, not a file"),
    ],
)
def test_a_wrong_output_is_wrong_usage(offline: Reconcile, value: str, message: str) -> None:
    done = offline("validate", "--write", value)
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", " ").split())


def test_two_outputs_to_one_file_are_wrong_usage(offline: Reconcile) -> None:
    done = offline("validate", "--write", "json=a", "--write", "text=./a")
    assert done.code == 2
    assert "another --write names the same file" in done.err


@pytest.mark.parametrize(
    ("command", "other"),
    [
        ("validate", "ecr_access.yaml"),
        ("validate", "link"),
        ("validate --rules rules", "rules"),
        ("plan --out saved", "saved"),
        ("drift", "ecr_access.yaml"),
        ("apply saved", "saved"),
        ("apply --journal kept", "kept"),
        ("rollback kept", "kept"),
        ("rollback kept --journal undone", "undone"),
        ("access matrix", "ecr_access.yaml"),
    ],
)
def test_no_output_goes_to_a_file_that_the_run_reads_or_keeps(
    offline: Reconcile, folder: Path, command: str, other: str
) -> None:
    (folder / "link").symlink_to("ecr_access.yaml")
    before = (folder / "ecr_access.yaml").read_bytes()
    done = offline(*command.split(), "--write", f"json=./{other}")
    assert done.code == 2
    assert "another option or argument names the same file" in done.err
    assert (folder / "ecr_access.yaml").read_bytes() == before


def test_no_output_replaces_a_yaml_file(offline: Reconcile, folder: Path) -> None:
    (folder / "team.yml").write_text("repositories: []\n")
    done = offline("validate", "--write", "json=team.yml")
    assert done.code == 2
    assert "a YAML file, and no format is YAML; not overwritten" in done.err
    assert (folder / "team.yml").read_text() == "repositories: []\n"


def test_stdout_has_the_result_where_a_file_cannot_be_written(offline: Reconcile) -> None:
    done = offline("validate", "--format", "json", "--write", "text=/dev/full")
    assert done.code == 1
    assert json.loads(done.out)["valid"] is True
    assert "/dev/full can't be written: No space left on device" in done.err


def test_each_file_that_can_not_be_written_is_named(offline: Reconcile, folder: Path) -> None:
    (folder / "full").symlink_to("/dev/full")
    done = offline("validate", "--write", "text=/dev/full", "--write", "json=full")
    assert done.code == 1
    failures = (
        f"{path} can't be written: No space left on device" for path in ("/dev/full", "full")
    )
    assert f"error: {'; '.join(failures)}\n" in done.err
