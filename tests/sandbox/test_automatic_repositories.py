"""The repositories that ECR creates by itself."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.errors import ReconcileError
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.state import RepositorySettings

from .clients import PULL, client, refused, statement, text

POLICY = text(statement(Principal={"AWS": "444455556666"}, Action=PULL))
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/ecr-templates"
LIFECYCLE = '{"rules": []}'
DEFAULT = RepositorySettings("MUTABLE", False, "AES256", None, ())


def put(ecr: BaseClient, name: str, *, layer: str = "0", tag: str = "latest") -> None:
    """Put an image of one layer; moto's digests of images are of their layers."""
    media = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"mediaType": media, "layers": [{"digest": f"sha256:{layer * 64}"}]}
    ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)


def template(ecr: BaseClient, prefix: str, *scenarios: str, **fields: Any) -> None:
    ecr.create_repository_creation_template(
        prefix=prefix, appliedFor=list(scenarios or ("CREATE_ON_PUSH",)), **fields
    )


def push(ecr: BaseClient, name: str) -> None:
    """Push an image, as docker does."""
    ecr.initiate_layer_upload(repositoryName=name)
    put(ecr, name)


def replicate(ecr: BaseClient, *regions: str, **rule: Any) -> None:
    destinations = [{"region": region, "registryId": "111122223333"} for region in regions]
    configuration = {"rules": [{"destinations": destinations, **rule}]}
    ecr.put_replication_configuration(replicationConfiguration=configuration)
    assert ecr.describe_registry()["replicationConfiguration"] == configuration


def names(ecr: BaseClient) -> list[str]:
    return [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]


def test_a_push_creates_a_repository_as_the_template_says() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        template(
            ecr,
            "payments",
            "CREATE_ON_PUSH",
            repositoryPolicy=POLICY,
            lifecyclePolicy=LIFECYCLE,
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
            encryptionConfiguration={"encryptionType": "KMS", "kmsKey": KEY},
            resourceTags=[{"Key": "team", "Value": "payments"}],
            customRoleArn=ROLE,
        )
        push(ecr, "payments/api")
        assert sandbox.policy_text("payments/api") == POLICY
        assert sandbox.repository_settings("payments/api") == RepositorySettings(
            "IMMUTABLE_WITH_EXCLUSION", False, "KMS", KEY, (("team", "payments"),)
        )
        lifecycle = ecr.get_lifecycle_policy(repositoryName="payments/api")
        assert lifecycle["lifecyclePolicyText"] == LIFECYCLE
        (shown,) = ecr.describe_repositories()["repositories"]
        assert shown["imageTagMutabilityExclusionFilters"][0]["filter"] == "dev-*"
        assert len(ecr.list_images(repositoryName="payments/api")["imageIds"]) == 1


def test_a_template_changes_no_repository_that_exists() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/old")
        template(ecr, "payments", repositoryPolicy=POLICY, imageTagMutability="IMMUTABLE")
        push(ecr, "payments/old")
        assert sandbox.policy_text("payments/old") is None
        ecr.create_repository(repositoryName="payments/created")
        assert sandbox.policy_text("payments/created") is None
        assert sandbox.repository_settings("payments/created") == DEFAULT
        push(ecr, "payments/new")
        ecr.update_repository_creation_template(prefix="payments", repositoryPolicy="")
        assert sandbox.policy_text("payments/new") == POLICY


@pytest.mark.parametrize(
    "name", ["payments", "paymentsx/api", "other/payments/api", "other/api", "replicated/api"]
)
def test_a_push_that_no_template_covers_finds_no_repository(name: str) -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        template(ecr, "payments/")
        template(ecr, "replicated", "REPLICATION", "PULL_THROUGH_CACHE")
        with refused("RepositoryNotFoundException", f"'{name}' does not exist"):
            ecr.initiate_layer_upload(repositoryName=name)
        with refused("RepositoryNotFoundException", f"'{name}' does not exist"):
            put(ecr, name)
        assert names(ecr) == []


def test_the_longest_prefix_wins_and_root_is_for_the_rest() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        for prefix in ("a", "ROOT", "a/b", "a/b/c"):
            tags = [{"Key": "of", "Value": prefix}]
            scenario = "REPLICATION" if prefix == "a/b/c" else "CREATE_ON_PUSH"
            template(ecr, prefix, scenario, resourceTags=tags, customRoleArn=ROLE)
        expected = {
            "xx": "ROOT",
            "ab/x": "ROOT",
            "a/x": "a",
            "a/bc/x": "a",
            "a/b/x": "a/b",
            "a/b/c/x": "a/b",
        }
        for name, prefix in expected.items():
            push(ecr, name)
            assert sandbox.repository_settings(name).tags == (("of", prefix),)


@pytest.mark.parametrize(
    "fields",
    [
        {"resourceTags": [{"Key": "team", "Value": "payments"}]},
        {"encryptionConfiguration": {"encryptionType": "KMS"}},
    ],
    ids=["tags", "KMS"],
)
def test_tags_and_kms_need_a_role(fields: dict[str, Any]) -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        template(ecr, "payments", **fields)
        with refused("RepositoryNotFoundException"):
            ecr.initiate_layer_upload(repositoryName="payments/api")
        assert names(ecr) == []
        ecr.update_repository_creation_template(prefix="payments", customRoleArn=ROLE)
        push(ecr, "payments/api")


def test_a_push_from_another_account_leaves_an_empty_repository() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr, client(sandbox, "sts") as sts:
        template(ecr, "payments", repositoryPolicy=POLICY)
        role = sandbox.create_role("444455556666", "role2-1")
        keys = sts.assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
        there = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        with client(sandbox, keys=there) as other, refused("AccessDeniedException"):
            other.initiate_layer_upload(registryId="111122223333", repositoryName="payments/api")
        assert names(ecr) == ["payments/api"]
        assert sandbox.policy_text("payments/api") == POLICY
        assert sandbox.repository_settings("payments/api") == DEFAULT


def test_the_limit_of_repositories_holds_and_all_calls_find_a_new_one() -> None:
    behaviour = Behaviour(repository_limit=1, visible_after=5)
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        template(ecr, "ROOT", repositoryPolicy=POLICY)
        push(ecr, "one")
        assert names(ecr) == ["one"]
        assert ecr.get_repository_policy(repositoryName="one")["registryId"] == "111122223333"
        with refused("RepositoryNotFoundException"):
            ecr.initiate_layer_upload(repositoryName="two")


def test_a_replication_creates_by_template_or_with_the_defaults() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        sandbox.set_policy_text("payments/api", POLICY)
        replicate(ecr, "eu-west-1", "eu-central-1")
        other = text(statement(Sid="replicated"))
        with client(sandbox, region="eu-west-1") as west:
            template(west, "payments", "REPLICATION", repositoryPolicy=other)
        with client(sandbox, region="eu-central-1") as central:
            template(central, "payments", "CREATE_ON_PUSH", repositoryPolicy=other)
        push(ecr, "payments/api")
        with client(sandbox, region="eu-west-1") as west:
            assert len(west.list_images(repositoryName="payments/api")["imageIds"]) == 1
        assert sandbox.policy_text("payments/api", region="eu-west-1") == other
        assert sandbox.policy_text("payments/api", region="eu-central-1") is None
        assert sandbox.repository_settings("payments/api", region="eu-central-1") == DEFAULT


def test_a_replication_to_a_repository_that_exists_changes_only_its_images() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        for region in ("us-west-2", "eu-west-1"):
            sandbox.create_repository("payments/api", region=region)
        replicate(ecr, "eu-west-1")
        with client(sandbox, region="eu-west-1") as west:
            template(west, "ROOT", "REPLICATION", repositoryPolicy=POLICY)
            push(ecr, "payments/api")
            (image,) = west.list_images(repositoryName="payments/api")["imageIds"]
            assert image["imageTag"] == "latest"
            west.batch_delete_image(repositoryName="payments/api", imageIds=[image])
        assert sandbox.policy_text("payments/api", region="eu-west-1") is None
        assert len(ecr.list_images(repositoryName="payments/api")["imageIds"]) == 1


def test_a_replication_is_of_the_image_that_is_put() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        put(ecr, "payments/api", layer="0", tag="before")
        replicate(ecr, "eu-west-1")
        with client(sandbox, region="eu-west-1") as west:
            for layer, tag in (("1", "first"), ("2", "latest"), ("3", "latest")):
                put(ecr, "payments/api", layer=layer, tag=tag)
            images = west.describe_images(repositoryName="payments/api")["imageDetails"]
            assert [each.get("imageTags", []) for each in images] == [["first"], [], ["latest"]]
            replicate(ecr)
            put(ecr, "payments/api", layer="1", tag="later")
            images = west.describe_images(repositoryName="payments/api")["imageDetails"]
            assert images[0]["imageTags"] == ["first"]


def test_an_image_put_without_a_call_does_the_same() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        with pytest.raises(ReconcileError, match="no repository"):
            sandbox.put_image("payments/api")
        template(ecr, "payments", repositoryPolicy=POLICY)
        replicate(ecr, "eu-west-1")
        before = len(sandbox.calls())
        for _ in range(2):
            sandbox.put_image("payments/api")
        assert len(sandbox.calls()) == before
        assert sandbox.policy_text("payments/api") == POLICY
        assert sandbox.policy_text("payments/api", region="eu-west-1") is None


def test_a_replication_is_for_its_filters_and_goes_no_further() -> None:
    with Sandbox(Behaviour(visible_after=5)) as sandbox, client(sandbox) as ecr:
        for name in ("payments/api", "other/api"):
            sandbox.create_repository(name)
        filters = [{"filterType": "PREFIX_MATCH", "filter": "payments/"}]
        replicate(ecr, "eu-west-1", repositoryFilters=filters)
        with client(sandbox, region="eu-west-1") as west:
            replicate(west, "eu-central-1")
            for name in ("payments/api", "other/api"):
                push(ecr, name)
            assert names(west) == ["payments/api"]
        with client(sandbox, region="eu-central-1") as central:
            assert names(central) == []


def test_a_replication_to_another_account_or_to_no_region_does_nothing() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        elsewhere = {"region": "eu-west-1", "registryId": "444455556666"}
        nowhere = {"region": "eu-west-9", "registryId": "111122223333"}
        rules = [{"destinations": [elsewhere, nowhere]}]
        ecr.put_replication_configuration(replicationConfiguration={"rules": rules})
        push(ecr, "payments/api")
        for account in ("111122223333", "444455556666"):
            with pytest.raises(ReconcileError, match="no repository"):
                sandbox.policy_text("payments/api", account=account, region="eu-west-1")


def test_a_replication_without_the_role_that_it_needs_does_not_happen() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        replicate(ecr, "eu-west-1")
        with client(sandbox, region="eu-west-1") as west:
            tags = [{"Key": "team", "Value": "payments"}]
            template(west, "payments", "REPLICATION", resourceTags=tags)
            push(ecr, "payments/api")
            assert names(west) == []
