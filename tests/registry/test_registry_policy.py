"""Reading the registry's own policy: whose it is, whether there is one, and its scope."""

import pytest

from reconciler.model.registry import LiveRegistryPolicy, ReadFailure
from reconciler.model.rules import RuleId
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import connect

from .scripted_aws import Answer, ScriptedAws, ok, refusal

ACCOUNT, OTHER = "111122223333", "999900001111"
TEXT = '{"Statement": []}'


def missing(account: str) -> Answer:
    message = f"Registry policy does not exist in the registry with id '{account}'"
    return refusal("RegistryPolicyNotFoundException", message)


def having(text: str, account: str = ACCOUNT) -> Answer:
    return ok(registryId=account, policyText=text)


def scope(value: str) -> Answer:
    return ok(name="REGISTRY_POLICY_SCOPE", value=value)


DENIED = refusal("AccessDeniedException", "User: x is not authorized to perform: ecr:Y")


@pytest.fixture
def reader(aws: ScriptedAws, pace: Pace) -> RegistryReader:
    aws.always(missing(ACCOUNT))
    return RegistryReader(connect(ACCOUNT, "us-west-2"), pace)


def rule_of(found: object) -> RuleId:
    assert isinstance(found, ReadFailure)
    return found.rule


def test_without_a_policy_its_scope_does_not_matter(
    aws: ScriptedAws, reader: RegistryReader
) -> None:
    for answer in (missing(ACCOUNT), refusal("RegistryPolicyNotFoundException", "none")):
        aws.calls.clear()
        aws.always(answer)
        assert reader.read_registry_policy() == LiveRegistryPolicy(None)
        assert aws.operations() == ["GetRegistryPolicy"]


@pytest.mark.parametrize("value", ["V1", "V2"])
def test_a_policy_is_read_with_its_scope(
    aws: ScriptedAws, reader: RegistryReader, value: str
) -> None:
    aws.always(having(TEXT), scope(value))
    found = reader.read_registry_policy()
    assert (found.text, found.scope) == (TEXT, value)
    assert [(call.operation, call.parameters) for call in aws.calls] == [
        ("GetRegistryPolicy", {}),
        ("GetAccountSetting", {"name": "REGISTRY_POLICY_SCOPE"}),
    ]


@pytest.mark.parametrize("answer", [missing(OTHER), having(TEXT, OTHER)])
def test_the_policy_of_another_registry_is_none_of_ours(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer
) -> None:
    aws.always(answer)
    found = reader.read_registry_policy()
    assert rule_of(found.text) is RuleId.ACCESS_DENIED
    assert isinstance(found.text, ReadFailure)
    assert f"the credentials are of account {OTHER}" in found.text.message


def test_what_is_denied_is_data(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(DENIED)
    assert rule_of(reader.read_registry_policy().text) is RuleId.ACCESS_DENIED
    aws.calls.clear()
    aws.always(having(TEXT), DENIED)
    found = reader.read_registry_policy()
    assert found.text == TEXT
    assert rule_of(found.scope) is RuleId.ACCESS_DENIED


def test_a_scope_that_is_unknown_is_not_taken_for_a_known_one(
    aws: ScriptedAws, reader: RegistryReader
) -> None:
    aws.always(having(TEXT), scope("V3"))
    assert rule_of(reader.read_registry_policy().scope) is RuleId.READ_FAILED


def test_a_failure_is_data(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(refusal("ServerException", "down", 500))
    assert rule_of(reader.read_registry_policy().text) is RuleId.READ_FAILED
