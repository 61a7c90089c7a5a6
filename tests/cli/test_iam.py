"""`iam caller` asks for what the commands really call: no more, no less."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, Reconcile, runner, sandbox_environment

NEEDS_NO_PERMISSION = {"GetCallerIdentity"}
ROLE = "arn:aws:iam::111122223333:role/ecr-access-reconciler"

WITH_ABANDONED = SEED + "  payments/old:\n    access: {}\n"
WITH_NEW = WITH_ABANDONED + "  payments/new: {create: true, access: {ci: pull}}\n"
WITH_MORE = SEED.replace(
    "    access:", "    create: true\n    settings: {tags: {team: payments}}\n    access:"
).replace("regions:", "probe_repository: scratch/probe\n  regions:")


REGISTRY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "777788889999"},
            "Action": "ecr:ReplicateImage",
            "Resource": "arn:aws:ecr:us-west-2:111122223333:repository/*",
        },
    }
)


class Case(NamedTuple):
    """All that there is to run on an access file, and the command that prints the policy for it."""

    iam: str
    access: str
    commands: list[str]


READING = Case("iam caller --plan-only", SEED, ["plan", "plan --show-policy", "drift"])
WRITING = Case(
    "iam caller",
    WITH_ABANDONED,
    [
        "plan --out plan.json",
        "apply plan.json --yes --journal j.jsonl",
        "rollback j.jsonl --yes --repository payments/api",
    ],
)
CREATING = Case("iam caller", WITH_NEW, ["apply --yes", "drift"])
IGNORING = Case(
    "iam caller",
    WITH_NEW.replace("regions:", "policy: ignore\n  regions:"),
    ["plan --out plan.json", "apply plan.json --yes --journal j.jsonl", "drift"],
)


def actions(printed: str) -> set[str]:
    """Every ECR action that a printed policy allows; those of KMS are called by ECR alone."""
    statements = json.loads(printed)["Statement"]
    listed = {action for statement in statements for action in statement["Action"]}
    return {action for action in listed if not action.startswith("kms:")}


def called(ecr: Sandbox) -> set[str]:
    """The action of every call so far that needs permission."""
    return {f"ecr:{call.name}" for call in ecr.calls() if call.name not in NEEDS_NO_PERMISSION}


def abandon(ecr: Sandbox, repository: str) -> None:
    """Make a repository whose policy serves a deleted role alone: an apply may delete it."""
    ecr.create_repository(repository)
    role = ecr.create_role("444455556666", "old")
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:BatchGetImage"}
    ecr.set_policy_text(repository, json.dumps({"Statement": statement}))
    ecr.delete_role(role)


@pytest.mark.parametrize(
    "case",
    [READING, WRITING, CREATING, IGNORING],
    ids=["reading", "setting and deleting", "creating", "ignoring the registry's policy"],
)
def test_the_policy_allows_exactly_what_is_called(
    reconcile: Reconcile, ecr: Sandbox, folder: Path, case: Case
) -> None:
    abandon(ecr, "payments/old")
    ecr.set_registry_policy_text(REGISTRY_POLICY)
    (folder / "ecr_access.yaml").write_text(case.access)
    for command in case.commands:
        assert reconcile(*command.split()).code in {0, 4}, command
    assert called(ecr) == actions(reconcile(*case.iam.split()).out)


WHOLE_REGISTRY = """\
version: 1
registry: {{account: "111122223333", regions: [us-west-2], policy: manage}}
accounts: {{workloads: "444455556666"}}
repositories:
  "payments/*": {{access: {{workloads: pull}}, create_on: [{events}]}}
  {via}
"""
VIA = '"*": {via: registry-policy, access: {workloads: pull}}'
CHECKED_BESIDES = {"ecr:CreateRepository", "iam:CreateServiceLinkedRole"}
"""What ECR checks of whoever makes a template, without a call of this name."""


def test_the_registrys_policy_and_templates_take_exactly_what_is_called(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    abandon(ecr, "tools/old")
    for events, via in (("push", VIA), ("push, replication", VIA), ("", "tools/*: {access: {}}")):
        (folder / "ecr_access.yaml").write_text(WHOLE_REGISTRY.format(events=events, via=via))
        done = reconcile("apply", "--yes", "--allow-empty", "*")
        assert done.code == 0, done
    allowed = actions(reconcile("iam", "caller").out)
    assert allowed >= CHECKED_BESIDES
    assert called(ecr) == allowed - CHECKED_BESIDES


def test_only_reading_the_registrys_policy_and_templates_takes_no_write(
    reconcile: Reconcile, ecr: Sandbox, folder: Path
) -> None:
    text = WHOLE_REGISTRY.format(events="push", via=VIA)
    (folder / "ecr_access.yaml").write_text(text)
    assert reconcile("drift").code == 4
    assert called(ecr) == actions(reconcile("iam", "caller", "--plan-only").out)


def test_probing_is_allowed_on_the_probe_repository_alone(folder: Path) -> None:
    access = SEED.replace("regions:", "probe_repository: scratch/probe\n  regions:")
    (folder / "ecr_access.yaml").write_text(access)
    with Sandbox(Behaviour(known_principals_only=True)) as ecr:
        ecr.create_repository("payments/api")
        ecr.create_repository("scratch/probe")
        reconcile = runner(folder, sandbox_environment(ecr))
        assert reconcile("apply", "--yes", "--wait", "0").code == 1
        probed = {f"ecr:{call.name}" for call in ecr.calls() if call.repository == "scratch/probe"}
        (probe,) = [
            statement
            for statement in json.loads(reconcile("iam", "caller").out)["Statement"]
            if statement["Sid"] == "Probe"
        ]
    assert probe["Resource"] == ["arn:aws:ecr:us-west-2:111122223333:repository/scratch/probe"]
    assert probed - {"ecr:GetRepositoryPolicy"} == set(probe["Action"])


def test_nobody_is_called(reconcile: Reconcile, ecr: Sandbox) -> None:
    assert reconcile("iam", "caller").code == 0
    assert ecr.calls() == ()


def test_it_speaks_of_the_files_registry(offline: Reconcile, folder: Path) -> None:
    (folder / "other.yaml").write_text(SEED.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    done = offline("iam", "caller", "--plan-only", "-f", "other.yaml")
    assert (done.code, done.err) == (0, "")
    statement, of_registry = json.loads(done.out)["Statement"]
    assert of_registry["Resource"] == ["*"]
    assert statement["Resource"] == [
        "arn:aws:ecr:us-west-2:111122223333:repository/*",
        "arn:aws:ecr:eu-west-1:111122223333:repository/*",
    ]


def test_what_is_to_be_created_and_the_probe_repository_are_asked_for(
    offline: Reconcile, folder: Path
) -> None:
    (folder / "ecr_access.yaml").write_text(WITH_MORE)
    more = json.loads(offline("iam", "caller").out)["Statement"][3:]
    assert [(statement["Sid"], statement["Action"]) for statement in more] == [
        ("CreateRepositories", ["ecr:CreateRepository", "ecr:TagResource"]),
        ("Probe", ["ecr:DeleteRepositoryPolicy", "ecr:ListImages", "ecr:SetRepositoryPolicy"]),
    ]
    assert more[1]["Resource"] == ["arn:aws:ecr:us-west-2:111122223333:repository/scratch/probe"]


@pytest.mark.parametrize("options", [[], ["--plan-only"]])
def test_where_a_role_is_assumed_the_policy_is_the_roles(
    offline: Reconcile, folder: Path, options: list[str]
) -> None:
    plain = offline("iam", "caller", *options)
    assert plain.err == ""
    with_role = SEED.replace("regions:", f"assume_role: {ROLE}\n  regions:")
    (folder / "ecr_access.yaml").write_text(with_role)
    done = offline("iam", "caller", *options)
    assert (done.code, done.out) == (0, plain.out)
    assert ROLE in done.err
    assert "sts:AssumeRole" in done.err


def test_an_invalid_file_prints_no_policy(offline: Reconcile, folder: Path) -> None:
    (folder / "ecr_access.yaml").write_text(SEED.replace("push-pull", "pulll"))
    done = offline("iam", "caller")
    assert (done.code, done.out) == (3, "")
