"""Paths of a command line: `-`, an empty one, and a plan's file seen from another folder."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, runner, sandbox_environment

BAD = SEED.replace("runtime: pull", "runtime: pulll")


@pytest.mark.parametrize("command", ["validate", "compile", "plan", "drift", "apply --yes"])
def test_the_file_comes_on_stdin(reconcile: Reconcile, folder: Path, command: str) -> None:
    expected = reconcile(*command.split())
    (folder / "ecr_access.yaml").unlink()
    done = reconcile(*command.split(), "-f", "-", stdin=SEED)
    if command != "apply --yes":
        assert done.out == expected.out.replace("ecr_access.yaml", "stdin")
    assert done.code == expected.code


def test_the_access_file_is_no_plan(offline: Reconcile) -> None:
    done = offline("apply", "ecr_access.yaml")
    assert done.code == 3
    assert "the access file is given with -f ecr_access.yaml" in done.err


def test_problems_on_stdin_have_places(offline: Reconcile) -> None:
    assert "stdin:14:16: unknown-tier" in offline("validate", "-f", "-", stdin=BAD).out
    assert "stdin:14:16: unknown-tier" in offline("plan", "-f", "-", stdin=BAD).err
    assert "'reconcile init'" in offline("validate", "-f", "-").out


def test_a_plan_of_stdin_is_applied_with_stdin(reconcile: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(BAD.replace("pulll", "push"))
    planned = reconcile("plan", "-f", "-", "-o", "p.json", stdin=SEED)
    assert planned.err == "saved; apply it with: reconcile apply -f - p.json\n"
    refused = reconcile("apply", "p.json", "--yes")
    assert refused.code == 5
    assert "the plan was made from stdin, and ecr_access.yaml is another file" in refused.err
    assert "hint: -f - names it" in refused.err
    assert reconcile("apply", "-f", "-", "p.json", "-y", stdin=SEED).code == 0


def test_a_plan_and_a_journal_come_on_stdin(reconcile: Reconcile, ecr: Sandbox) -> None:
    plan = reconcile("plan", "--format", "json").out
    assert reconcile("apply", "-", "-y", "--journal", "kept", stdin=plan).code == 0
    assert ecr.policy_text("payments/api") is not None


def test_stdin_is_read_once(offline: Reconcile) -> None:
    for arguments in (("apply", "-f", "-", "-"), ("compare", "-", "-")):
        done = offline(*arguments)
        assert (done.code, "stdin can be read once" in done.err) == (2, True), arguments


@pytest.mark.parametrize(
    "arguments",
    ["plan --out -", "plan -o -", "apply --journal -", "rollback x --journal -", "init -f -"],
)
def test_what_is_written_is_a_file(offline: Reconcile, folder: Path, arguments: str) -> None:
    done = offline(*arguments.split())
    assert (done.code, "-: this takes the path of a file" in done.err) == (2, True)
    assert not (folder / "-").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "-f", ""],
        ["init", "--file", ""],
        ["plan", "--out", ""],
        ["apply", ""],
        ["apply", "--journal", ""],
        ["rollback", ""],
        ["compare", "", "x"],
        ["compare", "x", ""],
    ],
)
def test_an_empty_path_says_so(offline: Reconcile, arguments: list[str]) -> None:
    done = offline(*arguments)
    assert (done.code, "the path is empty" in done.err) == (2, True), done


def test_a_plan_from_another_folder_names_its_file(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    (folder / "access.yaml").write_text(SEED)
    assert reconcile("plan", "-f", "access.yaml", "--out", "p.json").code == 0
    (folder / "elsewhere").mkdir()
    there = runner(folder / "elsewhere", sandbox_environment(ecr))
    missing = there("apply", "../p.json", "--yes")
    assert missing.code == 2
    assert "there is no file ecr_access.yaml" in missing.err
    hint = "the plan was made from access.yaml; -f ../access.yaml names it"
    assert hint in missing.err
    (folder / "elsewhere" / "access.yaml").write_text(SEED + "# another\n")
    other = there("apply", "../p.json", "--yes", "-f", "access.yaml", "--format", "json")
    told = json.loads(other.out)["error"]
    assert told["message"] == (
        "the plan was made from another version of access.yaml, or from another file; plan again"
    )
    assert told["hint"] == "-f ../access.yaml names it"
    assert there("apply", "../p.json", "--yes", "-f", "../access.yaml").code == 0
    (folder / "access.yaml").unlink()
    lost = there("apply", "../p.json", "--yes")
    assert "the plan was made from access.yaml; -f access.yaml names it" in lost.err
