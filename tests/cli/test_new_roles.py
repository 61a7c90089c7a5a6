"""Roles that AWS does not know (yet): waited for, then told; with a probe repository, by name."""

from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, ROLE_2, SEED, Reconcile, runner, sandbox_environment

PROBING = SEED.replace("regions:", "probe_repository: scratch/probe\n  regions:")


def with_roles(ecr: Sandbox, *names: str) -> None:
    ecr.create_repository("payments/api")
    for name in names:
        ecr.create_role("444455556666", name)


def run_in(folder: Path, ecr: Sandbox) -> Reconcile:
    return runner(folder, sandbox_environment(ecr))


def test_a_new_role_is_waited_for(folder: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True, iam_delay=2)) as ecr:
        with_roles(ecr, "role2-1", "role2-2")
        assert run_in(folder, ecr)("apply", "--yes").code == 0
        assert [call.name for call in ecr.calls()].count("SetRepositoryPolicy") == 3


def test_one_that_does_not_exist_is_among_the_suspects(folder: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        with_roles(ecr, "role2-1")
        done = run_in(folder, ecr)("apply", "--yes", "--wait", "0.3")
        assert done.code == 1
        assert "waited up to 0.3 s; one of these principals does not exist (yet)" in done.out
        assert ROLE_1 in done.out
        assert ROLE_2 in done.out
        assert ecr.policy_text("payments/api") is None


def test_nobody_is_waited_for_where_nobody_is_added(folder: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        with_roles(ecr, "role2-1", "role2-2")
        reconcile = run_in(folder, ecr)
        assert reconcile("apply", "--yes").code == 0
        ecr.delete_role(ROLE_2)
        fewer = SEED.replace("ci: push-pull", "ci: pull").replace("      runtime: pull\n", "")
        (folder / "ecr_access.yaml").write_text(fewer)
        assert reconcile("apply", "--yes", "--wait", "600").code == 0


@pytest.fixture
def probing(folder: Path) -> Path:
    (folder / "ecr_access.yaml").write_text(PROBING)
    return folder


def test_a_probe_repository_tells_which(probing: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        with_roles(ecr, "role2-1")
        ecr.create_repository("scratch/probe")
        done = run_in(probing, ecr)("apply", "--yes", "--wait", "0")
        assert done.code == 1
        assert f"principals that do not exist (yet): {ROLE_2}; all others exist" in done.out
        assert ROLE_1 not in done.out.split("Access:")[1]
        assert ecr.policy_text("scratch/probe") is None


def test_a_probe_repository_with_images_is_not_touched(probing: Path) -> None:
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        with_roles(ecr, "role2-1")
        ecr.create_repository("scratch/probe")
        ecr.put_image("scratch/probe")
        done = run_in(probing, ecr)("apply", "--yes", "--wait", "0")
        assert "scratch/probe holds images, so it is not a scratch repository" in done.out
        written = {call for call in ecr.calls() if call.repository == "scratch/probe"}
        assert {call.name for call in written} == {"ListImages"}


def test_a_probe_repository_is_neither_managed_nor_unmanaged(probing: Path) -> None:
    (probing / "ecr_access.yaml").write_text(
        PROBING + '  "scratch/*": {access: {ci: pull}}\nunmanaged: {repositories: fail}\n'
    )
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        ecr.create_repository("scratch/probe")
        reconcile = run_in(probing, ecr)
        assert reconcile("apply", "--yes").code == 0
        assert ecr.policy_text("scratch/probe") is None
        assert reconcile("drift").code == 0
