"""Repository creation templates: their operations, fields and errors."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import PULL, client, refused, statement, text

ON_PUSH = ["CREATE_ON_PUSH"]
POLICY = text(statement(Principal={"AWS": ["444455556666"]}, Action=PULL))
LIFECYCLE = '{"rules": []}'
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/ecr-templates"
FULL: dict[str, Any] = {
    "appliedFor": ["REPLICATION", "CREATE_ON_PUSH"],
    "description": "of the payments team",
    "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
    "resourceTags": [{"Key": "team", "Value": "payments"}],
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
    "repositoryPolicy": POLICY,
    "lifecyclePolicy": LIFECYCLE,
    "customRoleArn": ROLE,
}
REMOVED = {"description", "resourceTags", "repositoryPolicy", "lifecyclePolicy", "customRoleArn"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


def stored(sandbox: Sandbox, prefix: str = "payments") -> dict[str, Any]:
    """A template as stored, without its times."""
    template = sandbox.creation_template(prefix)
    assert template is not None
    return {name: value for name, value in template.items() if not name.endswith("edAt")}


def prefixes(ecr: BaseClient, **parameters: Any) -> list[str]:
    shown = ecr.describe_repository_creation_templates(**parameters)
    return [template["prefix"] for template in shown["repositoryCreationTemplates"]]


def test_one_with_all_fields_is_created_and_shown(sandbox: Sandbox, ecr: BaseClient) -> None:
    created = ecr.create_repository_creation_template(prefix="payments", **FULL)
    assert created["registryId"] == "111122223333"
    assert stored(sandbox) == {"prefix": "payments", **FULL}
    (shown,) = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert shown.keys() == created["repositoryCreationTemplate"].keys()
    assert shown["createdAt"] <= shown["updatedAt"]
    fields = [name for name in FULL if name != "repositoryPolicy"]
    assert {name: shown[name] for name in fields} == {name: FULL[name] for name in fields}


def test_the_defaults(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository_creation_template(prefix="payments", appliedFor=ON_PUSH)
    assert stored(sandbox) == {
        "prefix": "payments",
        "appliedFor": ON_PUSH,
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "imageTagMutability": "MUTABLE",
    }


def test_one_is_set_and_removed_without_a_call(sandbox: Sandbox, ecr: BaseClient) -> None:
    before = len(sandbox.calls())
    sandbox.set_creation_template("payments/", FULL)
    sandbox.set_creation_template("payments", {"appliedFor": [*ON_PUSH]})
    assert len(sandbox.calls()) == before
    created = stored(sandbox)
    assert prefixes(ecr) == ["payments"]
    sandbox.set_creation_template("payments", None)
    assert prefixes(ecr) == []
    ecr.create_repository_creation_template(prefix="payments", appliedFor=ON_PUSH)
    assert stored(sandbox) == created


def test_the_policy_is_rewritten_in_every_response(ecr: BaseClient) -> None:
    made = ecr.create_repository_creation_template(prefix="payments", **FULL)
    changed = ecr.update_repository_creation_template(prefix="payments", repositoryPolicy=POLICY)
    (shown,) = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    gone = ecr.delete_repository_creation_template(prefix="payments")
    answers = [each["repositoryCreationTemplate"] for each in (made, changed, gone)]
    policies = [each["repositoryPolicy"] for each in [*answers, shown]]
    assert len(set(policies)) > 1
    for policy in policies:
        (only,) = json.loads(policy)["Statement"]
        assert only["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
        assert sorted(only["Action"]) == sorted(PULL)


def test_an_update_keeps_what_it_leaves_out_but_the_mutability(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    ecr.create_repository_creation_template(prefix="payments", **FULL)
    ecr.update_repository_creation_template(prefix="payments", description="new")
    kept = {name: FULL[name] for name in FULL if not name.startswith("imageTagMutability")}
    assert stored(sandbox) == {
        **kept,
        "prefix": "payments",
        "description": "new",
        "imageTagMutability": "MUTABLE",
    }


def test_an_update_of_the_mutability_keeps_its_filters(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository_creation_template(prefix="payments", **FULL)
    ecr.update_repository_creation_template(
        prefix="payments", imageTagMutability="MUTABLE_WITH_EXCLUSION"
    )
    assert stored(sandbox)["imageTagMutabilityExclusionFilters"]


@pytest.mark.parametrize("mutability", ["MUTABLE", "IMMUTABLE"])
def test_an_update_to_a_mutability_without_exclusion_removes_the_filters(
    sandbox: Sandbox, ecr: BaseClient, mutability: str
) -> None:
    ecr.create_repository_creation_template(prefix="payments", **FULL)
    ecr.update_repository_creation_template(prefix="payments", imageTagMutability=mutability)
    assert stored(sandbox)["imageTagMutability"] == mutability
    assert "imageTagMutabilityExclusionFilters" not in stored(sandbox)


def test_an_update_removes_what_it_empties(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository_creation_template(
        prefix="payments", **FULL | {"encryptionConfiguration": {"encryptionType": "AES256"}}
    )
    empty = {name: [] if name == "resourceTags" else "" for name in REMOVED}
    ecr.update_repository_creation_template(prefix="payments", **empty)
    assert not stored(sandbox).keys() & REMOVED


def test_the_errors_of_a_template_that_exists_or_does_not(ecr: BaseClient) -> None:
    with refused("TemplateNotFoundException", "prefix 'payments' does not exist"):
        ecr.update_repository_creation_template(prefix="payments", description="new")
    with refused("TemplateNotFoundException", "prefix 'payments' does not exist"):
        ecr.delete_repository_creation_template(prefix="payments")
    ecr.create_repository_creation_template(prefix="payments", appliedFor=ON_PUSH)
    for same in ("payments", "payments/"):
        with refused("TemplateAlreadyExistsException", "prefix 'payments' already exists"):
            ecr.create_repository_creation_template(prefix=same, appliedFor=ON_PUSH)
    ecr.delete_repository_creation_template(prefix="payments/")
    assert prefixes(ecr) == []


def test_pages(ecr: BaseClient) -> None:
    for prefix in ("b", "a/b", "ROOT", "a"):
        ecr.create_repository_creation_template(prefix=prefix, appliedFor=ON_PUSH)
    assert prefixes(ecr) == ["ROOT", "a", "a/b", "b"]
    assert prefixes(ecr, prefixes=["b", "none", "ROOT"]) == ["ROOT", "b"]
    first = ecr.describe_repository_creation_templates(maxResults=3)
    assert len(first["repositoryCreationTemplates"]) == 3
    assert prefixes(ecr, nextToken=first["nextToken"]) == ["b"]
    pages = ecr.get_paginator("describe_repository_creation_templates").paginate(
        PaginationConfig={"PageSize": 1}
    )
    assert [len(each["repositoryCreationTemplates"]) for each in pages] == [1, 1, 1, 1]
    with refused("InvalidParameterException", "at 'maxResults'"):
        prefixes(ecr, maxResults=1001)
    with refused("InvalidParameterException", "at 'nextToken'"):
        prefixes(ecr, nextToken="none")


def test_each_account_and_region_has_its_own(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository_creation_template(prefix="payments", appliedFor=ON_PUSH)
    with client(sandbox, region="eu-west-1") as elsewhere:
        assert prefixes(elsewhere) == []
    assert sandbox.creation_template("payments", account="444455556666") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prefix", "Payments"),
        ("prefix", "/payments"),
        ("prefix", "payments//"),
        ("prefix", "root*"),
        ("prefix", "a" * 257),
        ("appliedFor", []),
        ("appliedFor", ["CREATE_ON_PULL"]),
        ("description", "a" * 257),
        ("encryptionConfiguration", {"encryptionType": "AES"}),
        ("encryptionConfiguration", {"encryptionType": "KMS", "kmsKey": "my-key"}),
        ("resourceTags", [{"Key": "", "Value": "payments"}]),
        ("resourceTags", [{"Key": "a" * 129, "Value": "payments"}]),
        ("imageTagMutability", "mutable"),
        ("imageTagMutabilityExclusionFilters", [{"filterType": "WILDCARD", "filter": "dev-*"}]),
        ("imageTagMutabilityExclusionFilters", [{"filterType": "REGEX", "filter": "dev-*"}]),
        ("imageTagMutabilityExclusionFilters", [{"filterType": "WILDCARD", "filter": "dev/*"}]),
        ("repositoryPolicy", " " * 10_241),
        ("lifecyclePolicy", " " * 30_721),
        ("customRoleArn", "ecr-templates"),
    ],
)
def test_invalid_fields_are_refused(ecr: BaseClient, field: str, value: Any) -> None:
    given = {"prefix": "payments", "appliedFor": ON_PUSH, field: value}
    with refused("InvalidParameterException", f"Invalid parameter at '{field}' failed"):
        ecr.create_repository_creation_template(**given)
    assert prefixes(ecr) == []


def test_no_filters_are_refused_that_boto3_would_not_send(sandbox: Sandbox) -> None:
    given = {"prefix": "payments", "appliedFor": ON_PUSH, "imageTagMutabilityExclusionFilters": []}
    with (
        client(sandbox, parameter_validation=False) as ecr,
        refused("InvalidParameterException", "greater than or equal to 1"),
    ):
        ecr.create_repository_creation_template(**given)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("imageTagMutability", "MUTABLE_WITH_EXCLUSION", "InvalidParameterException"),
        ("repositoryPolicy", "{", "InvalidParameterException"),
        ("repositoryPolicy", text(statement(Resource="*")), "InvalidParameterException"),
        (
            "encryptionConfiguration",
            {"encryptionType": "AES256", "kmsKey": KEY},
            "ValidationException",
        ),
        ("customRoleArn", ROLE.replace("1111", "4444"), "ValidationException"),
    ],
)
def test_fields_that_exclude_each_other_are_refused(
    sandbox: Sandbox, ecr: BaseClient, field: str, value: Any, code: str
) -> None:
    with refused(code):
        ecr.create_repository_creation_template(
            prefix="payments", appliedFor=ON_PUSH, **{field: value}
        )
    ecr.create_repository_creation_template(prefix="payments", appliedFor=ON_PUSH)
    before = stored(sandbox)
    with refused(code):
        ecr.update_repository_creation_template(prefix="payments", **{field: value})
    assert stored(sandbox) == before


def test_an_unknown_principal_is_refused() -> None:
    policy = text(statement(Principal={"AWS": "arn:aws:iam::444455556666:role/role2-1"}))
    with Sandbox(Behaviour(known_principals_only=True)) as sandbox, client(sandbox) as ecr:
        given = {"prefix": "payments", "appliedFor": ON_PUSH, "repositoryPolicy": policy}
        with refused("InvalidParameterException", "'Principal not found'"):
            ecr.create_repository_creation_template(**given)
        sandbox.create_role("444455556666", "role2-1")
        ecr.create_repository_creation_template(**given)


def test_the_limit_holds_in_each_region() -> None:
    with Sandbox(Behaviour(template_limit=1)) as sandbox, client(sandbox) as ecr:
        ecr.create_repository_creation_template(prefix="one", appliedFor=ON_PUSH)
        with refused("LimitExceededException", "which is '1'"):
            ecr.create_repository_creation_template(prefix="two", appliedFor=ON_PUSH)
        with client(sandbox, region="eu-west-1") as elsewhere:
            elsewhere.create_repository_creation_template(prefix="two", appliedFor=ON_PUSH)
        ecr.delete_repository_creation_template(prefix="one")
        ecr.create_repository_creation_template(prefix="two", appliedFor=ON_PUSH)
