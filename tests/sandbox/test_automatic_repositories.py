"""The repositories that ECR creates by itself."""

from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.errors import ReconcileError
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.state import RepositorySettings

from .clients import PULL, client, keys_of, pull, put, refused, statement, text

ACCOUNT = "111122223333"
POLICY = text(statement(Principal={"AWS": "444455556666"}, Action=PULL))
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/ecr-templates"
LIFECYCLE = '{"rules": []}'
DEFAULT = RepositorySettings("MUTABLE", False, "AES256", None, ())


def template(ecr: BaseClient, prefix: str, *scenarios: str, **fields: Any) -> None:
    ecr.create_repository_creation_template(
        prefix=prefix, appliedFor=list(scenarios or ("CREATE_ON_PUSH",)), **fields
    )


def push(ecr: BaseClient, name: str) -> None:
    """Push an image, as docker does."""
    ecr.initiate_layer_upload(repositoryName=name)
    put(ecr, name)


def replicate(ecr: BaseClient, *regions: str, account: str = ACCOUNT, **rule: Any) -> None:
    destinations = [{"region": region, "registryId": account} for region in regions]
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
        for prefix in ("a", "ROOT", "a/b"):
            tags = [{"Key": "of", "Value": prefix}]
            template(ecr, prefix, resourceTags=tags, customRoleArn=ROLE)
        template(ecr, "a/b/c", "REPLICATION")
        expected = {
            "xx": "ROOT",
            "ab/x": "ROOT",
            "a/x": "a",
            "a/bc/x": "a",
            "a/b/x": "a/b",
        }
        for name, prefix in expected.items():
            push(ecr, name)
            assert sandbox.repository_settings(name).tags == (("of", prefix),)
        with refused("RepositoryNotFoundException", "'a/b/c/x' does not exist"):
            ecr.initiate_layer_upload(repositoryName="a/b/c/x")


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
    with Sandbox() as sandbox, client(sandbox) as ecr:
        template(ecr, "payments", repositoryPolicy=POLICY)
        keys = keys_of(sandbox, sandbox.create_role("444455556666", "role2-1"))
        with client(sandbox, keys=keys) as other, refused("AccessDeniedException"):
            other.initiate_layer_upload(registryId=ACCOUNT, repositoryName="payments/api")
        assert names(ecr) == ["payments/api"]
        assert sandbox.policy_text("payments/api") == POLICY
        assert sandbox.repository_settings("payments/api") == DEFAULT


def test_a_push_from_another_account_that_its_template_allows_is_done() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        pusher = sandbox.create_role("444455556666", "role2-1", "/deploy/")
        puller = sandbox.create_role("444455556666", "role2-2")
        policy = text(
            statement(Principal={"AWS": pusher}, Action=[*PULL, "ecr:Init*", "ecr:PutImage"]),
            statement(Principal={"AWS": puller}, Action=PULL),
        )
        template(ecr, "payments", repositoryPolicy=policy)
        of = {"registryId": ACCOUNT}
        with client(sandbox, keys=keys_of(sandbox, pusher)) as other:
            other.initiate_layer_upload(repositoryName="payments/api", **of)
            put(other, "payments/api", **of)
        with client(sandbox, keys=keys_of(sandbox, puller)) as other:
            assert pull(other, "payments/api", **of) == ["latest"]
            with refused("AccessDeniedException", "ecr:PutImage"):
                put(other, "payments/api", layer="1", **of)


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


def test_a_replication_to_no_region_does_nothing() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        replicate(ecr, "eu-west-9")
        push(ecr, "payments/api")
        assert names(ecr) == ["payments/api"]


REPLICATE = ["ecr:ReplicateImage"]
BOTH = [*REPLICATE, "ecr:CreateRepository"]
THERE = "arn:aws:ecr:eu-west-1:444455556666:repository"
SOURCE = {"AWS": ACCOUNT}


def allow(actions: list[str], resource: str = f"{THERE}/payments/*", **changes: Any) -> Any:
    """A statement of the destination's registry policy."""
    return statement(**{"Principal": SOURCE, "Action": actions, "Resource": resource} | changes)


@pytest.mark.parametrize(
    ("statements", "creates", "replicates"),
    [
        ((), False, False),
        ((allow(BOTH),), True, True),
        ((allow(REPLICATE),), False, True),
        ((allow(["ecr:CreateRepository"]),), False, False),
        ((allow(["ecr:*"], "*"),), True, True),
        ((allow(BOTH, f"{THERE}/other/*"),), False, False),
        ((allow(BOTH, THERE.replace(":ecr", "") + "/*"),), False, False),
        ((allow(BOTH, Principal={"AWS": "777788889999"}),), False, False),
        ((allow(BOTH), allow(REPLICATE, Effect="Deny")), False, False),
        ((allow(BOTH, Condition={"Bool": {"aws:ViaAWSService": "true"}}),), False, False),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_a_replication_to_another_account_needs_the_permission_of_its_registry(
    statements: tuple[Any, ...], creates: bool, replicates: bool, exists: bool
) -> None:
    there = {"account": "444455556666", "region": "eu-west-1"}
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("payments/api")
        if statements:
            sandbox.set_registry_policy_text(text(*statements), **there)
        if exists:
            sandbox.create_repository("payments/api", **there)
        born: Any = {"appliedFor": ["REPLICATION"], "repositoryPolicy": POLICY}
        sandbox.set_creation_template("payments", born, **there)
        replicate(ecr, "eu-west-1", account="444455556666")
        push(ecr, "payments/api")
        keys = keys_of(sandbox, "arn:aws:iam::444455556666:role/reader")
        with client(sandbox, region="eu-west-1", keys=keys) as other:
            if not exists and not creates:
                assert names(other) == []
                return
            assert sandbox.policy_text("payments/api", **there) == (None if exists else POLICY)
            assert pull(other, "payments/api") == (["latest"] if replicates else [])
