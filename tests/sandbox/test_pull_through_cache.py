"""Pull through cache rules, and the repositories that the first pull creates."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.client import BaseClient

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import PULL, client, keys_of, pull, refused, statement, text

URL = "public.ecr.aws"
IMPORT = ["ecr:BatchImportUpstreamImage"]
CACHE = [*IMPORT, "ecr:CreateRepository"]
CACHED = "arn:aws:ecr:us-west-2:111122223333:repository/cache/*"
POLICY = text(statement(Principal={"AWS": "444455556666"}, Action=PULL))
OF: Mapping[str, str] = {"registryId": "111122223333"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def ecr(sandbox: Sandbox) -> Iterator[BaseClient]:
    with client(sandbox) as made:
        yield made


@pytest.fixture
def other(sandbox: Sandbox) -> Iterator[BaseClient]:
    """A client of a role in another account."""
    role = sandbox.create_role("444455556666", "role2-2")
    with client(sandbox, keys=keys_of(sandbox, role)) as made:
        yield made


def cache(ecr: BaseClient, prefix: str = "cache", **fields: str) -> dict[str, Any]:
    given = {"upstreamRegistryUrl": URL} | fields
    made: dict[str, Any] = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=prefix, **given)
    return made


def prefixes(ecr: BaseClient, **parameters: Any) -> list[str]:
    rules = ecr.describe_pull_through_cache_rules(**parameters)["pullThroughCacheRules"]
    return [rule["ecrRepositoryPrefix"] for rule in rules]


def allow(actions: list[str], **changes: Any) -> Any:
    """A statement of the registry's policy."""
    principal = {"AWS": "arn:aws:iam::444455556666:role/role2-2"}
    return statement(**{"Principal": principal, "Action": actions, "Resource": CACHED} | changes)


def test_a_rule_is_created_shown_and_deleted(ecr: BaseClient) -> None:
    made = cache(ecr, upstreamRegistryUrl="444455556666.dkr.ecr.eu-west-1.amazonaws.com")
    (shown,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert shown["registryId"] == "111122223333"
    given = {name: value for name, value in made.items() if name != "ResponseMetadata"}
    assert shown == given | {"updatedAt": shown["updatedAt"]}
    gone = ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="cache")
    assert {name: gone[name] for name in given} == given
    assert prefixes(ecr) == []


def test_the_errors_of_a_rule(ecr: BaseClient) -> None:
    missing = "PullThroughCacheRuleNotFoundException"
    with refused(missing, "prefix 'cache' does not exist"):
        ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="cache")
    with refused(missing):
        prefixes(ecr, ecrRepositoryPrefixes=["cache"])
    cache(ecr)
    for same in ("cache", "cache/"):
        with refused("PullThroughCacheRuleAlreadyExistsException"):
            cache(ecr, same)
    with refused("UnsupportedUpstreamRegistryException"):
        cache(ecr, "other", upstreamRegistryUrl="registry.example.com")
    for prefix in ("Cache", "a" * 31, "/cache"):
        with refused("InvalidParameterException", "at 'ecrRepositoryPrefix'"):
            cache(ecr, prefix)
    assert prefixes(ecr) == ["cache"]


def test_rules_have_pages(ecr: BaseClient) -> None:
    for prefix in ("quay", "ROOT", "hub"):
        cache(ecr, prefix)
    first = ecr.describe_pull_through_cache_rules(maxResults=2)
    assert prefixes(ecr, nextToken=first["nextToken"]) == ["quay"]
    assert prefixes(ecr, ecrRepositoryPrefixes=["quay", "ROOT"]) == ["ROOT", "quay"]


def test_the_first_pull_creates_a_repository_by_template(sandbox: Sandbox, ecr: BaseClient) -> None:
    cache(ecr)
    ecr.create_repository_creation_template(
        prefix="cache",
        appliedFor=["PULL_THROUGH_CACHE"],
        repositoryPolicy=POLICY,
        imageTagMutability="IMMUTABLE",
    )
    assert pull(ecr, "cache/nginx", "1", "2") == ["1", "2"]
    assert sandbox.policy_text("cache/nginx") == POLICY
    assert sandbox.repository_settings("cache/nginx").tag_mutability == "IMMUTABLE"
    sandbox.set_policy_text("cache/nginx", "edited")
    assert pull(ecr, "cache/nginx", "1", "3") == ["1", "3"]
    assert sandbox.policy_text("cache/nginx") == "edited"


def test_without_a_template_for_it_the_repository_has_no_policy(
    sandbox: Sandbox, ecr: BaseClient
) -> None:
    cache(ecr, "ROOT")
    sandbox.set_creation_template("ROOT", {"appliedFor": ["REPLICATION", "CREATE_ON_PUSH"]})
    assert pull(ecr, "nginx") == ["latest"]
    assert sandbox.policy_text("nginx") is None


@pytest.mark.parametrize("name", ["cache", "cached/nginx", "other/cache/nginx"])
def test_no_rule_is_no_cache(ecr: BaseClient, name: str) -> None:
    cache(ecr)
    with refused("RepositoryNotFoundException"):
        pull(ecr, name)


def test_a_template_that_needs_a_role_or_the_limit_creates_nothing() -> None:
    with Sandbox(Behaviour(repository_limit=1, visible_after=5)) as sandbox, client(sandbox) as ecr:
        cache(ecr)
        tags: Any = {"appliedFor": ["PULL_THROUGH_CACHE"], "resourceTags": [{"Key": "a"}]}
        sandbox.set_creation_template("ROOT", tags)
        with refused("RepositoryNotFoundException"):
            pull(ecr, "cache/one")
        sandbox.set_creation_template("ROOT", None)
        assert pull(ecr, "cache/one") == ["latest"]
        ecr.describe_repositories(repositoryNames=["cache/one"])
        with refused("RepositoryNotFoundException"):
            pull(ecr, "cache/two")


@pytest.mark.parametrize(
    ("statements", "denied"),
    [
        ((), "BatchImportUpstreamImage"),
        ((allow(IMPORT),), "CreateRepository"),
        ((allow(["ecr:CreateRepository"]),), "BatchImportUpstreamImage"),
        ((allow(CACHE, Resource=CACHED.replace("cache", "other")),), "BatchImportUpstreamImage"),
        ((allow(CACHE), allow(IMPORT, Effect="Deny")), "BatchImportUpstreamImage"),
        ((allow(CACHE),), None),
    ],
)
def test_another_account_needs_two_permissions_of_the_registry(
    sandbox: Sandbox,
    ecr: BaseClient,
    other: BaseClient,
    statements: tuple[Any, ...],
    denied: str | None,
) -> None:
    cache(ecr)
    cached: Any = {"appliedFor": ["PULL_THROUGH_CACHE"], "repositoryPolicy": POLICY}
    sandbox.set_creation_template("cache", cached)
    sandbox.set_registry_policy_text(text(*statements) if statements else None)
    if denied is None:
        assert pull(other, "cache/nginx", **OF) == ["latest"]
        return
    with refused("AccessDeniedException", f"ecr:{denied} on resource"):
        pull(other, "cache/nginx", **OF)
    assert ecr.describe_repositories()["repositories"] == []


def test_another_account_may_also_import_by_the_policy_of_the_repository(
    sandbox: Sandbox, ecr: BaseClient, other: BaseClient
) -> None:
    cache(ecr)
    sandbox.create_repository("cache/nginx")
    for actions, may in ((PULL, False), ([*PULL, *IMPORT], True)):
        policy = text(statement(Principal={"AWS": "444455556666"}, Action=actions))
        sandbox.set_policy_text("cache/nginx", policy)
        if may:
            assert pull(other, "cache/nginx", **OF) == ["latest"]
        else:
            with refused("AccessDeniedException", "ecr:BatchImportUpstreamImage"):
                pull(other, "cache/nginx", **OF)


def test_a_pull_of_what_is_cached_imports_nothing(
    sandbox: Sandbox, ecr: BaseClient, other: BaseClient
) -> None:
    cache(ecr)
    assert pull(ecr, "cache/nginx", "1") == ["1"]
    sandbox.set_policy_text("cache/nginx", POLICY)
    assert pull(other, "cache/nginx", "1", **OF) == ["1"]
    with refused("AccessDeniedException", "ecr:BatchImportUpstreamImage"):
        pull(other, "cache/nginx", "1", "2", **OF)
    assert len(ecr.list_images(repositoryName="cache/nginx")["imageIds"]) == 1


def test_a_pull_that_is_denied_after_the_import_leaves_the_repository(
    sandbox: Sandbox, ecr: BaseClient, other: BaseClient
) -> None:
    cache(ecr)
    sandbox.set_registry_policy_text(text(allow(CACHE)))
    with refused("AccessDeniedException", "ecr:BatchGetImage"):
        pull(other, "cache/nginx", **OF)
    assert sandbox.policy_text("cache/nginx") is None
