"""Patterns: what all live repositories with a prefix share is said once."""

import yaml

from tests.adopt.making import PULL, STAGING, WORKLOADS, Policies, allow, imported, role

NAMES = {WORKLOADS: "workloads", STAGING: "staging"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchDeleteImage"}


def entries(policies: Policies, **options: bool) -> dict[str, dict[str, object]]:
    return yaml.safe_load(imported(policies, NAMES, **options).text)["repositories"]


def test_a_folder_of_two_is_a_pattern() -> None:
    policies = {"app/a": [allow([WORKLOADS, STAGING])], "app/b": [allow(WORKLOADS), DENY]}
    assert entries(policies) == {
        "app/*": {"access": {"workloads": "pull"}},
        "app/a": {"access": {"staging": "pull"}},
        "app/b": {"statements": [DENY]},
    }
    assert list(entries(policies, flat=True)) == ["app/a", "app/b"]


def test_no_pattern_matches_a_repository_with_other_access() -> None:
    policies = {"app/a": [allow(WORKLOADS)], "app/b": [allow(WORKLOADS)], "app/c": None}
    assert list(entries(policies)) == ["app/a", "app/b", "app/c"]
    policies["app/c"] = [allow(WORKLOADS, ["ecr:GetAuthorizationToken"])]
    assert list(entries(policies)) == ["app/a", "app/b"]
    policies["app/c"] = "{"
    assert list(entries(policies)) == ["app/a", "app/b"]


def test_the_longest_prefix_of_the_same_repositories() -> None:
    policies = {"team/app/a-x": [allow(WORKLOADS)], "team/app/a-y": [allow(WORKLOADS)]}
    assert list(entries(policies)) == ["team/app/*"]


def test_prefixes_inside_prefixes() -> None:
    policies = {
        "app/a": [allow(WORKLOADS)],
        "app/web/b": [allow([WORKLOADS, STAGING])],
        "app/web/c": [allow([WORKLOADS, STAGING])],
    }
    assert entries(policies) == {
        "app/*": {"access": {"workloads": "pull"}},
        "app/web/*": {"access": {"staging": "pull"}},
    }


def test_words_make_a_pattern_where_most_is_shared() -> None:
    shared = [allow(WORKLOADS)]
    assert list(entries({"web-a": shared, "web-b": shared, "xx": None})) == ["web-*", "xx"]
    assert list(entries({"web": shared, "web-b": shared, "xx": None})) == ["web*", "xx"]
    more = [*shared, allow(STAGING)]
    assert list(entries({"web-a": more, "web-b": shared, "xx": None})) == ["web-a", "web-b", "xx"]
    three = {"web-a": more, "web-b": shared, "web-c": shared, "xx": None}
    assert list(entries(three)) == ["web-*", "web-a", "xx"]
    others = [allow(role(n)) for n in "pq"]
    three = {f"web-{n}": [*shared, *others, allow(role(n))] for n in "abc"} | {"xx": None}
    assert "web-*" in entries(three)


def test_no_pattern_is_for_the_whole_registry() -> None:
    policies = {name: [allow(WORKLOADS)] for name in ("aa", "bb", "cc")}
    assert entries(policies) == {name: {"access": {"workloads": "pull"}} for name in policies}
    assert list(entries({"aa": [allow(WORKLOADS)], "bb": [allow(WORKLOADS)]})) == ["aa", "bb"]


def test_a_folder_without_any_policy() -> None:
    policies = {"tools/a": None, "tools/b/c": None, "tools/b/d": None, "x-a": None, "x-b": None}
    assert entries(policies) == {
        "tools/*": {"access": {}},
        "x-a": {"access": {}},
        "x-b": {"access": {}},
    }


def test_public_access_and_raw_permissions_are_never_shared() -> None:
    not_action = {"Effect": "Allow", "Principal": {"AWS": role("ci")}, "NotAction": "ecr:PutImage"}
    policies = {f"app/{name}": [allow("*"), not_action, DENY] for name in "ab"}
    found = entries(policies)
    assert found["app/*"] == {"statements": [DENY]}
    assert found["app/a"]["access"] == {"everyone": "pull"}
    assert found["app/a"]["statements"] == [{**not_action}]
    file = yaml.safe_load(imported(policies, NAMES).text)
    assert file["guards"] == {"public": {"allow": ["app/a", "app/b"]}}


def test_networks_that_are_public_together_are_never_shared() -> None:
    networks = [
        allow("*", Condition={"IpAddress": {"aws:SourceIp": f"{number}.0.0.0/8"}})
        for number in (11, 12, 13)
    ]
    policies = {f"app/{name}": [*networks, allow(WORKLOADS)] for name in "ab"}
    found = entries(policies)
    assert found["app/*"] == {"access": {"workloads": "pull"}}
    assert len(found["app/a"]["access"]) == len(found["app/b"]["access"]) == 3
    file = yaml.safe_load(imported(policies, NAMES).text)
    assert file["guards"] == {"public": {"allow": ["app/a", "app/b"]}}


def test_very_many_public_repositories_are_allowed_as_a_whole() -> None:
    policies = {f"p{number}": [allow("*", PULL)] for number in range(101)}
    assert yaml.safe_load(imported(policies).text)["guards"] == {"public": "allow"}
