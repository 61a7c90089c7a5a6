"""Whatever goes wrong: one clear line, the right exit code, no traceback."""

from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile


def test_no_file_is_wrong_usage_with_a_hint(offline: Reconcile) -> None:
    done = offline("validate", "-f", "nowhere.yaml")
    assert done.code == 2
    assert "nowhere.yaml" in done.err
    assert "reconcile init" in done.err


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["plan", "--nonsense"], ["plan", "--format", "xml"], ["apply", "one", "two"]],
)
def test_wrong_usage(offline: Reconcile, arguments: list[str]) -> None:
    assert offline(*arguments).code == 2


def test_no_credentials(offline: Reconcile) -> None:
    done = offline("plan")
    assert done.code == 1
    assert "credentials" in done.err
    assert done.out == ""


def test_no_connection(offline: Reconcile) -> None:
    done = offline(
        "plan",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="x",
        AWS_SECRET_ACCESS_KEY="x",
    )
    assert done.code == 1
    assert "127.0.0.1:9" in done.err
    assert len(done.err.strip().splitlines()) <= 2


def test_debug_shows_the_traceback(offline: Reconcile) -> None:
    done = offline("plan", "--debug")
    assert done.code == 1
    assert "Traceback" in done.err


def test_an_invalid_file_stops_every_command(offline: Reconcile, folder: Path) -> None:
    file = folder / "ecr_access.yaml"
    file.write_text(file.read_text().replace("runtime: pull", "runtime: pulll"))
    for command in ("validate", "compile", "plan", "drift", "apply"):
        done = offline(command)
        assert done.code == 3, command
        shown = done.out if command == "validate" else done.err
        assert "ecr_access.yaml:14:16: unknown-tier" in shown, command
        assert "did you mean 'pull'?" in shown


def test_an_unreadable_live_policy_is_shown_and_replaced(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    ecr.set_policy_text("payments/api", '{"Version":"2012-10-17","\u001b[31m":1}')
    planned = reconcile("plan")
    assert planned.code == 0
    assert "unreadable-policy" in planned.out
    assert "\x1b" not in planned.out
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("drift").code == 0


def test_a_file_from_the_environment(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").rename(folder / "other.yaml")
    assert offline("validate", ECR_ACCESS_FILE="other.yaml").code == 0
    assert offline("validate").code == 2


def test_init_writes_a_valid_file_and_never_overwrites(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").unlink()
    assert offline("init").code == 0
    assert offline("validate").code == 0
    before = (folder / "ecr_access.yaml").read_bytes()
    assert offline("init").code == 5
    assert (folder / "ecr_access.yaml").read_bytes() == before
