"""Several regions, of which one can't be reached: the others are planned, applied, rolled back."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Done, runner, sandbox_environment

HERE, DEAD, OPT_IN = "us-west-2", "eu-west-1", "ap-east-1"
NAME = "payments/api"
FILE = SEED.replace("regions: [us-west-2]", f"regions: [{DEAD}, {HERE}]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ecr_access.yaml").write_text(FILE)
    return tmp_path


@contextmanager
def serving(dead: str, live: Mapping[str, str] | None = None) -> Iterator[Sandbox]:
    """Serve the repository in both regions, with what is live there; one of them may be dead."""
    with Sandbox(Behaviour(dead_region=dead)) as sandbox:
        for region in (HERE, DEAD):
            sandbox.create_repository(NAME, region=region)
        for region, text in (live or {}).items():
            sandbox.set_policy_text(NAME, text, region=region)
        yield sandbox


@pytest.mark.parametrize("regions", [(HERE, OPT_IN), (OPT_IN, HERE), (OPT_IN,), (HERE, DEAD)])
@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--yes")])
def test_a_region_that_is_not_enabled(
    folder: Path, regions: tuple[str, ...], command: tuple[str, ...]
) -> None:
    """Where another region takes the credentials, and where a region must be enabled first."""
    (disabled,) = {OPT_IN, DEAD} & set(regions)
    (folder / "ecr_access.yaml").write_text(SEED.replace(HERE, ", ".join(regions)))
    with Sandbox(Behaviour(disabled_region=disabled)) as ecr:
        ecr.create_repository(NAME)
        done = runner(folder, sandbox_environment(ecr))(*command)
    told = done.out if len(regions) > 1 else done.err
    assert f"AWS does not accept the credentials in {disabled}: The security token" in told
    assert "the region may not be enabled for the account" in told
    assert f"aws account get-region-opt-status --region-name {disabled}" in told
    assert done.code == (6 if command[0] == "apply" and len(regions) > 1 else 1)


@pytest.mark.parametrize("regions", [f"{HERE}, us-wset-2", "us-wset-2"])
def test_a_region_that_there_is_not(folder: Path, regions: str) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace(HERE, regions))
    with Sandbox() as ecr:
        ecr.create_repository(NAME)
        done = runner(folder, sandbox_environment(ecr))("plan")
    assert 'failed: the sandbox knows no region "us-wset-2"' in done.out + done.err
    assert done.code == 1


def test_credentials_that_no_region_takes_are_bad(folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED)
    with Sandbox(Behaviour(disabled_region=HERE)) as ecr:
        done = runner(folder, sandbox_environment(ecr))("plan")
    assert done.err.splitlines() == [
        f"error: AWS does not accept the credentials in {HERE}: The security token included in "
        "the request is invalid",
        "hint: check with `aws sts get-caller-identity` that these credentials work",
    ]


def policies(ecr: Sandbox) -> dict[str, str | None]:
    return {region: ecr.policy_text(NAME, region=region) for region in (HERE, DEAD)}


def errors_of(done: Done) -> list[tuple[str, str, str]]:
    return [(e["repository"], e["region"], e["rule"]) for e in json.loads(done.out)["errors"]]


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_the_others_are_told_and_it_fails(folder: Path, command: str) -> None:
    with serving(DEAD) as ecr:
        done = runner(folder, sandbox_environment(ecr))(command, "--format", "json")
    assert done.code == 1
    assert errors_of(done) == [("*", DEAD, "read-failed")]
    assert [change["region"] for change in json.loads(done.out)["changes"]] == [HERE]


PATTERNS = FILE.replace("  payments/api:", '  "payments/*":')


@pytest.mark.parametrize("options", [(), ("--repository", "payments/*"), ("--repository", NAME)])
def test_a_pattern_that_could_not_be_looked_at_is_no_sync(
    folder: Path, options: tuple[str, ...]
) -> None:
    (folder / "ecr_access.yaml").write_text(PATTERNS)
    with serving(DEAD) as ecr:
        run = runner(folder, sandbox_environment(ecr))
        done = run("apply", "--yes", "--format", "json", *options)
        drift = run("drift", "--format", "json", *options)
    assert (done.code, drift.code) == (6, 1)
    assert errors_of(drift) == [("*", DEAD, "read-failed")]
    assert DEAD in json.loads(drift.out)["errors"][0]["region"]


def test_a_file_that_asks_for_nothing_hides_no_dead_region(folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(FILE.split("repositories:")[0] + "repositories: {}\n")
    with serving(DEAD) as ecr:
        done = runner(folder, sandbox_environment(ecr))("plan", "--format", "json")
    assert done.code == 1
    assert errors_of(done) == [("*", DEAD, "read-failed")]


def test_the_others_are_applied(folder: Path) -> None:
    with serving(DEAD) as ecr:
        done = runner(folder, sandbox_environment(ecr))("apply", "--yes")
        live = policies(ecr)
    assert done.code == 6
    assert f"all repositories ({DEAD}): error: read-failed: " in done.out
    assert (live[HERE] is None, live[DEAD]) == (False, None)


def test_the_others_are_rolled_back(folder: Path) -> None:
    with serving("") as ecr:
        run = runner(folder, sandbox_environment(ecr))
        assert run("apply", "--yes", "--journal", "j").code == 0
        applied = policies(ecr)
    with serving(DEAD, applied) as ecr:
        done = runner(folder, sandbox_environment(ecr))("rollback", "j", "--yes")
        live = policies(ecr)
    assert done.code == 6
    assert live == {HERE: None, DEAD: applied[DEAD]}


def test_a_saved_plan_is_applied_in_the_others(folder: Path) -> None:
    with serving("") as ecr:
        run = runner(folder, sandbox_environment(ecr))
        assert run("plan", "--out", "p.json").code == 0
    with serving(DEAD) as ecr:
        run = runner(folder, sandbox_environment(ecr))
        done = run("apply", "p.json", "--yes", "--format", "json")
    document = json.loads(done.out)
    assert done.code == 6
    assert {c["region"]: c["outcome"] for c in document["changes"]} == {HERE: "applied"}
    (error,) = document["errors"]
    assert (error["repository"], error["region"]) == ("*", DEAD)


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--yes")])
def test_where_none_can_be_reached_it_says_why(folder: Path, command: tuple[str, ...]) -> None:
    (folder / "ecr_access.yaml").write_text(SEED)
    with serving(HERE) as ecr:
        done = runner(folder, sandbox_environment(ecr))(*command)
    assert (done.code, done.out) == (1, "")
    assert "no response: the connection was closed" in done.err
