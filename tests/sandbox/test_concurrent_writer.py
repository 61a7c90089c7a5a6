"""Another writer changes a policy right after a read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused, statement, text

OURS = statement(Sid="Ours")
THEIRS = {
    "Sid": "ConcurrentWriter",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/concurrent-writer"},
    "Action": "ecr:ListImages",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(concurrent_write_after_reads=2)) as running:
        for name in ("tools", "other", "third"):
            running.create_repository(name)
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


def read(ecr: BaseClient, name: str = "tools") -> list[str]:
    policy = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    return sorted(each["Sid"] for each in policy["Statement"])


def stored(sandbox: Sandbox, name: str = "tools") -> list[dict[str, object]]:
    statements: list[dict[str, object]] = json.loads(sandbox.policy_text(name) or "")["Statement"]
    return statements


def test_writes_after_the_second_read_and_once(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.set_policy_text("tools", text(OURS))
    assert read(ecr) == ["Ours"]
    assert stored(sandbox) == [OURS]
    assert read(ecr) == ["Ours"], "the change comes right after the read"
    assert stored(sandbox) == [OURS, THEIRS]
    for _ in range(3):
        assert read(ecr) == ["ConcurrentWriter", "Ours"]
    ecr.set_repository_policy(repositoryName="tools", policyText=text(OURS))
    for _ in range(3):
        assert read(ecr) == ["Ours"]


def test_counts_each_repository_separately(sandbox: Sandbox, ecr: BaseClient) -> None:
    for name in ("tools", "other"):
        sandbox.set_policy_text(name, text(OURS))
        read(ecr, name)
    assert stored(sandbox) == stored(sandbox, "other") == [OURS]
    read(ecr, "other")
    assert stored(sandbox) == [OURS]
    assert stored(sandbox, "other") == [OURS, THEIRS]


def test_a_read_without_a_policy_counts(ecr: BaseClient) -> None:
    for _ in range(2):
        with refused("RepositoryPolicyNotFoundException"):
            read(ecr)
    assert read(ecr) == ["ConcurrentWriter"]
    with refused("RepositoryNotFoundException"):
        read(ecr, "missing")


def test_a_single_statement_and_text_that_is_not_a_policy(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    sandbox.set_policy_text("tools", json.dumps({"Statement": OURS}))
    for name, broken in (("other", "{"), ("third", "[]")):
        sandbox.set_policy_text(name, broken)
        for _ in range(2):
            ecr.get_repository_policy(repositoryName=name)
        assert sandbox.policy_text(name) == broken
    for _ in range(2):
        ecr.get_repository_policy(repositoryName="tools")
    assert stored(sandbox) == [OURS, THEIRS]


def test_a_failed_read_does_not_count() -> None:
    with (
        Sandbox(Behaviour(concurrent_write_after_reads=1, fail_every=1)) as sandbox,
        client(sandbox) as ecr,
    ):
        sandbox.create_repository("tools")
        with refused("ServerException", status=500):
            read(ecr)
        assert sandbox.policy_text("tools") is None


def test_writes_to_the_policy_of_the_registry() -> None:
    behaviour = Behaviour(concurrent_write_after_reads=2, concurrent_write_to="registry")
    ours = OURS | {"Resource": "*"}
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        for _ in range(2):
            with refused("RepositoryPolicyNotFoundException"):
                read(ecr)
        assert sandbox.policy_text("tools") is None
        ecr.put_registry_policy(policyText=text(ours))
        ecr.get_registry_policy()
        assert sandbox.registry_policy_text() == text(ours)
        answer = json.loads(ecr.get_registry_policy()["policyText"])
        assert [each["Sid"] for each in answer["Statement"]] == ["Ours"]
        written = json.loads(sandbox.registry_policy_text() or "")["Statement"]
        assert written == [ours, THEIRS | {"Resource": "*"}]
        ecr.put_registry_policy(policyText=text(ours))
        ecr.get_registry_policy()
        assert sandbox.registry_policy_text() == text(ours)


def test_writes_to_the_policy_of_a_registry_without_one() -> None:
    behaviour = Behaviour(concurrent_write_after_reads=1, concurrent_write_to="registry")
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        with refused("RegistryPolicyNotFoundException"):
            ecr.get_registry_policy()
        written = json.loads(sandbox.registry_policy_text() or "")["Statement"]
        assert written == [THEIRS | {"Resource": "*"}]


@pytest.mark.parametrize("before", [(), (OURS,)])
def test_writes_to_the_policy_of_a_template(before: tuple[dict[str, Any], ...]) -> None:
    behaviour = Behaviour(concurrent_write_after_reads=2, concurrent_write_to="template")
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        policy = {"repositoryPolicy": text(*before)} if before else {}
        for prefix in ("payments", "other"):
            sandbox.set_creation_template(prefix, {"appliedFor": ["REPLICATION"], **policy})
        ecr.describe_repository_creation_templates()
        old = sandbox.creation_template("payments")
        assert old is not None
        assert old.get("repositoryPolicy") == policy.get("repositoryPolicy")
        described = ecr.describe_repository_creation_templates(prefixes=["payments"])
        (shown,) = described["repositoryCreationTemplates"]
        assert "ConcurrentWriter" not in shown.get("repositoryPolicy", "")
        new = sandbox.creation_template("payments")
        assert new is not None
        assert json.loads(str(new["repositoryPolicy"]))["Statement"] == [*before, THEIRS]
        assert new == old | {"repositoryPolicy": new["repositoryPolicy"]}
        other = sandbox.creation_template("other")
        assert other is not None
        assert other.get("repositoryPolicy") == policy.get("repositoryPolicy")
