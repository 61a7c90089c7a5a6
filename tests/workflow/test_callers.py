"""Who calls in a registry: STS is asked once for equal credentials, and of all at once."""

from collections.abc import Callable, Iterator
from threading import Barrier, Event

import pytest

from reconciler.model.registry import AssumedRole, RegistryScope
from reconciler.sandbox.server import Sandbox
from reconciler.workflow.listener import LOG
from reconciler.workflow.live.callers import authors_of, caller_of
from reconciler.workflow.live.connections import CredentialSource, Reached, reach_registries
from tests.registry import scripted_aws

REGIONS = ("us-west-2", "eu-west-1", "eu-central-1")


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


IDENTITY = scripted_aws.sts(
    "GetCallerIdentity",
    "<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/u</Arn>",
)


def region_of(call: scripted_aws.Call) -> str:
    """The region that a call is signed for."""
    return next(region for region in REGIONS if f"/{region}/sts/" in call.authorization)


def reached(answer: Callable[[scripted_aws.Call, int], scripted_aws.Answer]) -> Reached:
    """Ask who writes in all regions of one account, where STS answers as told."""
    scopes = [RegistryScope("111122223333", region) for region in REGIONS]
    with scripted_aws.serving() as aws, pytest.MonkeyPatch.context() as patch:
        aws.answer = answer
        patch.setenv("AWS_ENDPOINT_URL", aws.url)
        return authors_of(reach_registries(dict.fromkeys(scopes, CredentialSource()), LOG))[1]


@pytest.mark.usefixtures("ecr")
def test_a_region_without_an_answer_does_not_hold_up_the_others() -> None:
    over, others = Event(), Barrier(2)

    def answer(call: scripted_aws.Call, _before: int) -> scripted_aws.Answer:
        if region_of(call) == REGIONS[0]:
            over.wait(60)
            return IDENTITY
        others.wait(10)  # all others are asked at once
        if region_of(call) == REGIONS[1]:
            return scripted_aws.sts_refusal("RegionDisabledException", "no")
        return IDENTITY

    assert reached(answer).failures == {}
    assert not others.broken
    assert not over.is_set()
    over.set()


@pytest.mark.usefixtures("ecr")
def test_a_region_that_fails_leaves_it_to_the_others() -> None:
    def answer(call: scripted_aws.Call, _before: int) -> scripted_aws.Answer:
        if region_of(call) == REGIONS[2]:
            return IDENTITY
        return scripted_aws.sts_refusal("RegionDisabledException", region_of(call))

    assert reached(answer).failures == {}


@pytest.mark.usefixtures("ecr")
def test_where_no_region_answers_the_first_says_why() -> None:
    failures = reached(
        lambda call, _: scripted_aws.sts_refusal("RegionDisabledException", region_of(call))
    ).failures
    assert [scope.region for scope in failures] == list(REGIONS)
    assert all(REGIONS[0] in error.message for error in failures.values())


def test_who_writes_is_asked_once_for_equal_credentials(ecr: Sandbox) -> None:
    scopes = [RegistryScope("111122223333", region) for region in REGIONS]
    role = AssumedRole("arn:aws:iam::111122223333:role/ecr", "7f3c", "nightly")
    other = RegistryScope("111122223333", "us-east-1")
    sources = {**dict.fromkeys(scopes, CredentialSource()), other: CredentialSource(role)}
    authors, found = authors_of(reach_registries(sources, LOG))
    assert found.failures == {}
    assert authors[scopes[0]] == authors[scopes[1]]
    assert authors[other].assume_role == role
    assert authors[other].arn.endswith(":assumed-role/ecr/nightly")
    asked = [call.name for call in ecr.calls()]
    assert asked.count("GetCallerIdentity") == 2
    ask = caller_of(found.connections)
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
        found = reach_registries(dict.fromkeys(scopes, CredentialSource()), LOG)
        _, left = authors_of(found)
    assert list(left.failures) == scopes
    assert not both.broken
