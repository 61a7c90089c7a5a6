"""Reading the registry's own policy, its scope, and the creation templates: whose they are."""

import pytest

from reconciler.model.registry import (
    LiveRegistryPolicy,
    ReadFailure,
    RegistryScope,
    template_target,
)
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


def test_the_scope_is_read_where_there_is_no_policy(
    aws: ScriptedAws, reader: RegistryReader
) -> None:
    for answer in (missing(ACCOUNT), refusal("RegistryPolicyNotFoundException", "none")):
        aws.calls.clear()
        aws.always(answer, ok(value="V2"))
        assert reader.read_registry_policy() == LiveRegistryPolicy(None, "V2")
        assert aws.operations() == ["GetRegistryPolicy", "GetAccountSetting"]


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


def template(prefix: str, **fields: object) -> dict[str, object]:
    return {"prefix": prefix, "appliedFor": ["CREATE_ON_PUSH"], **fields}


def templates(*listed: object, account: str = ACCOUNT, **more: str) -> Answer:
    return ok(registryId=account, repositoryCreationTemplates=list(listed), **more)


def test_templates_are_read_page_by_page(aws: ScriptedAws, reader: RegistryReader) -> None:
    aws.always(templates(template("b"), nextToken="more"), templates(template("a")))
    found = reader.read_templates()
    assert isinstance(found, tuple)
    assert [one.prefix for one in found] == ["a", "b"]
    operation = "DescribeRepositoryCreationTemplates"
    assert [(call.operation, call.parameters) for call in aws.calls] == [
        (operation, {"maxResults": 1000}),
        (operation, {"maxResults": 1000, "nextToken": "more"}),
    ]


def test_a_template_on_a_later_page_is_found(
    aws: ScriptedAws, reader: RegistryReader, pace: Pace
) -> None:
    """The turn of the write after it is not used up."""
    aws.always(templates(template("b"), nextToken="more"), templates(template("a")))
    turns = pace.reserve(2)
    target = template_target("a", RegistryScope(ACCOUNT, "us-west-2"))
    assert reader.read_text(target, turns) is not None
    assert turns.left == 1


def test_a_prefix_without_a_slash_comes_first(aws: ScriptedAws, reader: RegistryReader) -> None:
    """Whether ECR has both at once is not known."""
    aws.always(templates(template("a/"), template("a")))
    text = reader.read_text(template_target("a", RegistryScope(ACCOUNT, "us-west-2")))
    assert text == '{"appliedFor":["CREATE_ON_PUSH"],"prefix":"a"}'


def test_empty_fields_are_left_out(aws: ScriptedAws, reader: RegistryReader) -> None:
    empty = {"description": "", "resourceTags": [], "customRoleArn": "", "repositoryPolicy": ""}
    aws.always(templates(template("a", **empty, createdAt=1.5, updatedAt=2.5)))
    found = reader.read_templates()
    assert isinstance(found, tuple)
    assert found[0].fields == template("a")


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (DENIED, RuleId.ACCESS_DENIED),
        (templates(account=OTHER), RuleId.ACCESS_DENIED),
        (refusal("ServerException", "down", 500), RuleId.READ_FAILED),
        (ok(), RuleId.READ_FAILED),
        (ok(registryId=ACCOUNT), RuleId.READ_FAILED),
        (templates({"prefix": "a"}), RuleId.READ_FAILED),
        (templates({"appliedFor": []}), RuleId.READ_FAILED),
        (templates(template("a"), nextToken="again"), RuleId.READ_FAILED),
    ],
)
def test_templates_that_are_not_read_are_not_none(
    aws: ScriptedAws, reader: RegistryReader, answer: Answer, rule: RuleId
) -> None:
    aws.always(answer)
    assert rule_of(reader.read_templates()) is rule
