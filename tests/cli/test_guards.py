"""Guards, as a user meets them: shown, refused in one line, allowed by the option that it names."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, SEED, Done, Reconcile

ALLOW = {"Effect": "Allow", "Principal": {"AWS": ROLE_1}, "Action": "ecr:BatchGetImage"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"}
EMPTY = SEED.split("    access:")[0] + "    access: {}\n"
DENYING = SEED + (
    "    statements:\n"
    '      - {Effect: Deny, Principal: "*", Action: "ecr:*",\n'
    '         Condition: {StringNotEquals: {"aws:PrincipalOrgID": o-a1b2c3d4e5}}}\n'
)
CALLER = "arn:aws:iam::111122223333:user/sandbox"


def document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(done: Done, guard: str) -> str:
    """Give the one line of a refusal: nothing was done but showing the plan."""
    assert done.code == 5
    (line,) = [line for line in done.err.splitlines() if line.startswith("refused: ")]
    assert line.startswith(f"refused: {guard}: ")
    return line


def option_in(line: str) -> list[str]:
    """Give the option that a refusal names."""
    words = line.split()
    at = next(n for n, word in enumerate(words) if word.startswith("--allow-"))
    return words[at : at + 2]


MANY = document(*({**ALLOW, "Principal": {"AWS": f"{ROLE_1}{n}"}} for n in "abcdefghijk"))
FEW_GRANTS = SEED + "guards: {max_granted: {count: 1}}\n"


class Case(NamedTuple):
    """An access file, what is live, and the guard that this breaks."""

    guard: str
    access: str
    live: str | None


@pytest.mark.parametrize(
    "case",
    [
        Case("empty", EMPTY, document(ALLOW)),
        Case("lock_out", DENYING, None),
        Case("max_revoked", SEED, MANY),
        Case("max_granted", FEW_GRANTS, None),
    ],
    ids=lambda case: case.guard,
)
def test_a_refusal_writes_nothing_and_names_the_option_that_allows_it(
    reconcile: Reconcile, ecr: Sandbox, folder: Path, case: Case
) -> None:
    (folder / "ecr_access.yaml").write_text(case.access)
    if case.live is not None:
        ecr.set_policy_text("payments/api", case.live)
    planned = reconcile("plan")
    line = refused(planned, case.guard)
    applied = reconcile("apply", "--yes")
    assert refused(applied, case.guard) == line
    assert "payments/api" in planned.out
    assert "Apply: 1 skipped." in applied.out
    assert not {call.name for call in ecr.calls()} & {
        "SetRepositoryPolicy",
        "DeleteRepositoryPolicy",
    }
    option = option_in(line)
    assert reconcile("plan", *option).code == 0
    assert reconcile("apply", "--yes", *option).code == 0
    assert reconcile("drift").code == 0


def test_the_caller_is_named_where_he_would_lock_himself_out(
    reconcile: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(DENYING)
    said = refused(reconcile("plan"), "lock_out")
    assert f" may prevent {CALLER} from reading, setting or deleting the policy" in said


def test_an_option_is_for_its_own_repository_alone(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    ecr.create_repository("payments/worker")
    for name in ("payments/api", "payments/worker"):
        ecr.set_policy_text(name, document(ALLOW))
    (folder / "ecr_access.yaml").write_text(EMPTY + "  payments/worker:\n    access: {}\n")
    line = refused(reconcile("apply", "--yes", "--allow-empty", "payments/api"), "empty")
    assert "payments/worker" in line
    assert ecr.policy_text("payments/api") is not None


def test_what_serves_only_a_deleted_role_may_be_emptied(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    role = ecr.create_role("444455556666", "old")
    ecr.set_policy_text("payments/api", document({**ALLOW, "Principal": {"AWS": role}}))
    ecr.delete_role(role)
    (folder / "ecr_access.yaml").write_text(EMPTY)
    assert reconcile("apply", "--yes").code == 0
    assert ecr.policy_text("payments/api") is None


SITE = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
principals: {anyone: {public: true}}
repositories:
  payments/api: {access: {anyone: pull}}
  "mirror/*": {access: {anyone: pull}}
"""


def test_the_file_says_what_may_be_public(reconcile: Reconcile, ecr: Sandbox, folder: Path) -> None:
    ecr.create_repository("mirror/one")
    allowed = 'guards: {public: {allow: [payments/api, "mirror/*"]}}\n'
    (folder / "ecr_access.yaml").write_text(SITE + allowed)
    planned = reconcile("plan", "--no-group")
    assert planned.code == 0
    assert planned.out.count("! public") == 2
    assert reconcile("apply", "--yes").code == 0
    (folder / "ecr_access.yaml").write_text(SITE + allowed.replace("payments/api, ", ""))
    checked = reconcile("validate")
    assert checked.code == 3
    assert "guards: {public: {allow: [payments/api]}}" in checked.out + checked.err


@pytest.mark.parametrize("command", ["validate", "compile", "plan", "apply", "drift"])
@pytest.mark.parametrize("guards", ["", "guards: {public: allow}\n"])
def test_to_allow_what_nothing_has_is_wrong_usage(
    reconcile: Reconcile, folder: Path, command: str, guards: str
) -> None:
    (folder / "ecr_access.yaml").write_text(SITE + guards)
    done = reconcile(command, "--allow-public", "payments/apo")
    assert done.code == 2
    assert "did you mean 'payments/api'?" in done.err


def test_a_pattern_may_be_about_it_but_the_registry_must_have_it(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    ecr.create_repository("mirror/one")
    (folder / "ecr_access.yaml").write_text(SITE + "guards: {public: allow}\n")
    assert reconcile("validate", "--allow-public", "mirror/two").code == 0
    assert reconcile("plan", "--allow-public", "mirror/one").code == 0
    assert reconcile("plan", "--allow-public", "mirror/*").code == 0
    done = reconcile("plan", "--allow-public", "mirror/onne")
    assert done.code == 2
    assert "did you mean 'mirror/one'?" in done.err
