"""`--only-mine`: the edit since a git revision is planned and applied, and drift left alone."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.saved.plan_format import digest_of
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, runner, sandbox_environment
from tests.cli.git import commit, new_repository
from tests.cli.test_base import BY_HAND, EDITED, OF_REGISTRY, PULL, add_by_hand, caused
from tests.cli.two_accounts import HERE, HOME, OTHER, ROLE

SINCE = ("--base", "HEAD", "--only-mine")
WEB = "  payments/web: {access: {ci: pull}}\n"
"""A repository more in the file."""

Document = dict[str, Any]


@pytest.fixture
def file(folder: Path, reconcile: Reconcile, ecr: Sandbox) -> Path:
    """A committed file of two repositories that is in force; then others changed both."""
    ecr.create_repository("payments/web")
    file = folder / "ecr_access.yaml"
    file.write_text(SEED + WEB)
    new_repository(folder)
    assert reconcile("apply", "--yes").code == 0
    add_by_hand(ecr)
    add_by_hand(ecr, "payments/web")
    return file


@pytest.fixture
def edited(file: Path) -> Path:
    """The same file, edited: `runtime` may push."""
    file.write_text(EDITED + WEB)
    return file


def is_edited(ecr: Sandbox) -> bool:
    """Whether the edit is in force, and what others changed as well."""
    text = ecr.policy_text("payments/api") or ""
    assert BY_HAND in text
    assert BY_HAND in (ecr.policy_text("payments/web") or "")
    return text.count("ecr:PutImage") == 2


@pytest.mark.usefixtures("edited")
def test_only_the_edit_is_planned_and_applied(reconcile: Reconcile, ecr: Sandbox) -> None:
    done = reconcile("plan", *SINCE, "--format", "json")
    assert done.code == 0, done
    document = json.loads(done.out)
    assert caused(document) == [("payments/api", "edit")]
    compared = document["compared_with"]
    assert (compared["edit"], compared["drift"], compared["both"]) == (1, 0, 0)
    assert (compared["only_mine"]["left_out"], compared["only_mine"]["left_out_in_part"]) == (1, 1)
    assert not is_edited(ecr)
    done = reconcile("apply", *SINCE, "--yes")
    assert done.code == 0, done
    assert "Left out as drift: 1 change, and a part of 1 other." in done.out
    assert is_edited(ecr)
    assert reconcile("plan", *SINCE, "--exit-code").code == 0
    assert reconcile("plan", "--exit-code").code == 4


def test_the_guards_judge_what_is_planned(reconcile: Reconcile, file: Path) -> None:
    guards = "guards: {max_revoked: {percent: 0, count: 0}}\n"
    file.write_text(EDITED + WEB + guards)
    assert reconcile("plan").code == 5
    assert reconcile("plan", *SINCE).code == 0
    file.write_text(SEED.replace("runtime: pull", "runtime: lambda") + WEB + guards)
    done = reconcile("plan", *SINCE)
    assert (done.code, "this would revoke or narrow 1 of 5 grants" in done.err) == (5, True), done


def test_a_saved_plan_is_applied_with_the_commit_that_it_was_compared_with(
    edited: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    commit(edited.parent)  # now HEAD has the edit
    done = reconcile("apply", "saved.plan", "--yes", "--format", "json")
    assert done.code == 0, done
    document = json.loads(done.out)
    assert caused(document) == [("payments/api", "edit")]
    assert document["compared_with"]["revision"] == "HEAD"
    assert document["compared_with"]["only_mine"]["left_out"] == 1
    assert is_edited(ecr)


@pytest.mark.usefixtures("edited")
def test_a_policy_that_changed_since_the_plan_is_stale(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    text = json.loads(ecr.policy_text("payments/api") or "")
    del text["Statement"][-1]
    ecr.set_policy_text("payments/api", json.dumps(text))
    done = reconcile("apply", "saved.plan", "--yes")
    assert (done.code, "stale" in done.out) == (5, True)


def forge(path: Path, edit: Callable[[Document], object]) -> None:
    """Edit a saved plan, with the digest that goes with it."""
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps({**document, "digest": digest_of(document)}))


def with_commit(id_: str) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        document["compared_with"]["only_mine"]["commit"] = id_

    return edit


def test_a_saved_plan_is_refused_without_its_earlier_version(
    edited: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    saved = edited.parent / "saved.plan"
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    written = saved.read_text()
    edited.write_text(SEED)
    other = commit(edited.parent)
    edited.write_text(EDITED + WEB)
    for edit, why in (
        (with_commit(other), "another version of ecr_access.yaml"),
        (with_commit("0" * 40), "which can't be read: the git repository of ecr_access.yaml has"),
        (lambda plan: plan["compared_with"].pop("only_mine"), "disagree on payments/api"),
    ):
        saved.write_text(written)
        forge(saved, edit)
        done = reconcile("apply", "saved.plan", "--yes")
        assert (done.code, why in " ".join(done.err.split())) == (5, True), done
    shutil.rmtree(edited.parent / ".git")
    saved.write_text(written)
    done = reconcile("apply", "saved.plan", "--yes", GIT_CEILING_DIRECTORIES=str(edited.parents[1]))
    assert (done.code, "an edit since HEAD, which can't be read" in done.err) == (5, True), done
    assert not is_edited(ecr)


def test_a_forged_live_policy_gives_nobody_access(
    edited: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    evil = {"Effect": "Allow", "Principal": {"AWS": f"{BY_HAND}-too"}, "Action": "ecr:PutImage"}

    def edit(document: Document) -> None:
        (change,) = document["changes"]
        for policy in change["policy"].values():
            policy["Statement"].append(evil)
            policy["Statement"].sort(key=lambda one: json.dumps(one, sort_keys=True))

    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    forge(edited.parent / "saved.plan", edit)
    done = reconcile("apply", "saved.plan", "--yes")
    assert (done.code, "stale" in done.out) == (5, True), done
    assert not is_edited(ecr)
    assert "by-hand-too" not in (ecr.policy_text("payments/api") or "")


def test_a_plan_with_causes_is_applied_as_a_whole(
    edited: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    commit(edited.parent)
    done = reconcile("apply", "--base", "HEAD~1", "--repository", "payments/api", "--yes")
    assert (done.code, "Compared with HEAD~1: 0 changes from this edit" in done.out) == (0, True)
    assert BY_HAND not in (ecr.policy_text("payments/api") or "")
    assert reconcile("plan", "--base", "HEAD~1", "--only-mine", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("plan", "--only-mine"), "hint: --base GIT_REF names it"),
        (("apply", "--yes", "--only-mine"), "hint: --base GIT_REF names it"),
        (("apply", "saved.plan", "--base", "HEAD"), "applied as a whole, without --base"),
        (("apply", "saved.plan", "--only-mine"), "applied as a whole, without --only-mine"),
    ],
)
@pytest.mark.usefixtures("edited")
def test_wrong_usage(reconcile: Reconcile, options: tuple[str], said: str) -> None:
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    done = reconcile(*options)
    assert (done.code, said in " ".join(done.err.split())) == (2, True), done


@pytest.mark.parametrize("older", [None, "version: 2\n"])
def test_without_an_earlier_version_it_is_refused(
    folder: Path, reconcile: Reconcile, older: str | None
) -> None:
    file = folder / "ecr_access.yaml"
    file.unlink() if older is None else file.write_text(older)
    new_repository(folder)
    file.write_text(SEED)
    for command in ("plan", "apply"):
        done = reconcile(command, *SINCE)
        assert (done.code, "can't be told from drift" in done.err) == (5, True), done


@pytest.mark.usefixtures("edited")
def test_two_options_of_one_revision_read_git_once(reconcile: Reconcile, tmp_path: Path) -> None:
    log, real = tmp_path / "git.log", shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    done = reconcile("plan", *SINCE, "--changed-since", "HEAD", "--format", "json", PATH=path)
    assert (done.code, caused(json.loads(done.out))) == (0, [("payments/api", "edit")])
    assert log.read_text().split().count("cat-file") == 1


def test_the_registrys_own_policy_keeps_what_others_added(
    folder: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    file = folder / "ecr_access.yaml"
    removing = f"{OF_REGISTRY}unmanaged: {{registry_statements: remove}}\n"
    via = '  "shared/*": {via: registry-policy, access: {ci: pull}}\n'
    text = removing.replace("repositories:\n", f"repositories:\n{via}")
    file.write_text(text)
    new_repository(folder)
    assert reconcile("apply", "--yes").code == 0
    policy = json.loads(ecr.registry_policy_text() or "")
    arn = "arn:aws:ecr:us-west-2:111122223333:repository/shared/*"
    by_hand = {"Effect": "Allow", "Principal": {"AWS": BY_HAND}, "Action": PULL, "Resource": arn}
    policy["Statement"].append({"Sid": "ByHand", **by_hand})
    ecr.set_registry_policy_text(json.dumps(policy))
    file.write_text(text.replace("{ci: pull}", "{ci: push-pull}"))
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    done = reconcile("apply", "saved.plan", "--yes")
    assert done.code == 0, done
    written = ecr.registry_policy_text() or ""
    assert ("ByHand" in written, "ecr:PutImage" in written) == (True, True)
    assert reconcile("plan", *SINCE, "--exit-code").code == 0


def test_included_files_are_part_of_the_earlier_version(
    folder: Path, reconcile: Reconcile, ecr: Sandbox
) -> None:
    head, _, entries = SEED.partition("repositories:\n")
    team = folder / "payments.yaml"
    (folder / "ecr_access.yaml").write_text(
        f'{head}include: [{{files: payments.yaml, may: ["payments/*"]}}]\n'
    )
    team.write_text(f"repositories:\n{entries}")
    new_repository(folder)
    assert reconcile("apply", "--yes").code == 0
    add_by_hand(ecr)
    team.write_text(f"repositories:\n{entries.replace('runtime: pull', 'runtime: push-pull')}")
    assert reconcile("plan", *SINCE, "--out", "saved.plan").code == 0
    commit(folder)
    assert reconcile("apply", "saved.plan", "--yes").code == 0
    text = ecr.policy_text("payments/api") or ""
    assert (BY_HAND in text, text.count("ecr:PutImage")) == (True, 2)


def test_the_rules_of_another_team_are_judged_on_the_policy_to_come(
    edited: Path, reconcile: Reconcile
) -> None:
    rules = edited.parent / "rules.yaml"
    rules.write_text(
        'version: 1\naccounts: {hand: "444455556666"}\nprincipals: {by-hand: {role: by-hand, '
        "account: hand}}\nrules: [{never: pull, to: [by-hand], because: nobody by hand}]\n"
    )
    assert reconcile("plan", "--rules", "rules.yaml").code == 0
    done = reconcile("plan", *SINCE, "--rules", "rules.yaml")
    assert (done.code, "nobody by hand" in done.err) == (5, True), done


def test_each_of_several_registries_keeps_its_drift(two_accounts: Sandbox, folder: Path) -> None:
    file, name = folder / "ecr_access.yaml", "payments/api"
    text = (
        "version: 1\nregistries:\n"
        f'  - {{name: staging, account: "{OTHER}", regions: [{HERE}], '
        f"assume_role: {{role_arn: {ROLE!r}, external_id: contract-17}}}}\n"
        f'  - {{name: central, account: "{HOME}", regions: [{HERE}]}}\n'
        'accounts: {workloads: "444455556666"}\n'
        "principals: {ci: {role: role2-1, account: workloads}}\n"
        f"repositories: {{{name}: {{access: {{ci: pull}}}}}}\n"
    )
    file.write_text(text)
    new_repository(folder)
    for account in (OTHER, HOME):
        two_accounts.create_repository(name, account=account, region=HERE)
    run = runner(folder, sandbox_environment(two_accounts))
    assert run("apply", "--yes").code == 0
    policy = json.loads(two_accounts.policy_text(name, account=OTHER, region=HERE) or "")
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": BY_HAND}, "Action": PULL})
    two_accounts.set_policy_text(name, json.dumps(policy), account=OTHER, region=HERE)
    file.write_text(text.replace("ci: pull", "ci: push-pull"))
    done = run("plan", *SINCE, "--out", "saved.plan", "--format", "json")
    compared = json.loads(done.out)["compared_with"]
    assert (compared["edit"], compared["only_mine"]["left_out_in_part"]) == (2, 1)
    done = run("apply", "saved.plan", "--yes")
    assert done.code == 0, done
    texts = [two_accounts.policy_text(name, account=one, region=HERE) for one in (OTHER, HOME)]
    assert [(BY_HAND in (one or ""), "PutImage" in (one or "")) for one in texts] == [
        (True, True),
        (False, True),
    ]
