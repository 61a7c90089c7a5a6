"""Repositories: names, listing and registries."""

from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from reconciler.errors import ReconcileError
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import client, refused

NAMES = tuple(f"app/{number:02}" for number in range(25))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Behaviour(page_size=10)) as running:
        for name in reversed(NAMES):
            running.create_repository(name)
        yield running


def page(ecr: BaseClient, **parameters: object) -> tuple[list[str], str | None]:
    answer = ecr.describe_repositories(**parameters)
    return [each["repositoryName"] for each in answer["repositories"]], answer.get("nextToken")


@pytest.mark.parametrize("name", ["a--b", "a__b", "a---b/c.d_e", "0a", "a" * 256])
def test_accepts_the_names_of_the_model(sandbox: Sandbox, name: str) -> None:
    with client(sandbox, region="eu-west-1") as ecr:
        made = ecr.create_repository(repositoryName=name)["repository"]
        assert made["repositoryName"] == name
        assert made["repositoryArn"] == f"arn:aws:ecr:eu-west-1:111122223333:repository/{name}"
        assert made["imageTagMutability"] == "MUTABLE"
        assert ecr.describe_repositories(repositoryNames=[name])["repositories"] == [made]


@pytest.mark.parametrize("name", ["A/b", "a..b", "a___b", "a//b", "-a", "a/", "a" * 257])
@pytest.mark.parametrize("operation", ["create_repository", "get_repository_policy"])
def test_refuses_other_names(ecr: BaseClient, operation: str, name: str) -> None:
    with refused("InvalidParameterException", "Invalid parameter at 'repositoryName' failed"):
        getattr(ecr, operation)(repositoryName=name)


def test_settings_are_returned(sandbox: Sandbox) -> None:
    with client(sandbox, region="eu-west-2") as ecr:
        made = ecr.create_repository(
            repositoryName="tools",
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            encryptionConfiguration={"encryptionType": "KMS"},
        )["repository"]
        assert made["imageTagMutability"] == "IMMUTABLE"
        assert made["imageScanningConfiguration"] == {"scanOnPush": True}
        assert made["encryptionConfiguration"]["encryptionType"] == "KMS"
        with refused("RepositoryAlreadyExistsException"):
            ecr.create_repository(repositoryName="tools")


def test_pages_of_the_default_size(ecr: BaseClient) -> None:
    names, token = page(ecr)
    assert names == list(NAMES[:10])
    assert token


@pytest.mark.parametrize("size", [1, 7, 24, 25, 1000])
def test_pages_add_up_to_the_listing(ecr: BaseClient, size: int) -> None:
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": size})
    listed = [[each["repositoryName"] for each in page["repositories"]] for page in pages]
    assert [name for names in listed for name in names] == list(NAMES)
    assert {len(names) for names in listed[:-1]} <= {size}
    assert listed[-1]


def test_a_listing_is_stable_while_repositories_come_and_go(sandbox: Sandbox) -> None:
    with client(sandbox, region="eu-central-1") as ecr:
        for name in ("b1", "b2", "b3", "b4"):
            ecr.create_repository(repositoryName=name)
        names, token = page(ecr, maxResults=2)
        ecr.create_repository(repositoryName="a1")
        ecr.delete_repository(repositoryName="b2")
        rest, end = page(ecr, maxResults=2, nextToken=token)
    assert (names, rest, end) == (["b1", "b2"], ["b3", "b4"], None)


def test_an_empty_registry_lists_nothing(sandbox: Sandbox) -> None:
    with client(sandbox, region="sa-east-1") as ecr:
        assert page(ecr) == ([], None)


def test_describes_by_name(ecr: BaseClient) -> None:
    assert page(ecr, repositoryNames=["app/20", "app/03"]) == (["app/20", "app/03"], None)
    with refused("RepositoryNotFoundException", "'app/99' does not exist in the registry with id"):
        page(ecr, repositoryNames=["app/20", "app/99"])


@pytest.mark.parametrize(
    "parameters",
    [
        {"maxResults": 1001},
        {"nextToken": "bm90IGEgdG9rZW4="},
        {"nextToken": "?"},
        {"nextToken": "NQ=="},
        {"repositoryNames": ["app/20"], "maxResults": 5},
        {"repositoryNames": ["app/20"] * 101},
        {"repositoryNames": ["App"]},
    ],
    ids=str,
)
def test_refuses_other_listings(ecr: BaseClient, parameters: dict[str, object]) -> None:
    with refused("InvalidParameterException"):
        page(ecr, **parameters)


def test_the_own_registry_id_is_accepted(ecr: BaseClient) -> None:
    assert page(ecr, registryId="111122223333", maxResults=1)[0] == ["app/00"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("create_repository", {"repositoryName": "app/new"}),
        ("describe_repositories", {}),
        ("set_repository_policy", {"repositoryName": "app/00", "policyText": "{}"}),
        ("get_repository_policy", {"repositoryName": "app/00"}),
        ("delete_repository_policy", {"repositoryName": "app/00"}),
    ],
)
def test_the_registry_of_another_account_is_denied(
    sandbox: Sandbox, ecr: BaseClient, operation: str, parameters: dict[str, str]
) -> None:
    method = ecr.meta.method_to_api_mapping[operation]
    with refused(
        "AccessDeniedException",
        f"User: arn:aws:iam::111122223333:user/sandbox is not authorized to perform: ecr:{method}",
    ):
        getattr(ecr, operation)(registryId="444455556666", **parameters)
    with pytest.raises(ReconcileError):
        sandbox.policy_text("app/new")


def test_regions_in_china_have_their_own_domain(sandbox: Sandbox) -> None:
    uri = "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/"
    sandbox.create_repository("seeded", region="cn-north-1")
    with client(sandbox, region="cn-north-1") as ecr:
        made = ecr.create_repository(repositoryName="created")["repository"]
        assert made["repositoryUri"] == f"{uri}created"
        (seeded,) = ecr.describe_repositories(repositoryNames=["seeded"])["repositories"]
        assert seeded["repositoryUri"] == f"{uri}seeded"


def test_creation_without_a_call_refuses_invalid_and_used_names(sandbox: Sandbox) -> None:
    with pytest.raises(ReconcileError, match="must satisfy regular expression"):
        sandbox.create_repository("App")
    with pytest.raises(ReconcileError, match="already has a repository 'app/00'"):
        sandbox.create_repository("app/00")
