"""`--rules FILE`: never rules of another team, beside the file's own, as real commands."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_2, SEED, Reconcile
from tests.cli.git import new_repository
from tests.pipelines.test_files import tool

RULES = """\
version: 1
accounts: {builders: "777788889999"}
rules:
  - {never: push, to: {outside: [builders]}, on: "payments/*", because: only builders push}
"""
PULLS = SEED.replace("push-pull", "pull")


@pytest.fixture
def rules(folder: Path) -> Path:
    (folder / "security").mkdir()
    file = folder / "security" / "rules.yaml"
    file.write_text(RULES)
    (folder / "ecr_access.yaml").write_text(PULLS)
    return file


def pushing(folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED)


def test_validate_names_both_places(offline: Reconcile, folder: Path, rules: Path) -> None:
    assert offline("validate", "--rules", str(rules.relative_to(folder))).code == 0
    pushing(folder)
    assert offline("validate").code == 0
    done = offline("validate", "--rules", "security/rules.yaml")
    assert done.code == 3
    assert "never: 'ci' gets push here, which it must never have" in done.out
    assert "see security/rules.yaml:4:13" in done.out


@pytest.mark.usefixtures("rules")
def test_the_environment_names_rules_files(offline: Reconcile, folder: Path) -> None:
    pushing(folder)
    done = offline("validate", ECR_ACCESS_RULES="security/rules.yaml")
    assert done.code == 3
    assert "see security/rules.yaml:4:13" in done.out
    (folder / "none.yaml").write_text("version: 1\nrules: []\n")
    both = offline("validate", ECR_ACCESS_RULES="none.yaml security/rules.yaml")
    assert both.code == 3
    assert offline("validate", "--rules", "none.yaml", ECR_ACCESS_RULES="missing.yaml").code == 0


@pytest.mark.usefixtures("rules")
def test_a_rules_file_with_a_mistake_fails_the_run(offline: Reconcile, folder: Path) -> None:
    (folder / "bad.yaml").write_text(RULES.replace("push,", "pushh,"))
    done = offline("validate", "--rules", "security/rules.yaml", "--rules", "bad.yaml")
    assert done.code == 3
    assert "bad.yaml:4:13: unknown-tier: 'pushh' is not a tier" in done.out
    assert offline("validate", "--rules", "missing.yaml").code == 2


@pytest.mark.usefixtures("rules")
def test_plan_apply_and_drift_hold_the_rules(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    option = ("--rules", "security/rules.yaml")
    pushing(folder)
    for command in (["plan"], ["apply", "--yes"], ["drift"]):
        assert reconcile(*command, *option).code == 3
    (folder / "ecr_access.yaml").write_text(PULLS)
    assert reconcile("apply", "--yes", *option).code == 0
    assert reconcile("drift", *option).code == 0
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE_2}, "Action": "ecr:PutImage"}
    ecr.create_repository("payments/unmanaged")
    ecr.set_policy_text(
        "payments/unmanaged", json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert reconcile("drift").code == 0
    done = reconcile("drift", *option)
    assert done.code == 4
    assert 'which it must never have: "only builders push"' in done.out


def test_a_saved_plan_is_applied_with_its_rules_files_alone(
    reconcile: Reconcile, folder: Path, rules: Path
) -> None:
    done = reconcile("plan", "--rules", "security/rules.yaml", "--out", "plan.json")
    assert done.code == 0
    assert "reconcile apply --rules security/rules.yaml plan.json" in done.err
    without = reconcile("apply", "plan.json", "--yes")
    assert without.code == 5
    assert "made with other rules files: security/rules.yaml; here: none" in without.err
    assert "hint: give --rules security/rules.yaml" in without.err
    (folder / "other.yaml").write_text(RULES + "# reviewed\n")
    assert reconcile("apply", "plan.json", "--yes", "--rules", "other.yaml").code == 5
    rules.rename(folder / "moved.yaml")
    rules.write_text(RULES + "# reviewed\n")
    edited = reconcile("apply", "plan.json", "--yes", "--rules", "security/rules.yaml")
    assert edited.code == 5
    assert "hint: 'reconcile plan --out PLAN' writes one" in edited.err
    assert reconcile("apply", "plan.json", "--yes", "--rules", "moved.yaml").code == 0


@pytest.mark.usefixtures("rules")
def test_a_plan_without_rules_files_is_not_applied_with_any(reconcile: Reconcile) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    done = reconcile("apply", "plan.json", "--yes", "--rules", "security/rules.yaml")
    assert done.code == 5
    assert "made with other rules files: none; here: security/rules.yaml" in done.err
    assert "hint: 'reconcile plan --out PLAN' writes one" in done.err


@pytest.mark.usefixtures("rules")
def test_an_earlier_version_is_read_with_the_same_rules_files(
    reconcile: Reconcile, folder: Path
) -> None:
    pushing(folder)
    new_repository(folder)
    (folder / "ecr_access.yaml").write_text(PULLS)
    assert "is invalid at HEAD" not in reconcile("plan", "--changed-since", "HEAD").err
    done = reconcile("plan", "--changed-since", "HEAD", "--rules", "security/rules.yaml")
    assert done.code == 0
    assert "ecr_access.yaml is invalid at HEAD" in done.err


def test_the_message_names_the_file_that_is_invalid(
    offline: Reconcile, reconcile: Reconcile, rules: Path
) -> None:
    rules.write_text(RULES.replace("never: push", "never: pushh"))
    assert offline("validate", "--rules", str(rules)).out.endswith(
        "/rules.yaml is invalid: 1 error\n"
    )
    done = reconcile("plan", "--rules", "security/rules.yaml")
    assert (done.code, done.err.splitlines()[-1]) == (
        3,
        "error: security/rules.yaml is invalid; nothing was done",
    )


def test_the_schema_for_editors(offline: Reconcile, folder: Path, rules: Path) -> None:
    for file, name in (("ecr_access.schema.json", "access"), ("rules.schema.json", "rules")):
        (folder / file).write_text(offline("schema", name).out)
    schema = folder / "rules.schema.json"
    assert tool("check-jsonschema", "--schemafile", schema, rules) == ""
    rules.write_text(RULES.replace("never: push", "never: [push]"))
    assert "['push'] is not of type 'string'" in tool(
        "check-jsonschema", "--schemafile", schema, rules
    )
