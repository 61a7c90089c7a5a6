"""`reconcile import`: what it prints describes a live registry, which `plan --exit-code` proves."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.central_registry import FACTS, policy_of
from tests.cli.conftest import Done, Reconcile, clean_environment, runner, sandbox_environment

ROLE = "arn:aws:iam::444455556666:role/role2-1"
DEAD = "AROAEXAMPLEEXAMPLE123"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2008-10-17", "Statement": list(statements)})


def allow(principal: object, actions: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions, **more}


@pytest.fixture
def registry() -> Sandbox:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def run(registry: Sandbox, tmp_path: Path) -> Reconcile:
    return runner(tmp_path, sandbox_environment(registry))


def fill(registry: Sandbox, policies: dict[str, str | None]) -> None:
    for name, text in policies.items():
        registry.create_repository(name)
        if text is not None:
            registry.set_policy_text(name, text)


def planned(run: Reconcile, folder: Path, imported: Done) -> Done:
    (folder / "ecr_access.yaml").write_text(imported.out, encoding="utf-8")
    return run("plan", "--exit-code")


def test_the_plan_after_an_import_is_empty(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    deny = {
        "Sid": "no deletes",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:BatchDeleteImage",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
    }
    fill(
        registry,
        {
            "payments/api": policy(allow({"AWS": [ROLE, "444455556666"]}, PULL), deny),
            "payments/web": policy(allow("*", "ecr:BatchGetImage")),
            "tools/builder": None,
        },
    )
    done = run("import")
    assert (done.code, done.err.splitlines()[-1]) == (0, "repositories imported: 3; left out: 0")
    plan = planned(run, tmp_path, done)
    assert (plan.code, "3 in sync" in plan.out) == (0, True), plan
    assert not {"SetRepositoryPolicy", "DeleteRepositoryPolicy"} & {c for c, _ in registry.calls()}


def test_what_a_file_cant_say_is_left_out_by_name(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    fill(
        registry,
        {
            "a/token": policy(allow({"AWS": ROLE}, ["ecr:GetAuthorizationToken"])),
            "b/odd": policy({**allow({"AWS": ROLE}, PULL), "Extra": 1}),
            "c/good": policy(allow({"AWS": ROLE}, PULL)),
        },
    )
    done = run("import", "-q")
    assert done.code == 0
    assert [line.split(": ")[:2] for line in done.err.splitlines()] == [
        ["left out", "a/token"],
        ["left out", "b/odd"],
    ]
    for reason in ("GetAuthorizationToken has no effect", "$.Statement[0].Extra"):
        assert reason in done.err
        assert reason in done.out.partition("version: 1")[0]
    plan = planned(run, tmp_path, done)
    assert (plan.code, "1 in sync" in plan.out) == (0, True), plan


def test_deleted_principals_are_left_out_and_the_plan_removes_them(
    registry: Sandbox, run: Reconcile, tmp_path: Path
) -> None:
    fill(registry, {"a/b": policy(allow({"AWS": [ROLE, DEAD]}, PULL))})
    done = run("import")
    assert "deleted principals left out: 1; a plan removes them" in done.err
    assert f"{DEAD} (role): a/b" in done.out
    plan = planned(run, tmp_path, done)
    assert (plan.code, DEAD in plan.out, "1 revoked" in plan.out) == (4, True, True)


def test_several_regions(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        for name in ("same", "other", "half"):
            sandbox.create_repository(name, region="us-west-2")
        for name in ("same", "other"):
            sandbox.create_repository(name, region="eu-west-1")
            sandbox.set_policy_text(name, policy(allow({"AWS": ROLE}, PULL)), region="us-west-2")
        sandbox.set_policy_text("same", policy(allow({"AWS": ROLE}, PULL)), region="eu-west-1")
        run = runner(tmp_path, sandbox_environment(sandbox))
        done = run("import", "--region", "us-west-2", "--region", "eu-west-1")
        assert done.code == 0
        assert "left out: half: it does not exist in eu-west-1" in done.err
        assert "left out: other: its policy in eu-west-1 differs from that in us-west-2" in done.err
        assert planned(run, tmp_path, done).code == 0


@pytest.mark.skipif(not FACTS.exists(), reason="the facts of the real registry are not here")
@pytest.mark.parametrize("flat", [False, True])
def test_a_real_registry(tmp_path: Path, flat: bool) -> None:
    facts = json.loads(FACTS.read_text())
    account, region = facts["registry"]["account"], facts["registry"]["region"]
    (tmp_path / "accounts.json").write_text(json.dumps(facts["accounts"]))
    with Sandbox(account=account, region=region) as sandbox:
        fill(sandbox, {one["name"]: policy_of(one, facts) for one in facts["repositories"]})
        run = runner(tmp_path, sandbox_environment(sandbox))
        done = run("import", "--accounts", "accounts.json", *(["--flat"] if flat else []))
        assert planned(run, tmp_path, done).code == 0
    lines = [line for line in done.out.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert flat or len(lines) <= 350
    assert max(map(len, done.out.splitlines())) <= 160


def test_policies_of_a_file(tmp_path: Path) -> None:
    run = runner(tmp_path, clean_environment())
    policies = {
        "a/object": json.loads(policy(allow({"AWS": ROLE}, PULL))),
        "a/text": policy(allow({"AWS": ROLE}, PULL)),
        "b/none": None,
    }
    (tmp_path / "p.json").write_text(json.dumps(policies))
    where = ("--account", "111122223333", "--region", "us-west-2")
    done = run("import", "--from", "p.json", *where)
    assert done.code == 0
    assert run("import", "--from", "-", *where, stdin=json.dumps(policies)) == done
    assert run("validate", "-f", "-", stdin=done.out).code == 0
    assert run("import", "--from", "p.json", *where[:2]).code == 2
    assert "without --account" in run("import", "--from", "p.json", *where[2:]).err
