"""`reconcile access` and `reconcile explain` as processes, offline and live."""

import csv
import io
import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, ROLE_2, SEED, Reconcile
from tests.policy.making import PULL, PUT, allow, deny, doc

NOTE = (
    "not looked at: identity policies, the registry's own policy, and policies of the organization"
)
LINE = SEED.splitlines().index("      ci: push-pull") + 1
OTHERS = """\
  "payments/*":
    access: {workloads: lambda}
"""


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "ecr_access.yaml"
    path.write_text(SEED + OTHERS)
    return path


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["who-can", "push", "payments/api"], 0),
        (["who-can", "admin", "payments/api"], 4),
        (["who-can", "pull", "payments/new"], 4),
        (["who-can", "lambda", "payments/new"], 0),
        (["who-can", "lambda", "payments/*"], 0),
        (["can", "ci", "push", "payments/api"], 0),
        (["can", "runtime", "push", "payments/api"], 4),
        (["can", ROLE_2, "ecr:BatchGetImage", "payments/api"], 0),
        (["can", "999900001111", "pull", "payments/api"], 4),
        (["can", "ecs.amazonaws.com", "pull", "payments/api"], 4),
        (["of", "ci"], 0),
        (["of", "999900001111"], 0),
        (["matrix"], 0),
        (["matrix", "--repository", "none/*"], 0),
        (["can", "cii", "push", "payments/api"], 2),
        (["can", "ci", "puhs", "payments/api"], 2),
        (["can", "ci", "push", "payment/api"], 2),
        (["who-can", "push", "nothing/alike"], 2),
        (["of", "runtim"], 2),
        (["of", "ci", "--repository", "payment/api"], 2),
        (["matrix", "--repository", "payment/api"], 2),
        (["who-can", "push"], 2),
        (["who-can", "push", "payments/api", "--format", "csv"], 2),
        (["of", "ci", "--format", "html"], 2),
        (["of", "ci", "--live"], 1),
        ([], 2),
    ],
)
def test_exit_codes(offline: Reconcile, arguments: list[str], code: int) -> None:
    done = offline("access", *arguments)
    assert done.code == code, done.err
    assert done.err.count(NOTE) == (code in (0, 4))


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["can", "runtme", "pull", "payments/api"], "PRINCIPAL runtme", "'runtime'"),
        (["can", "ci", "pul", "payments/api"], "TIER|ACTION pul", "'pull'"),
        (["can", "ci", "pull", "payments/apj"], "REPO paymnts/apj", "'payments/api'"),
    ],
)
def test_an_unknown_name(offline: Reconcile, arguments: list[str], message: str, hint: str) -> None:
    arguments = [a.replace("payments/apj", "paymnts/apj") for a in arguments]
    done = offline("access", *arguments, "--format", "json")
    assert done.code == 2
    error = json.loads(done.out)["error"]
    assert error["message"].startswith(message)
    assert error["hint"] == f"did you mean {hint}?"


@pytest.mark.usefixtures("file")
def test_quiet_hides_the_note(offline: Reconcile) -> None:
    done = offline("access", "who-can", "push", "payments/api", "-q")
    assert (done.code, done.err) == (0, "")


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("option", ["-f", "stdin"])
def test_the_answers_in_json(offline: Reconcile, file: Path, option: str) -> None:
    given = ["-f", "-"] if option == "stdin" else ["-f", file.name]
    done = offline(
        "access", "who-can", "push", "payments/api", "--format", "json", *given,
        stdin=file.read_text(),
    )  # fmt: skip
    (answer,) = json.loads(done.out)["answers"]
    assert answer == {
        "repository": "payments/api",
        "principal": ROLE_1,
        "name": "ci",
        "tier": "push",
        "actions": [
            "ecr:BatchCheckLayerAvailability",
            "ecr:CompleteLayerUpload",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ],
        "verdict": "allowed",
        "through": None,
        "conditions": {},
        "source": {"path": "stdin" if option == "stdin" else file.name, "line": LINE},
    }


@pytest.mark.usefixtures("file")
def test_the_matrix_as_csv_and_markdown(offline: Reconcile) -> None:
    rows = list(csv.reader(io.StringIO(offline("access", "matrix", "--format", "csv").out)))
    assert [row[0] for row in rows] == ["repository", "payments/*", "payments/api"]
    assert {len(row) for row in rows} == {4}
    table, _, legend = offline("access", "matrix", "--format", "markdown").out.partition("\n\n")
    assert len(table.splitlines()) == 4
    assert table.startswith("| repository | ")
    assert "(arn:aws:iam" not in table
    assert "- `ci`: `ci (arn:aws:iam::" in legend


@pytest.mark.usefixtures("file")
def test_explain(offline: Reconcile) -> None:
    done = offline("explain", "payments/api")
    assert (done.code, done.err) == (0, "")
    assert f"# ecr_access.yaml:{LINE}  ci: push-pull" in done.out
    assert "(pattern payments/*)" in done.out
    found = json.loads(offline("explain", "payments/new", "--format", "json").out)
    compiled = json.loads(offline("compile", "--repository", "payments/new").out)
    assert found["policy"] == compiled["payments/new"]
    assert found["statements"][0]["lines"][0]["entry"] == "payments/*"
    assert offline("explain", "none").code == 2


def test_an_invalid_file(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text("version: 2\n")
    assert offline("access", "matrix").code == 3
    assert offline("explain", "payments/api").code == 3


LIVE = doc(
    allow(ROLE_2, PULL, Sid="by hand"),
    deny(ROLE_1, PUT, Sid="no push"),
)


def test_the_live_registry(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("access", "who-can", "pull", "payments/api", "--live").code == 4
    ecr.set_policy_text("payments/api", LIVE)
    ecr.create_repository("stray")
    done = reconcile("access", "who-can", "pull", "payments/api", "--live", "--format", "json")
    assert done.code == 0
    (answer,) = json.loads(done.out)["answers"]
    assert (answer["principal"], answer["name"]) == (ROLE_2, "runtime")
    assert answer["source"] == {"policy": "repository", "sid": "by hand", "statement": 0}
    denied = reconcile("access", "can", "ci", "ecr:PutImage", "payments/api", "--live")
    assert denied.code == 4
    assert "Statement[1] " in denied.out
    assert '"no push"' in denied.out
    of = reconcile("access", "of", "runtime", "--live")
    assert (of.code, of.out.count("payments/api")) == (0, 1)
    matrix = reconcile("access", "matrix", "--live", "--format", "csv")
    assert [line.split(",")[0] for line in matrix.out.splitlines()[1:]] == [
        "payments/api",
        "stray",
    ]
    missing = reconcile("access", "who-can", "pull", "payments/apu", "--live")
    assert missing.code == 2
    assert "did you mean 'payments/api'?" in missing.err


def test_the_probe_repository_is_asked_about_by_name_only(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    text = SEED.replace(
        "  regions: [us-west-2]\n", "  regions: [us-west-2]\n  probe_repository: scratch\n"
    )
    assert "scratch" in text
    (folder / "ecr_access.yaml").write_text(text)
    ecr.create_repository("scratch")
    ecr.set_policy_text("scratch", LIVE)
    assert reconcile("access", "can", "runtime", "pull", "scratch", "--live").code == 0
    assert "scratch" not in reconcile("access", "matrix", "--live").out
    assert "scratch" not in reconcile("access", "of", "runtime", "--live").out


def test_a_live_policy_that_is_not_understood(reconcile: Reconcile, ecr: Sandbox) -> None:
    ecr.set_policy_text("payments/api", LIVE.replace('"Sid"', '"Sidd"', 1))
    ecr.create_repository("other")
    asked = reconcile("access", "who-can", "pull", "payments/api", "--live")
    assert asked.code == 1
    assert "the live policy is not understood" in asked.err
    assert reconcile("access", "can", "ci", "pull", "other", "--live").code == 4
    matrix = reconcile("access", "matrix", "--live", "--format", "json")
    assert matrix.code == 1
    assert json.loads(matrix.out) == {"answers": []}
    assert "payments/api: the live policy is not understood" in matrix.err
