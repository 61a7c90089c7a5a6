"""Included files, and the directory of an access file, on the command line."""

import json
import os
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile
from tests.cli.git import commit, new_repository
from tests.cli.test_completing import complete

HEAD, _, ENTRIES = SEED.partition("repositories:\n")
TEAM = f"repositories:\n{ENTRIES}"
INCLUDE = """\
include:
  - {files: access.d/payments.yaml, may: ["payments/*"]}
  - {files: "access.d/tools/*.yaml", may: ["tools/*"]}
"""
PUSHING = TEAM.replace("runtime: pull", "runtime: push-pull")


@pytest.fixture
def team(folder: Path) -> Path:
    """The file of a team; the seed's file includes it, and has no repositories of its own."""
    (folder / "ecr_access.yaml").write_text(HEAD + INCLUDE)
    file = folder / "access.d" / "payments.yaml"
    (folder / "access.d" / "tools").mkdir(parents=True)
    (folder / "access.d" / "tools" / "x.yaml").write_text("repositories: {tools/x: {access: {}}}\n")
    file.write_text(TEAM)
    return file


@pytest.mark.usefixtures("team")
def test_it_is_planned_and_applied_as_one_file(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.create_repository("tools/x")
    assert "Plan: 1 policy to set" in reconcile("plan").out
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0


def test_a_saved_plan_is_for_all_of_the_files(
    reconcile: Reconcile, team: Path, ecr: Sandbox
) -> None:
    ecr.create_repository("tools/x")
    assert reconcile("plan", "--out", "saved.plan").code == 0
    team.write_text(TEAM + "# edited\n")
    refused = reconcile("apply", "saved.plan", "--yes")
    assert (refused.code, ecr.policy_text("payments/api")) == (5, None)
    assert "another version of ecr_access.yaml" in refused.err
    team.write_text(TEAM)
    assert reconcile("apply", "saved.plan", "--yes").code == 0


@pytest.mark.usefixtures("team")
def test_answers_name_the_line_of_the_included_file(offline: Reconcile) -> None:
    assert "# access.d/payments.yaml:4  ci: push-pull" in offline("explain", "payments/api").out
    found = json.loads(offline("access", "of", "ci", "--format", "json").out)
    assert [one["source"]["path"] for one in found["answers"]] == ["access.d/payments.yaml"]


def test_a_problem_is_shown_with_its_line(offline: Reconcile, team: Path) -> None:
    team.write_text(TEAM + "  tools/y: {access: {}}\n")
    done = offline("validate")
    assert done.code == 3
    assert "access.d/payments.yaml:6:3: outside-may: 'tools/y'" in done.out
    assert "    tools/y: {access: {}}\n    ^ error\n  see ecr_access.yaml:11:13\n" in done.out
    (found,) = json.loads(offline("validate", "--format", "json").out)["problems"]
    assert (found["path"], found["other"]["path"]) == ("access.d/payments.yaml", "ecr_access.yaml")


@pytest.mark.parametrize("edit", ["own", "other", "moved", "main", "new"])
def test_changes_since_a_revision(
    reconcile: Reconcile, folder: Path, team: Path, ecr: Sandbox, edit: str
) -> None:
    ecr.create_repository("tools/x")
    ecr.create_repository("payments/web")
    new_repository(folder)
    assert "asks for the same as at HEAD" in reconcile("plan", "--changed-since", "HEAD").err
    match edit:
        case "own":
            team.write_text(PUSHING)
        case "other":
            commit(folder)
            (folder / "access.d/tools/y.yaml").write_text("repositories: {payments/web: {}}\n")
        case "moved":
            team.rename(folder / "access.d/pay.yaml")
            (folder / "ecr_access.yaml").write_text(
                HEAD + INCLUDE.replace("payments.yaml", "pay.yaml")
            )
        case "main":
            (folder / "ecr_access.yaml").write_text((HEAD + INCLUDE).replace("role2-2", "role2-3"))
        case "new":
            (folder / "access.d/tools/y.yaml").write_text(
                "repositories: {tools/y: {create: true, access: {ci: pull}}}\n"
            )
    done = reconcile("plan", "--changed-since", "HEAD", "--format", "json")
    if edit == "other":
        assert done.code == 3
        return
    assert done.code == 0, done
    changed = [one["repository"] for one in json.loads(done.out)["changes"]]
    expected = {"own": ["payments/api"], "moved": [], "main": ["payments/api"], "new": ["tools/y"]}
    assert changed == expected[edit]


def test_a_link_at_the_revision_is_followed(reconcile: Reconcile, folder: Path, team: Path) -> None:
    team.rename(folder / "real.yaml")
    team.symlink_to("../real.yaml")
    new_repository(folder)
    done = reconcile("plan", "--changed-since", "HEAD")
    assert "the file asks for the same as at HEAD" in done.err


def test_a_directory_stands_for_its_access_file(offline: Reconcile, folder: Path) -> None:
    (folder / "conf").mkdir()
    assert offline("init", "-f", "conf").code == 0
    assert (folder / "conf" / "ecr_access.yaml").is_file()
    assert offline("validate", "-f", "conf").out == "conf/ecr_access.yaml is valid\n"
    named = offline("validate", ECR_ACCESS_FILE=str(folder))
    assert named.out == f"{folder}/ecr_access.yaml is valid\n"
    (folder / "none").mkdir()
    assert "there is no file none/ecr_access.yaml" in offline("validate", "-f", "none").err


@pytest.mark.usefixtures("team")
def test_stdin_can_not_include(offline: Reconcile, folder: Path) -> None:
    done = offline("validate", "-f", "-", stdin=(folder / "ecr_access.yaml").read_text())
    assert done.code == 3
    assert "stdin:11:13: include-not-found: 'access.d/payments.yaml' is relative" in done.out


@pytest.mark.usefixtures("team")
def test_repositories_of_included_files_are_completed(offline: Reconcile, folder: Path) -> None:
    os.mkfifo(folder / "access.d" / "tools" / "pipe.yaml")  # is not waited for
    found = complete(offline, "fish", "reconcile plan --repository ").split()
    assert found == ["payments/api", "tools/x"]


@pytest.mark.usefixtures("team")
def test_an_import_adds_to_the_main_file_alone(offline: Reconcile, folder: Path) -> None:
    names = HEAD.partition("accounts:")
    (folder / "access.d" / "names.yaml").write_text("accounts:" + names[2])
    (folder / "ecr_access.yaml").write_text(
        names[0] + INCLUDE + "  - {files: access.d/names.yaml}\n"
    )
    allowed = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:role/role2-1"},
            "Action": [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
        },
    }
    live = json.dumps({"payments/api": None, "new/one": allowed})
    done = offline("import", "--from", "-", "--into", ".", stdin=live)
    assert done.code == 0, done
    assert "repositories:\n  new/one: {access: {ci: pull}}\ninclude:" in done.out
    assert "payments/api" not in done.out
    (folder / "ecr_access.yaml").write_text(done.out)
    assert offline("validate").code == 0


def test_the_schema_for_editors(offline: Reconcile) -> None:
    printed = json.loads(offline("schema", "included").out)
    references = [one["$ref"] for one in printed["properties"].values()]
    main = json.loads(offline("schema").out)
    assert references == [
        f"ecr_access.schema.json#/properties/{key}" for key in printed["properties"]
    ]
    assert printed["properties"].keys() <= main["properties"].keys()
