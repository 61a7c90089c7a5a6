"""Who calls in a registry: STS is asked once for equal credentials, and of all at once."""

from collections.abc import Iterator
from threading import Barrier

import pytest

from reconciler.model.registry import AssumedRole, RegistryScope
from reconciler.sandbox.server import Sandbox
from reconciler.workflow.callers import authors_of, caller_of
from reconciler.workflow.connections import CredentialSource, reach_registries
from reconciler.workflow.listener import LOG
from tests.registry import scripted_aws

REGIONS = ("us-west-2", "eu-west-1")


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


def test_who_writes_is_asked_once_for_equal_credentials(ecr: Sandbox) -> None:
    scopes = [RegistryScope("111122223333", region) for region in REGIONS]
    role = AssumedRole("arn:aws:iam::111122223333:role/ecr", "7f3c", "nightly")
    other = RegistryScope("111122223333", "us-east-1")
    sources = {**dict.fromkeys(scopes, CredentialSource()), other: CredentialSource(role)}
    authors, reached = authors_of(reach_registries(sources, LOG))
    assert reached.failures == {}
    assert authors[scopes[0]] == authors[scopes[1]]
    assert authors[other].assume_role == role
    assert authors[other].arn.endswith(":assumed-role/ecr/nightly")
    asked = [call.name for call in ecr.calls()]
    assert asked.count("GetCallerIdentity") == 2
    ask = caller_of(reached.connections)
    assert [ask(scope) for scope in (*scopes, other)] == [a.arn for a in authors.values()]
    assert [call.name for call in ecr.calls()].count("GetCallerIdentity") == 4


@pytest.mark.usefixtures("ecr")
def test_who_writes_is_asked_of_all_registries_at_once() -> None:
    both = Barrier(2)

    def answer(_call: scripted_aws.Call, _before: int) -> scripted_aws.Answer:
        both.wait(10)
        return scripted_aws.refusal("AccessDenied", "no")

    scopes = [RegistryScope(account, "us-west-2") for account in ("111122223333", "222233334444")]
    with scripted_aws.serving() as aws, pytest.MonkeyPatch.context() as patch:
        aws.answer = answer
        patch.setenv("AWS_ENDPOINT_URL", aws.url)
        reached = reach_registries(dict.fromkeys(scopes, CredentialSource()), LOG)
        _, left = authors_of(reached)
    assert list(left.failures) == scopes
    assert not both.broken
