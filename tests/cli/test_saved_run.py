"""`plan --out` and `apply PLAN` as they are run: two processes with time in between."""

import json
import shlex
from pathlib import Path

import jsonschema
import pytest

from reconciler.access_file.document.schema import schema_text
from reconciler.plan.saved.parts import digest_of
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Done, Reconcile

API = "payments/api"
FOREIGN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:role/other"},
                "Action": "ecr:ListImages",
            }
        ],
    }
)


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


def test_a_plan_that_was_applied_is_in_force(
    reconcile: Reconcile, ecr: Sandbox, saved: Path
) -> None:
    """A pipeline's step that is run again passes; the journal still undoes what was written."""
    assert apply(reconcile, saved).code == 0
    written = ecr.policy_text(API)
    again = apply(reconcile, saved)
    assert (again.code, ecr.policy_text(API)) == (0, written)
    assert "\nin-force  payments/api (us-west-2)\n\nApply: 1 in force already.\n" in again.out
    told = json.loads(apply(reconcile, saved, "--format", "json").out)
    assert [(c["outcome"], c["error"]) for c in told["changes"]] == [("in-force", None)]
    lines = map(json.loads, (saved.parent / "journal").read_text().splitlines())
    ends = [(line["outcome"], line["written"]) for line in lines if line["kind"] == "end"]
    assert ends == [("applied", True), ("in-force", False), ("in-force", False)]
    assert reconcile("rollback", "journal", "--yes").code == 0
    assert ecr.policy_text(API) is None


@pytest.mark.parametrize(
    ("edited", "ended"),
    [
        ((), (0, "1 applied, 2 in force already")),
        (("b",), (5, "2 in force already, 1 stale")),
        (("a",), (6, "1 applied, 1 in force already, 1 stale")),
        (("a", "b", "c"), (5, "3 stale")),
    ],
)
def test_what_is_in_force_in_part(
    reconcile: Reconcile,
    folder: Path,
    ecr: Sandbox,
    edited: tuple[str, ...],
    ended: tuple[int, str],
) -> None:
    """Two of three were applied; then some are edited by hand, and the whole is run again."""
    entries = "".join(f"  app/{name}:\n    access: {{ci: pull}}\n" for name in "abc")
    (folder / "ecr_access.yaml").write_text(SEED.split("  payments/api:")[0] + entries)
    for name in "abc":
        ecr.create_repository(f"app/{name}")
    assert reconcile("plan", "--out", "plan.json").code == 0
    assert reconcile("apply", "--yes", "--repository", "app/a", "--repository", "app/c").code == 0
    for name in edited:
        ecr.set_policy_text(f"app/{name}", FOREIGN)
    again = reconcile("apply", "plan.json", "--yes")
    assert (again.code, again.out.splitlines()[-1]) == (ended[0], f"Apply: {ended[1]}.")


def test_what_was_removed_is_told_as_removed(
    reconcile: Reconcile, folder: Path, ecr: Sandbox
) -> None:
    ecr.set_policy_text(API, FOREIGN)
    ecr.create_repository("payments/web")
    cut = SEED.replace("access:\n      ci: push-pull\n      runtime: pull", "access: {}")
    (folder / "ecr_access.yaml").write_text(f"{cut}  payments/web: {{access: {{ci: pull}}}}\n")
    done = reconcile("apply", "--yes", "--allow-empty", API)
    assert done.code == 0, done
    assert "Plan: 1 policy to set, 1 policy to remove, 0 repositories to create;" in done.out
    assert "Apply: 2 applied (1 policy set, 1 policy removed).\n" in done.out


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
    assert "another version of ecr_access.yaml\n" in refused(reconcile, saved, ecr)


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
