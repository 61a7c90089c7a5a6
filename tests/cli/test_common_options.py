"""Options that many commands have: --quiet, --profile, and the short ones."""

from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Done, Reconcile, runner, sandbox_environment

QUIET = [
    "init",
    "import",
    "validate",
    "compile",
    "plan",
    "apply",
    "drift",
    "rollback",
    "compare",
    "sandbox",
]


@pytest.mark.parametrize("command", [*QUIET, "iam caller", "iam consumer", "handover terraform"])
def test_quiet_is_taken_by_all_that_have_notes(offline: Reconcile, command: str) -> None:
    told = offline(*command.split(), "--help").out
    assert "-q, --quiet" in told


@pytest.mark.parametrize("group", ["", "access", "iam", "handover"])
def test_the_summary_of_each_command_is_whole(offline: Reconcile, group: str) -> None:
    told = offline(*group.split(), "--help", COLUMNS="80").out
    summaries = told.partition("Commands:\n")[2].splitlines()
    assert summaries
    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_leaves_out_notes(reconcile: Reconcile, folder: Path, option: str) -> None:
    assert reconcile("init", "-f", "new.yaml", option) == Done(0, "", "")
    assert reconcile("plan", "--out", "p.json", "--allow-empty", "x/y", option).err == ""
    assert reconcile("apply", "p.json", "-y", option, "--journal", "kept").err == ""
    assert reconcile("rollback", "kept", "-y", option).err == ""
    (folder / "none").write_bytes(b"")
    assert reconcile("rollback", "none", option) == Done(0, "", "")


def test_quiet_shows_errors_refusals_and_warnings(reconcile: Reconcile, folder: Path) -> None:
    assert "stdin is not a terminal" in reconcile("apply", "-q").err
    assert "error: there is no file" in reconcile("plan", "-q", "-f", "x").err
    (folder / "ecr_access.yaml").write_text(SEED.replace("runtime: pull", "runtime: pulll"))
    assert "unknown-tier" in reconcile("plan", "-q").err
    (folder / "ecr_access.yaml").write_text(SEED + "tiers: {a: {actions: [ecr:PutImage]}}\n")
    assert "unused-tier" in reconcile("plan", "-q").err


@pytest.fixture
def profiles(folder: Path, ecr: Sandbox) -> Reconcile:
    """No credentials in the environment, those of the registry in a profile."""
    given = sandbox_environment(ecr)
    keys = {name: given[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    lines = [f"{name.lower()} = {value}" for name, value in keys.items()]
    (folder / "aws").write_text("\n".join(["[profile central]", *lines, ""]))
    rest = {name: value for name, value in given.items() if name not in keys}
    return runner(folder, {**rest, "AWS_CONFIG_FILE": str(folder / "aws")})


def test_a_profile(profiles: Reconcile, ecr: Sandbox) -> None:
    arguments = ("--profile", "central")
    assert profiles("apply", "-y").code != 0
    assert ecr.policy_text("payments/api") is None
    planned = profiles("plan", "-o", "p.json", *arguments)
    assert planned.err == "saved; apply it with: reconcile apply --profile central p.json\n"
    applied = profiles("apply", "p.json", "-y", "--journal", "kept", *arguments)
    assert applied.code == 0
    assert applied.err.endswith("to undo: reconcile rollback kept\n")
    assert profiles("drift", *arguments).code == 0
    assert profiles("rollback", "kept", "-y", "--profile", "nobody").code == 1
    undone = profiles("rollback", "kept", "-y", "--journal", "undone")
    assert undone.code == 0
    assert "the journal says to use the profile central\n" in undone.err
    assert ecr.policy_text("payments/api") is None


@pytest.mark.parametrize("transport", ["fast", "boto3"])
def test_a_transport(reconcile: Reconcile, transport: str) -> None:
    option = ("--transport", transport)
    assert reconcile("apply", "-y", *option).code == 0
    assert reconcile("drift", *option).code == 0
    told = reconcile("access", "matrix", "--live", *option)
    assert told.code == 0


def test_another_transport_is_none(offline: Reconcile) -> None:
    done = offline("plan", "--transport", "carrier-pigeon")
    assert (done.code, "'fast', 'boto3'" in done.err) == (2, True)


def test_an_empty_profile_is_no_profile(offline: Reconcile) -> None:
    done = offline("plan", "--profile", "")
    assert (done.code, "the name is empty" in done.err) == (2, True)


def test_the_version_in_short(offline: Reconcile) -> None:
    assert offline("-V") == offline("--version")
