"""With --format json stdout holds one JSON document, whatever goes wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.options import asks_for_json
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.apply.journal_making import A, B, journal
from tests.cli.conftest import SEED, Done, Reconcile, runner, sandbox_environment
from tests.cli.test_interrupt import start, wait_for

JSON = ("--format", "json")
NO_WAY = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
}
COMMANDS = {
    "validate": ["validate"],
    "plan": ["plan"],
    "apply": ["apply", "--yes"],
    "drift": ["drift"],
    "rollback": ["rollback", "kept.jsonl", "--yes"],
    "compare": ["compare", "left.json", "kept.jsonl"],
    "iam consumer": ["iam", "consumer", "ci"],
}
CALL = ["plan", "apply", "drift", "rollback"]
READ_A_FILE = ["plan", "apply", "drift", "iam consumer"]


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "kept.jsonl").write_bytes(journal([(A, B, "applied")]))


def failure(done: Done, code: int) -> str:
    """Give the error's message, having checked the document that it stands in."""
    document = json.loads(done.out)
    error = document["error"]
    assert set(document) <= {"error", "problems"}
    assert set(error) == {"message", "hint", "exit_code"}
    assert (done.code, error["exit_code"]) == (code, code)
    assert error["message"] in done.err
    return str(error["message"])


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option(offline: Reconcile, command: str) -> None:
    done = offline(*COMMANDS[command], *JSON, "--nonsense")
    assert failure(done, 2) == "No such option: --nonsense"
    hint = json.loads(done.out)["error"]["hint"]
    assert hint == f"'reconcile {command} --help' lists the options"


@pytest.mark.parametrize(
    "line",
    ["nonsense", "schema", "compile", "init", "iam caller", "iam", "apply one two", "rollback"],
)
def test_other_wrong_usage(offline: Reconcile, line: str) -> None:
    assert failure(offline(*line.split(), "--format=json"), 2)


@pytest.mark.parametrize("command", ["validate", *READ_A_FILE])
@pytest.mark.parametrize(
    ("file", "told"), [("nowhere.yaml", "there is no file nowhere.yaml"), ("", "the path is empty")]
)
def test_no_file(offline: Reconcile, command: str, file: str, told: str) -> None:
    assert told in failure(offline(*COMMANDS[command], *JSON, "-f", file), 2)


@pytest.mark.parametrize("command", READ_A_FILE)
def test_an_invalid_file_has_the_problems_of_validate(
    offline: Reconcile, folder: Path, command: str
) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("runtime: pull", "runtime: pulll"))
    done = offline(*COMMANDS[command], *JSON)
    assert "ecr_access.yaml is invalid" in failure(done, 3)
    validated = json.loads(offline("validate", *JSON).out)
    assert json.loads(done.out)["problems"] == validated["problems"] != []


@pytest.mark.parametrize("command", CALL)
@pytest.mark.parametrize(
    ("variables", "told"), [({}, "credentials"), (NO_WAY, "127.0.0.1:9")], ids=["none", "nobody"]
)
def test_no_way_to_aws(
    offline: Reconcile, command: str, variables: dict[str, str], told: str
) -> None:
    assert told in failure(offline(*COMMANDS[command], *JSON, **variables), 1)


@pytest.mark.parametrize("command", CALL)
def test_an_unknown_profile(offline: Reconcile, command: str) -> None:
    done = offline(*COMMANDS[command], *JSON, "--profile", "nobody")
    assert "nobody" in failure(done, 1)


@pytest.mark.parametrize("command", ["apply", "rollback"])
def test_a_wrong_account(folder: Path, command: str) -> None:
    with Sandbox(account="999900001111") as other:
        reconcile = runner(folder, sandbox_environment(other))
        assert "999900001111" in failure(reconcile(*COMMANDS[command], *JSON), 5)


def test_what_is_no_plan_journal_or_document(offline: Reconcile) -> None:
    assert failure(offline("apply", "ecr_access.yaml", *JSON), 3)
    assert failure(offline("rollback", "ecr_access.yaml", *JSON), 3)
    assert failure(offline("compare", "nowhere.json", "nothing.json", *JSON), 2)


@pytest.mark.parametrize(
    ("path", "code"), [("no/folder/plan.json", 1), (".", 2), ("-", 2), ("kept.jsonl", 2)]
)
def test_a_plan_that_cannot_be_saved(reconcile: Reconcile, path: str, code: int) -> None:
    assert failure(reconcile("plan", *JSON, "--out", path), code)


@pytest.mark.parametrize("path", [".", "-", ""])
@pytest.mark.parametrize("command", ["apply", "rollback"])
def test_a_journal_that_can_be_none(reconcile: Reconcile, command: str, path: str) -> None:
    assert failure(reconcile(*COMMANDS[command], *JSON, "--journal", path), 2)


def test_a_refused_plan_is_the_document(reconcile: Reconcile, ecr: Sandbox) -> None:
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*"}]}'
    ecr.set_policy_text("payments/api", policy)
    for command, code in (("plan", 0), ("apply", 5)):
        done = reconcile(command, *JSON)
        assert done.code == code, done
        assert json.loads(done.out)["changes"]


def test_a_journal_without_a_write(offline: Reconcile, folder: Path) -> None:
    (folder / "kept.jsonl").write_bytes(b"")
    done = offline("rollback", "kept.jsonl", *JSON)
    document = json.loads(done.out)
    assert (done.code, document["changes"]) == (0, [])
    assert document["registry"] == {"account": None, "regions": []}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(Behaviour(latency=0.3)) as ecr:
        process = start(tmp_path, ecr, "plan", *JSON)
        wait_for(ecr, "DescribeRepositories", process)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert failure(Done(process.returncode, out, err), 1) == "interrupted"


def in_process(script: str) -> Done:
    """Run Python code in a process of its own."""
    imports = "from reconciler.cli.exits import fail; from reconciler.cli.terminal import out; "
    done = subprocess.run(
        [sys.executable, "-c", imports + script], capture_output=True, encoding="utf-8", check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_an_error_that_nobody_expects() -> None:
    done = in_process('exit(fail(ValueError("a\\x1bb"), debug=False, as_json=True))')
    assert failure(done, 1) == "ValueError: a\\x1bb (a bug; --debug shows where)"


def test_nothing_follows_a_document_that_was_begun() -> None:
    done = in_process('out("{}"); exit(fail(ValueError("late"), debug=False, as_json=True))')
    assert (done.code, done.out) == (1, "{}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan --format json", True),
        ("--format=json", True),
        ("plan --format text --format json", True),
        ("plan --format json --format text", False),
        ("plan --format xml", False),
        ("apply -- --format json", False),
        ("apply x--format json", False),
        ("apply --format", False),
        ("", False),
    ],
)
def test_what_asks_for_json(line: str, expected: bool) -> None:
    assert asks_for_json(line.split()) is expected
