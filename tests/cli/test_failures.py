"""Whatever goes wrong: one clear line, the right exit code, no traceback."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.requests.protocol import Call, ServiceError
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import Reconcile, runner, sandbox_environment


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


CALLER = "arn:aws:sts::111122223333:assumed-role/ci/build"
MANY = [f"app/r{number:02}" for number in range(12)]


def deny(operation: str) -> Callable[[Call], None]:
    """Refuse a call as a service does whose caller's identity policies do not allow it."""

    def denied(call: Call) -> None:
        if call.name == operation:
            raise ServiceError(
                "AccessDeniedException",
                f"User: {CALLER} is not authorized to perform: ecr:{operation} on resource: "
                f"arn:aws:ecr:us-west-2:111122223333:repository/{call.repository} because no "
                f"identity-based policy allows the ecr:{operation} action",
            )

    return denied


def many(folder: Path, ecr: Sandbox) -> None:
    """Make many repositories, and a file with the same access to each."""
    head = (folder / "ecr_access.yaml").read_text().split("repositories:")[0]
    entries = "".join(f"  {name}: {{access: {{ci: push, runtime: pull}}}}\n" for name in MANY)
    (folder / "ecr_access.yaml").write_text(f"{head}repositories:\n{entries}")
    for name in MANY:
        ecr.create_repository(name)


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        (("plan",), "GetRepositoryPolicy"),
        (("drift",), "GetRepositoryPolicy"),
        (("apply", "--yes"), "SetRepositoryPolicy"),
    ],
)
def test_a_denial_of_many_is_one_line_that_names_its_action_once(
    reconcile: Reconcile, folder: Path, ecr: Sandbox, command: tuple[str, ...], operation: str
) -> None:
    many(folder, ecr)
    ecr.before_call(deny(operation))
    done, as_json = reconcile(*command), reconcile(*command, "--format", "json")
    (line,) = (line for line in done.out.splitlines() if operation in line)
    assert line.count(operation) == 1
    assert (
        f"ecr:{operation} on 12 repositories: {', '.join(MANY[:10])} and 2 more (us-west-2): not "
        f"allowed for {CALLER}: no identity-based policy allows it"
    ) in line
    assert (done.code, as_json.code) == (1, 1)
    each = json.loads(as_json.out)["changes" if command[0] == "apply" else "errors"]
    assert [error["repository"] for error in each] == MANY


def test_who_loses_against_another_writer_is_told_to_plan_again(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    other = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ' \
        '"777788889999"}, "Action": "ecr:BatchGetImage"}]}'  # fmt: skip

    def overwrite(call: Call) -> None:
        if call.name == "SetRepositoryPolicy":
            ecr.set_policy_text("payments/api", other)

    ecr.after_call(overwrite)
    done = reconcile("apply", "--yes")
    assert done.code == 6
    assert (
        "failed   payments/api (us-west-2): written, but changed by someone else right after; "
        "run plan again"
    ) in done.out


def test_long_throttling_is_told_once_although_piped(folder: Path) -> None:
    with Sandbox(Behaviour(throttle_rate=1.5)) as ecr:
        many(folder, ecr)
        done = runner(folder, sandbox_environment(ecr))("plan")
    assert done.code == 0
    assert done.err == "AWS throttles the calls, so the run continues at a lower rate\n"
