"""`plan --out` and `apply PLAN` as they are run: two processes with time in between."""

import json
import shlex
from pathlib import Path

import jsonschema
import pytest

from reconciler.access.schema import schema_text
from reconciler.plan.saved_json import digest_of
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Done, Reconcile

API = "payments/api"


@pytest.fixture
def saved(reconcile: Reconcile, folder: Path) -> Path:
    """The seed's plan, saved."""
    done = reconcile("plan", "--out", "plan.json")
    assert (done.code, done.err) == (0, "saved; apply it with: reconcile apply plan.json\n")
    return folder / "plan.json"


def apply(reconcile: Reconcile, plan: Path, *arguments: str) -> Done:
    return reconcile("apply", plan.name, "--yes", "--journal", "journal", *arguments)


def refused(reconcile: Reconcile, plan: Path, ecr: Sandbox, *options: str, code: int = 5) -> str:
    """Apply the plan in vain: nothing is written, to the registry or to a journal."""
    before = ecr.policy_text(API)
    done = apply(reconcile, plan, *options)
    assert done.code == code, done
    assert ecr.policy_text(API) == before
    assert not (plan.parent / "journal").exists()
    return done.err


def test_a_saved_plan_is_applied(reconcile: Reconcile, saved: Path) -> None:
    done = apply(reconcile, saved)
    assert done.code == 0, done
    assert "Apply: 1 applied." in done.out
    assert reconcile("drift").code == 0
    digest = json.loads(saved.read_text())["digest"]
    lines = map(json.loads, (saved.parent / "journal").read_text().splitlines())
    assert [line["plan"] for line in lines if line["kind"] == "begin"] == [digest]


def test_stdout_and_the_saved_plan_are_the_same_bytes(reconcile: Reconcile, folder: Path) -> None:
    done = reconcile("plan", "--format", "json", "--out", "plan.json")
    assert (folder / "plan.json").read_text() == done.out
    assert json.loads(done.out)["digest"] == digest_of(json.loads(done.out))


def test_real_output_is_what_the_schema_says(reconcile: Reconcile) -> None:
    printed = reconcile("schema", "plan")
    assert (printed.code, printed.out) == (0, schema_text("plan.schema.json"))
    validator = jsonschema.Draft202012Validator(json.loads(printed.out))
    for arguments in (
        ("plan",),
        ("drift",),
        ("apply", "--yes", "--journal", "journal"),
        ("drift",),
    ):
        done = reconcile(*arguments, "--format", "json")
        assert [error.message for error in validator.iter_errors(json.loads(done.out))] == []
        assert ("digest" in json.loads(done.out)) is (arguments == ("plan",))


def test_a_plan_that_was_applied_is_stale(reconcile: Reconcile, saved: Path) -> None:
    assert apply(reconcile, saved).code == 0
    done = apply(reconcile, saved)
    assert (done.code, "Apply: 1 stale." in done.out) == (5, True)


def test_an_edited_plan_is_refused(reconcile: Reconcile, ecr: Sandbox, saved: Path) -> None:
    saved.write_text(saved.read_text().replace("ecr:PutImage", "ecr:*"))
    assert "was edited or damaged since it was made" in refused(reconcile, saved, ecr)


def test_a_forged_plan_is_refused(reconcile: Reconcile, ecr: Sandbox, saved: Path) -> None:
    plan = json.loads(saved.read_text().replace("ecr:PutImage", "ecr:*"))
    saved.write_text(json.dumps({**plan, "digest": digest_of(plan)}))
    told = refused(reconcile, saved, ecr)
    assert f"the plan and ecr_access.yaml disagree on {API}" in told


def test_a_file_that_changed_since_is_refused(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, saved: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("runtime: pull", "runtime: push"))
    assert "another version of ecr_access.yaml; plan again" in refused(reconcile, saved, ecr)


def test_another_file_is_named(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, saved: Path
) -> None:
    (folder / "other.yaml").write_text(SEED.replace("runtime: pull", "runtime: push"))
    told = refused(reconcile, saved, ecr, "-f", "other.yaml")
    assert "the plan was made from ecr_access.yaml, and other.yaml is another file" in told
    assert "hint: -f ecr_access.yaml names it" in told


def test_the_command_that_applies_it_has_the_same_options(
    reconcile: Reconcile, folder: Path
) -> None:
    anyone = SEED.replace("repositories:", "  anyone: {public: true}\nrepositories:")
    (folder / "our file.yaml").write_text(anyone.replace("runtime: pull", "anyone: pull"))
    allow = ("--allow-public", "payments/api", "--allow-grants", "3")
    done = reconcile("plan", "-f", "our file.yaml", "--out", "p.json", *allow)
    command = "apply -f 'our file.yaml' --allow-grants 3 --allow-public payments/api p.json"
    assert f"apply it with: reconcile {command}\n" in done.err
    assert reconcile(*shlex.split(command), "--yes").code == 0


def test_what_is_no_plan_is_invalid(reconcile: Reconcile, ecr: Sandbox, saved: Path) -> None:
    saved.write_text(saved.read_text()[:-3])
    assert "the plan can't be read" in refused(reconcile, saved, ecr, code=3)
    saved.unlink()
    assert "there is no plan plan.json" in refused(reconcile, saved, ecr, code=2)


def test_a_part_is_saved_and_applied_as_a_part(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.create_repository("payments/web")
    both = SEED.replace("  payments/api:\n", '  "payments/*":\n')
    (folder / "ecr_access.yaml").write_text(both)
    assert reconcile("plan", "--repository", "*/web", "--out", "plan.json").code == 0
    assert apply(reconcile, folder / "plan.json").code == 0
    assert ecr.policy_text(API) is None
    assert ecr.policy_text("payments/web") is not None


def test_a_saved_plan_takes_no_selection(reconcile: Reconcile, saved: Path) -> None:
    done = apply(reconcile, saved, "--repository", API)
    assert (done.code, "a saved plan is applied as a whole" in done.err) == (2, True)
