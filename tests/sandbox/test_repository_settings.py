"""The settings of a repository, and the limit of repositories."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.state import RepositorySettings

from .clients import client, refused

KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(repository_limit=2)) as running:
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        ({}, RepositorySettings("MUTABLE", False, "AES256", None, ())),
        (
            {"imageTagMutability": "MUTABLE"},
            RepositorySettings("MUTABLE", False, "AES256", None, ()),
        ),
        (
            {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}},
            RepositorySettings("IMMUTABLE", True, "AES256", None, ()),
        ),
        (
            {
                "encryptionConfiguration": {"encryptionType": "AES256"},
                "imageScanningConfiguration": {"scanOnPush": False},
                "tags": [{"Key": "team", "Value": "payments"}, {"Key": "env", "Value": ""}],
            },
            RepositorySettings(
                "MUTABLE", False, "AES256", None, (("env", ""), ("team", "payments"))
            ),
        ),
        (
            {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY}},
            RepositorySettings("MUTABLE", False, "KMS", KEY, ()),
        ),
    ],
    ids=["none", "mutable", "immutable, scanned", "AES256, tagged", "KMS"],
)
def test_settings_are_stored_and_shown(
    sandbox: Sandbox,
    ecr: BaseClient,
    parameters: dict[str, object],
    settings: RepositorySettings,
) -> None:
    made = ecr.create_repository(repositoryName="tools", **parameters)["repository"]
    (shown,) = ecr.describe_repositories(repositoryNames=["tools"])["repositories"]
    assert shown == made
    assert sandbox.repository_settings("tools") == settings
    assert shown["imageTagMutability"] == settings.tag_mutability
    assert shown["imageScanningConfiguration"] == {"scanOnPush": settings.scan_on_push}
    encryption = {"encryptionType": settings.encryption_type}
    if settings.kms_key:
        encryption["kmsKey"] = settings.kms_key
    assert shown["encryptionConfiguration"] == encryption
    tags = ecr.list_tags_for_resource(resourceArn=shown["repositoryArn"])["tags"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == list(settings.tags)


def test_kms_without_a_key_uses_a_key_of_aws(sandbox: Sandbox, ecr: BaseClient) -> None:
    ecr.create_repository(repositoryName="tools", encryptionConfiguration={"encryptionType": "KMS"})
    key = sandbox.repository_settings("tools").kms_key
    assert key is not None
    assert key.startswith("arn:aws:kms:us-west-2:111122223333:key/")


def test_settings_of_a_repository_created_without_a_call(sandbox: Sandbox) -> None:
    sandbox.create_repository("tools")
    assert sandbox.repository_settings("tools") == RepositorySettings(
        "MUTABLE", False, "AES256", None, ()
    )


def test_a_name_in_use_is_refused_at_the_limit_too(sandbox: Sandbox, ecr: BaseClient) -> None:
    taken = "The repository with name 'tools' already exists in the registry with id '111122223333'"
    ecr.create_repository(repositoryName="tools", imageTagMutability="IMMUTABLE")
    with refused("RepositoryAlreadyExistsException", taken):
        ecr.create_repository(repositoryName="tools")
    sandbox.create_repository("other")
    with refused("RepositoryAlreadyExistsException", taken):
        ecr.create_repository(repositoryName="tools")
    assert sandbox.repository_settings("tools").tag_mutability == "IMMUTABLE"


def test_the_limit_holds_in_each_region(sandbox: Sandbox, ecr: BaseClient) -> None:
    for name in ("one", "two"):
        ecr.create_repository(repositoryName=name)
    with refused("LimitExceededException", "which is '2'"):
        ecr.create_repository(repositoryName="three")
    assert names(ecr) == ["one", "two"]
    with client(sandbox, region="eu-west-1") as elsewhere:
        elsewhere.create_repository(repositoryName="three")
    ecr.delete_repository(repositoryName="one")
    ecr.create_repository(repositoryName="three")


def test_images(sandbox: Sandbox, ecr: BaseClient) -> None:
    sandbox.create_repository("tools")
    assert ecr.list_images(repositoryName="tools")["imageIds"] == []
    before = len(sandbox.calls())
    for _ in range(2):
        sandbox.put_image("tools")
    assert len(sandbox.calls()) == before
    (image,) = ecr.list_images(repositoryName="tools")["imageIds"]
    assert image["imageTag"] == "latest"
    assert image["imageDigest"].startswith("sha256:")
    with refused("RepositoryNotEmptyException"):
        ecr.delete_repository(repositoryName="tools")
    with refused("RepositoryNotFoundException"):
        ecr.list_images(repositoryName="missing")


def names(ecr: BaseClient) -> list[str]:
    return [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
