"""Reading and writing what is the registry's: its own policy and its creation templates.

Against the embedded ECR, where what is sent shows in what is stored.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reconciler.model.registry import (
    NewPolicy,
    RegistryScope,
    Target,
    registry_target,
    template_target,
)
from reconciler.model.templates import CreationTemplate, read_template
from reconciler.registry.failures.errors import CallError, FailureKind, WriteOutcomeUnknownError
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import connect
from reconciler.registry.writer import RegistryWriter
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.json_values import Json, JsonObject
from reconciler.sandbox.server import Sandbox

SCOPE = RegistryScope("111122223333", "us-west-2")
REGISTRY = registry_target(SCOPE)
REPOSITORY = Target("payments/api", SCOPE)
TEMPLATE = template_target("payments", SCOPE)
PUSH, REPLICATION = "CREATE_ON_PUSH", "REPLICATION"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(action: str, resource: str | None = None) -> str:
    more = {} if resource is None else {"Resource": resource}
    allow = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


EVERYTHING = "arn:aws:ecr:us-west-2:111122223333:repository/*"
TEXTS = {
    REPOSITORY: (policy("ecr:BatchGetImage"), policy("ecr:PutImage")),
    REGISTRY: (policy("ecr:BatchGetImage", EVERYTHING), policy("ecr:PutImage", EVERYTHING)),
}
NO_POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}'
OLD = CreationTemplate("payments", (PUSH,), policy("ecr:BatchGetImage"))
REST: JsonObject = {
    "description": "of the payments team",
    "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
    "resourceTags": [{"Key": "team", "Value": "payments"}],
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
    "lifecyclePolicy": '{"rules": []}',
    "customRoleArn": "arn:aws:iam::111122223333:role/ecr-templates",
}
FULL: JsonObject = {"appliedFor": [REPLICATION, PUSH], "repositoryPolicy": OLD.policy_text, **REST}


@dataclass(frozen=True)
class Registry:
    """An embedded ECR, and what reads and writes it."""

    ecr: Sandbox
    reader: RegistryReader
    writer: RegistryWriter

    def put(self, target: Target, text: str | None) -> str | None:
        """Write a text whatever is live, and return what was."""
        seen: list[str | None] = []

        def decide(live: str | None) -> NewPolicy:
            seen.append(live)
            return NewPolicy(text)

        assert self.writer.update(target, decide) is None
        return seen[0]

    def calls(self) -> list[str]:
        """The operations so far."""
        return [call.name for call in self.ecr.calls()]

    def stored(self) -> JsonObject:
        """The template as stored, without its times."""
        found = self.ecr.creation_template("payments")
        assert found is not None
        return {name: value for name, value in found.items() if not name.endswith("edAt")}


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def registry(
    behaviour: Behaviour, clean_environment: pytest.MonkeyPatch, pace: Pace
) -> Iterator[Registry]:
    with Sandbox(behaviour) as ecr:
        ecr.create_repository("payments/api")
        for name, value in ecr.environment().items():
            clean_environment.setenv(name, value)
        connection = connect(SCOPE.account, SCOPE.region)
        reader = RegistryReader(connection, pace)
        yield Registry(ecr, reader, RegistryWriter(connection, pace, reader))


def with_policy(template: CreationTemplate, text: str | None) -> str:
    return CreationTemplate(template.prefix, template.applied_for, text, template.rest).text


def read(registry: Registry) -> CreationTemplate:
    text = registry.reader.read_text(TEMPLATE)
    assert text is not None
    return read_template(text)


@pytest.mark.parametrize("target", TEXTS)
def test_a_policy_goes_round(registry: Registry, target: Target) -> None:
    first, second = TEXTS[target]
    assert registry.reader.read_text(target) is None
    assert registry.put(target, first) is None
    assert target.same(registry.put(target, second), first)
    live = registry.reader.read_text(target)
    assert target.same(live, second)
    assert not target.same(live, first)
    assert target.same(registry.put(target, None), second)
    assert registry.reader.read_text(target) is None
    assert registry.put(target, None) is None


def test_a_template_goes_round(registry: Registry) -> None:
    assert registry.reader.read_text(TEMPLATE) is None
    assert registry.put(TEMPLATE, OLD.text) is None
    made = read(registry)
    other = policy("ecr:PutImage")
    new = CreationTemplate(made.prefix, (PUSH, REPLICATION), other, made.rest).text
    assert registry.put(TEMPLATE, new) is not None
    assert TEMPLATE.same(registry.reader.read_text(TEMPLATE), new)
    assert registry.put(TEMPLATE, None) is not None
    assert registry.reader.read_text(TEMPLATE) is None
    assert registry.put(TEMPLATE, None) is None
    assert registry.reader.read_templates() == ()
    assert [name for name in registry.calls() if not name.startswith("Describe")] == [
        "CreateRepositoryCreationTemplate",
        "UpdateRepositoryCreationTemplate",
        "DeleteRepositoryCreationTemplate",
        "DeleteRepositoryCreationTemplate",
    ]


@pytest.mark.parametrize("new", [policy("ecr:PutImage"), None])
def test_an_update_changes_nothing_but_the_policy(registry: Registry, new: str | None) -> None:
    registry.ecr.set_creation_template("payments", FULL)
    before = registry.stored()
    registry.put(TEMPLATE, with_policy(read(registry), new))
    changed = {} if new is None else {"repositoryPolicy": new}
    kept = {name: value for name, value in before.items() if name != "repositoryPolicy"}
    after = registry.stored()
    assert (after | {"appliedFor": [REPLICATION, PUSH]}) == kept | changed


def test_a_template_without_a_policy_gets_none(registry: Registry) -> None:
    registry.ecr.set_creation_template("payments", {"appliedFor": [PUSH]})
    live = read(registry)
    assert live.policy_text is None
    registry.put(TEMPLATE, CreationTemplate("payments", (REPLICATION,), None, live.rest).text)
    assert "repositoryPolicy" not in registry.stored()
    assert registry.stored()["appliedFor"] == [REPLICATION]


def test_a_deleted_template_is_made_again_as_it_was(registry: Registry) -> None:
    """What a rollback does."""
    registry.ecr.set_creation_template("payments", FULL)
    old = registry.put(TEMPLATE, None)
    registry.put(TEMPLATE, old)
    assert TEMPLATE.same(registry.reader.read_text(TEMPLATE), old)
    assert registry.stored()["lifecyclePolicy"] == REST["lifecyclePolicy"]


def test_what_a_template_says_is_read_without_times(registry: Registry) -> None:
    registry.ecr.set_creation_template("payments", FULL)
    found = read(registry)
    assert found.applied_for == (PUSH, REPLICATION)
    assert found.rest == REST
    assert found.text == read_template(found.text).text


def test_the_same_template_is_read_as_the_same_text(registry: Registry) -> None:
    """Tags in another order; its policy is another text each time."""
    tags: list[Json] = [{"Key": key, "Value": "x"} for key in ("b", "a", "c")]
    fields: JsonObject = {"appliedFor": [PUSH]}
    registry.ecr.set_creation_template("payments", {**fields, "resourceTags": tags})
    first = registry.reader.read_text(TEMPLATE)
    registry.ecr.set_creation_template("payments", {**fields, "resourceTags": tags[::-1]})
    assert registry.reader.read_text(TEMPLATE) == first


def test_a_slash_at_the_end_of_a_live_prefix_is_kept(registry: Registry) -> None:
    registry.ecr.set_creation_template("payments/", FULL)
    assert read(registry).prefix == "payments/"
    registry.put(TEMPLATE, OLD.text)
    assert registry.stored()["prefix"] == "payments/"
    registry.put(TEMPLATE, None)
    assert registry.ecr.creation_template("payments") is None


def test_the_templates_of_a_registry_in_their_order(registry: Registry) -> None:
    for prefix in ("b", "ROOT", "a/c"):
        registry.ecr.set_creation_template(prefix, {"appliedFor": [PUSH]})
    registry.ecr.set_creation_template("z", {"appliedFor": [PUSH]}, region="eu-west-1")
    before = len(registry.calls())
    found = registry.reader.read_templates()
    assert isinstance(found, tuple)
    assert [one.prefix for one in found] == ["ROOT", "a/c", "b"]
    assert registry.calls()[before:] == ["DescribeRepositoryCreationTemplates"]
    assert registry.reader.read_text(template_target("a", SCOPE)) is None
    assert registry.reader.read_text(template_target("ROOT", SCOPE)) is not None


@pytest.mark.parametrize("target", [REPOSITORY, REGISTRY, TEMPLATE])
def test_another_decision_than_a_new_text_is_returned(registry: Registry, target: Target) -> None:
    assert registry.writer.update(target, lambda live: f"keep {live}") == "keep None"
    assert len(registry.calls()) == 1


@pytest.mark.parametrize(
    ("target", "text", "kind", "words"),
    [
        (REGISTRY, NO_POLICY, FailureKind.INVALID_POLICY, "registry"),
        (
            TEMPLATE,
            with_policy(OLD, NO_POLICY),
            FailureKind.INVALID_POLICY,
            "CreateRepositoryCreationTemplate on payments",
        ),
        (
            TEMPLATE,
            CreationTemplate("payments", (PUSH,), None, {"customRoleArn": "x"}).text,
            FailureKind.REJECTED,
            "customRoleArn",
        ),
        (
            TEMPLATE,
            CreationTemplate("payments", (PUSH,), None, {"unknown": "x"}).text,
            FailureKind.REJECTED,
            "unknown",
        ),
    ],
)
def test_a_refusal_is_certain_and_says_why(
    registry: Registry, target: Target, text: str, kind: FailureKind, words: str
) -> None:
    with pytest.raises(CallError, match=words) as caught:
        registry.put(target, text)
    assert caught.value.kind is kind
    assert caught.value.hint is not None
    assert registry.reader.read_text(target) is None


@pytest.mark.parametrize("behaviour", [Behaviour(template_limit=1)])
def test_a_quota_is_named(registry: Registry) -> None:
    registry.ecr.set_creation_template("other", {"appliedFor": [PUSH]})
    with pytest.raises(CallError) as caught:
        registry.put(TEMPLATE, OLD.text)
    assert "Service Quotas" in (caught.value.hint or "")


@pytest.mark.parametrize("found", ["made", "deleted"])
def test_a_template_that_changes_after_the_look(registry: Registry, found: str) -> None:
    """The last moment: between the read and the write, which no other call of ours is."""
    fields: JsonObject = {"appliedFor": [PUSH]}
    registry.ecr.set_creation_template("payments", None if found == "made" else fields)

    def decide(_live: str | None) -> NewPolicy:
        registry.ecr.set_creation_template("payments", fields if found == "made" else None)
        return NewPolicy(OLD.text)

    with pytest.raises(CallError, match="CreationTemplate on payments failed") as caught:
        registry.writer.update(TEMPLATE, decide)
    kinds = {"made": FailureKind.TEMPLATE_EXISTS, "deleted": FailureKind.TEMPLATE_MISSING}
    assert caught.value.kind is kinds[found]
    assert "changed since it was read" in (caught.value.hint or "")


@pytest.mark.parametrize("behaviour", [Behaviour(cut_after_every=2), Behaviour(fail_every=2)])
@pytest.mark.parametrize(("target", "text"), [(REGISTRY, TEXTS[REGISTRY][0]), (TEMPLATE, OLD.text)])
def test_a_write_without_a_clear_answer_says_so(
    registry: Registry, target: Target, text: str
) -> None:
    """Done or not: a read tells."""
    with pytest.raises(WriteOutcomeUnknownError, match="may or may not"):
        registry.put(target, text)
    done = registry.ecr.registry_policy_text() or registry.ecr.creation_template("payments")
    assert (registry.reader.read_text(target) is not None) is bool(done)
    assert len(registry.calls()) == 3
