"""`reconcile compare`: two documents by meaning, with the difference told as access."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, Reconcile

pytestmark = pytest.mark.usefixtures("files")

PULL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE_1}, "Action": "ecr:BatchGetImage"}],
}
MORE = json.loads(json.dumps(PULL).replace('"ecr:BatchGetImage"', '["ecr:PutImage", "ecr:batch*"]'))


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "pull.json").write_text(json.dumps(PULL))
    (folder / "same.json").write_text(json.dumps({**PULL, "Id": "x"}, indent=4))
    (folder / "more.json").write_text(json.dumps(MORE))
    (folder / "bad.json").write_text(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}'
    )
    return folder


def test_the_same_meaning(offline: Reconcile) -> None:
    done = offline("compare", "pull.json", "same.json")
    assert (done.code, done.out) == (0, "pull.json and same.json mean the same.\n")


def test_another_meaning_is_told_as_access(offline: Reconcile) -> None:
    done = offline("compare", "pull.json", "more.json")
    assert done.code == 4
    assert f"~ {ROLE_1}   gains ecr:PutImage + ecr:batch*\n" in done.out


def test_json(offline: Reconcile) -> None:
    done = offline("compare", "pull.json", "more.json", "--format", "json")
    document = json.loads(done.out)
    assert document["equal"] is False
    (added,) = document["grants"]["added"]
    assert (added["principal"], added["actions"]) == (ROLE_1, ["ecr:PutImage", "ecr:batch*"])
    assert json.loads(offline("compare", "pull.json", "same.json", "--format", "json").out)["equal"]


@pytest.mark.parametrize("sides", [("bad.json", "pull.json"), ("pull.json", "bad.json")])
def test_what_is_no_policy_names_the_place(offline: Reconcile, sides: tuple[str, str]) -> None:
    done = offline("compare", *sides)
    assert done.code == 3
    assert "bad.json: not a policy document: $.Statement[0].Effect: " in done.out
    document = json.loads(offline("compare", *sides, "--format", "json").out)
    assert document["equal"] is False
    assert document["problems"][0]["place"] == "$.Statement[0].Effect"


def test_a_malformed_document_is_not_even_its_copy(offline: Reconcile) -> None:
    assert offline("compare", "bad.json", "bad.json").code == 3


def test_stdin_on_either_side(offline: Reconcile) -> None:
    assert offline("compare", "-", "pull.json", stdin=json.dumps(PULL)).code == 0
    assert offline("compare", "pull.json", "-", stdin=json.dumps(MORE)).code == 4
    assert offline("compare", "-", "-", stdin="x").code == 2


def test_files_that_are_not_there_are_wrong_usage(offline: Reconcile) -> None:
    assert offline("compare", "pull.json", "nowhere.json").code == 2
    assert offline("compare", "pull.json").code == 2


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_an_account_id_lives_in_the_partition_around_it(
    offline: Reconcile, files: Path, partition: str
) -> None:
    root = f"arn:{partition}:iam::444455556666:root"
    bare = json.dumps(PULL).replace(ROLE_1, "444455556666")
    (files / "root.json").write_text(json.dumps(PULL).replace(ROLE_1, root))
    assert offline("compare", "root.json", "-", stdin=bare).code == 0


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"null", b"[]", b'{"policyText": "x"}'])
def test_whatever_else_a_file_holds(offline: Reconcile, files: Path, content: bytes) -> None:
    (files / "odd.json").write_bytes(content)
    done = offline("compare", "odd.json", "pull.json")
    assert done.code == 3
    assert "odd.json: not a policy document: $" in done.out


def test_the_structure_of_a_change_on_request(reconcile: Reconcile) -> None:
    plain, explained = reconcile("plan").out, reconcile("plan", "--show-policy").out
    sid = '      +      "Sid": "EcrAccessPull"\n'
    assert sid not in plain
    assert "      --- live\n      +++ planned\n      @@ -0,0 +1,37 @@\n" in explained
    assert sid in explained


def test_the_diff_is_the_same_however_the_service_shuffles(
    reconcile: Reconcile, ecr: Sandbox
) -> None:
    """The service hands a policy back rewritten and in another order on every read."""
    edited = json.loads(json.dumps(PULL).replace("BatchGetImage", "PutImage"))
    ecr.set_policy_text("payments/api", json.dumps({**edited, "Statement": edited["Statement"]}))
    shown = {reconcile("plan", "--show-policy").out for _ in range(5)}
    assert len(shown) == 1
    assert '      -        "ecr:PutImage"' in shown.pop()


def test_what_is_too_large_is_not_compared_in_part(offline: Reconcile, folder: Path) -> None:
    (folder / "p.json").write_text("{}")
    done = offline("compare", "p.json", "-", stdin=" " * (16 * 2**20 + 1))
    assert (done.code, done.out) == (3, "")
    assert "stdin is larger than a file can be (16,777,216 bytes)" in done.err
