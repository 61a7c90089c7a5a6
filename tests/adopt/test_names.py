"""Names of accounts, principals, tiers and groups."""

import pytest
import yaml

from reconciler.adopt.naming.names import NAME, name_accounts, shared_prefix, slug
from tests.adopt.making import (
    PULL,
    STAGING,
    WORKLOADS,
    Policies,
    allow,
    imported,
    plan_of,
    registry,
    role,
)

NAMES = {WORKLOADS: "workloads", STAGING: "staging"}
LIST, PUT = "ecr:ListImages", "ecr:PutImage"
DEV, TEST, PROD = "100000000001", "100000000002", "100000000003"
ENVIRONMENTS = {DEV: "apex-dev", TEST: "apex-test", PROD: "apex-prod"}


def file_of(policies: Policies, names: dict[str, str], **options: bool) -> dict[str, object]:
    return yaml.safe_load(imported(policies, names, **options).text)


def test_accounts_have_the_names_that_are_known() -> None:
    known = {WORKLOADS: " Workloads (Prod)", STAGING: "", "999900001111": "444", DEV: "x" * 80}
    named = name_accounts([*known, PROD], known)
    assert named == {
        WORKLOADS: "workloads-prod",
        STAGING: f"account-{STAGING}",
        "999900001111": "444-999900001111",
        DEV: "x" * 64,
        PROD: f"account-{PROD}",
    }


def test_two_accounts_of_one_name_have_their_ids_behind_it() -> None:
    named = name_accounts([DEV, TEST], {DEV: "Sandbox", TEST: "sandbox"})
    assert named == {DEV: f"Sandbox-{DEV}", TEST: f"sandbox-{TEST}"}
    assert name_accounts([DEV], {DEV: ""}, {f"account-{DEV}"}) == {DEV: f"account-{DEV}-2"}
    assert name_accounts([DEV], {DEV: "Prod_1"}) == {DEV: "Prod_1"}
    assert name_accounts([DEV], {DEV: "taken"}, {"taken"}) == {DEV: f"taken-{DEV}"}


def test_a_name_with_the_id_of_another_account_is_none() -> None:
    known = {DEV: "x", TEST: "x", PROD: f"x-{DEV}", WORKLOADS: f"account-{WORKLOADS}"}
    named = name_accounts(known, known)
    assert named[PROD] == f"account-{PROD}"
    assert named[WORKLOADS] == f"account-{WORKLOADS}"
    assert len(set(named.values())) == len(known)


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["apex-dev", "apex-test"], "apex"),
        (["apex", "apex-test"], "apex"),
        (["apex-dev", "apex-data"], "apex"),
        (["apex", "apexes"], ""),
        (["ab-c", "ab-d"], ""),
        (["dev", "test"], ""),
        (["444455556666", "444455556666"], ""),
    ],
)
def test_the_words_that_names_share(names: list[str], shared: str) -> None:
    assert shared_prefix(names) == shared


def test_a_slug_is_a_name() -> None:
    assert slug("Team A / Prod (EU)") == "team-a-/-prod-eu"
    assert NAME.fullmatch(slug("Team A / Prod (EU)"))
    assert slug("…") == ""


def test_one_role_with_the_same_access_everywhere_is_one_principal() -> None:
    file = file_of({"a/b": [allow([role("ci"), role("ci", STAGING)])]}, NAMES)
    assert file["principals"] == {"ci": {"role": "ci", "accounts": ["staging", "workloads"]}}


def test_one_role_with_different_access_is_named_by_account() -> None:
    policies = {"a/b": [allow([role("ci"), role("ci", STAGING)])], "cc": [allow(role("ci"))]}
    file = file_of(policies, NAMES)
    assert file["principals"] == {
        "ci@staging": {"role": "ci", "account": "staging"},
        "ci@workloads": {"role": "ci", "account": "workloads"},
    }


def test_a_long_name_keeps_its_last_words() -> None:
    names = {WORKLOADS: "electronic-monitoring-data-development", STAGING: "s" * 64}
    long = "modernisation-platform-oidc-cicd"
    policies = {"a/b": [allow([role(long), role(long, STAGING)])], "cc": [allow(role(long))]}
    file = file_of(policies, names)
    assert sorted(file["principals"]) == [
        long,
        "platform-oidc-cicd@electronic-monitoring-data-development",
    ]


def test_names_that_clash() -> None:
    """A role called like an account, roles of one name under two paths, and one that is no name."""
    policies = {
        "a/b": [allow([role("workloads"), role("x/ci"), role("y/ci"), WORKLOADS, role("=,=")])],
        "cc": [allow(role("x/ci")), allow(role("workloads"), ["ecr:ListImages"])],
    }
    file = file_of(policies, NAMES)
    assert {name: one["role"] for name, one in file["principals"].items()} == {
        "ci@workloads": "x/ci",
        "y/ci": "y/ci",
        "role": "=,=",
        "workloads@workloads": "workloads",
    }


def test_services_and_organizations_are_told_apart() -> None:
    service = {"Service": "lambda.amazonaws.com"}
    of = [
        allow(service, Condition={"StringEquals": {"aws:SourceAccount": WORKLOADS}}),
        allow(service, Condition={"StringEquals": {"aws:SourceAccount": STAGING}}),
        allow(service, Condition={"StringEquals": {"aws:SourceAccount": [DEV, TEST]}}),
        allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        allow(
            "*",
            Condition={
                "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-1/*"}
            },
        ),
    ]
    file = file_of({"a/b": of}, {**NAMES, **ENVIRONMENTS})
    assert sorted(file["principals"]) == [
        "lambda@apex",
        "lambda@staging",
        "lambda@workloads",
        "organization@o-a1b2c3d4e5",
        "organization@ou-1",
    ]


def test_groups_go_together_everywhere() -> None:
    policies = {
        "aa": [allow([DEV, TEST, PROD])],
        "bb": [allow([DEV, TEST, PROD]), allow(WORKLOADS)],
        "cc": [allow(WORKLOADS)],
    }
    file = file_of(policies, {**NAMES, **ENVIRONMENTS})
    assert file["principals"] == {"apex": ["apex-dev", "apex-prod", "apex-test"]}
    assert file["repositories"]["aa"] == {"access": {"apex": "pull"}}
    assert "principals" not in file_of(policies, {**NAMES, **ENVIRONMENTS}, flat=True)


def names_in(policies: Policies, names: dict[str, str]) -> list[str]:
    return list(file_of(policies, names)["principals"])


def test_a_group_is_called_after_what_its_members_are() -> None:
    env = {**ENVIRONMENTS, "100000000004": "apex-sand"}
    both = [allow([TEST, PROD])]
    but_one = {"aa": both, "bb": [*both, allow(DEV, ["ecr:ListImages"])]}
    assert names_in(but_one, env) == ["apex-except-dev"]
    many = {str(number) * 12: f"apex-{number}" for number in range(1, 8)}
    of_many = [allow([str(number) * 12 for number in range(1, 5)])]
    rest = [allow(str(number) * 12, ["ecr:ListImages"]) for number in range(5, 8)]
    assert "apex-all" in names_in({"aa": of_many, "bb": [*of_many, *rest]}, many)
    some = {**but_one, "cc": [allow("100000000004"), allow(DEV)]}
    assert names_in(some, env) == ["apex-prod+test"]
    with_role = [allow([DEV, role("ci", DEV)])]
    roles = {"aa": with_role, "bb": [*with_role, allow(role("ci", TEST))]}
    assert names_in(roles, env) == ["ci@apex-dev", "ci@apex-test", "apex-dev-all"]


def test_a_group_is_called_after_what_it_has_access_to() -> None:
    def of(*repositories: str) -> Policies:
        both = [allow([role("xx"), role("yy")])]
        return {name: [*both, allow(role(name[-1]), PULL[:1])] for name in repositories}

    assert names_in(of("app/a", "app/b"), NAMES) == ["a", "b", "xx", "yy", "app-access"]
    assert names_in(of("aa", "bb"), NAMES) == ["a", "b", "xx", "yy", "group"]


def test_a_group_for_one_repository_has_members_of_one_name() -> None:
    policies = {"aa": [allow([DEV, TEST, PROD])]}
    assert names_in(policies, ENVIRONMENTS) == ["apex"]
    assert "principals" not in file_of({"aa": [allow([DEV, TEST])]}, ENVIRONMENTS)
    assert names_in({"aa": [allow([role("x"), role("y"), role("z")])]}, NAMES) == ["x", "y", "z"]


def test_a_group_among_very_many_of_one_name() -> None:
    names = {f"{number:012}": f"apex-{number}" for number in range(1, 103)}
    first, second, *others = names
    policies = {"aa": [allow([first, second])], "bb": [allow([first, second])]}
    policies |= {f"x{one}": [allow(one)] for one in others}
    assert list(file_of(policies, names)["principals"]) == ["apex-all"]


def test_a_group_has_a_name_that_a_file_takes() -> None:
    policies = {"aa": [allow([DEV, TEST])], "bb": [allow([DEV, TEST])]}
    assert names_in(policies, {DEV: "2024-a", TEST: "2024-b"}) == ["2024-all"]
    assert names_in(policies, {DEV: "nothing-a", TEST: "nothing-b"}) == ["nothing-all"]


def test_unnamed_accounts_give_a_group_no_name() -> None:
    file = file_of({"aa": [allow([DEV, TEST])], "bb": [allow([DEV, TEST]), allow(PROD)]}, {})
    assert file["principals"] == {"group": [f"account-{DEV}", f"account-{TEST}"]}


@pytest.mark.parametrize(
    ("actions", "name", "definition"),
    [
        (PULL, "pull", None),
        (["ecr:*"], "admin", None),
        (["*"], "admin", None),
        (["ecr:BatchGetImage"], "pull-partial", {"actions": ["ecr:BatchGetImage"]}),
        ([*PULL, LIST], "pull-list", {"extends": "pull", "actions": [LIST]}),
        ([*PULL, "ecr:Fly"], "pull-more", {"extends": "pull", "actions": ["ecr:Fly"]}),
        ([*PULL[:2], PUT], "push-pull-partial", {"actions": [*PULL[:2], PUT]}),
        (["ecr:Get*"], "pull-lifecycle-policy", {"actions": ["ecr:Get*"]}),
        (["ecr:Fly"], "more", {"actions": ["ecr:Fly"]}),
        (PULL[:1], "other", {"actions": PULL[:1]}),
    ],
)  # fmt: skip
def test_tiers(actions: list[str], name: str, definition: object) -> None:
    file = file_of({"a/b": [allow(role("ci"), actions)]}, NAMES)
    assert file["repositories"]["a/b"]["access"] == {"ci": name}
    assert file.get("tiers", {}).get(name) == definition


def test_two_tiers_that_a_file_has_are_no_third() -> None:
    both = [*PULL, "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload",
            "ecr:PutImage", "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListImages",
            "ecr:ListTagsForResource", "ecr:DescribeImageScanFindings", "ecr:GetLifecyclePolicy",
            "ecr:GetLifecyclePolicyPreview", "ecr:GetRepositoryPolicy"]  # fmt: skip
    file = file_of({"a/b": [allow(role("ci"), both)]}, NAMES)
    assert file["repositories"]["a/b"]["access"] == {"ci": ["read", "push"]}


def test_tiers_of_the_same_words_are_numbered() -> None:
    of = {"a": ["ecr:DescribeImages"], "b": ["ecr:ListImages"]}
    file = file_of({"a/b": [allow(role(name), actions) for name, actions in of.items()]}, NAMES)
    assert file["tiers"] == {
        "list": {"actions": ["ecr:DescribeImages"]},
        "list-2": {"actions": ["ecr:ListImages"]},
    }


def test_a_service_and_a_role_share_a_tier_of_the_file() -> None:
    of = [allow(role("ci"), [LIST]), allow({"Service": "codebuild.amazonaws.com"}, [LIST])]
    file = file_of({"a/b": of}, NAMES)
    assert file["repositories"]["a/b"]["access"] == {"ci": "list", "codebuild": "list"}


def test_only_a_service_has_the_tier_lambda() -> None:
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    of = [allow(role("ci"), actions), allow({"Service": "codebuild.amazonaws.com"}, actions)]
    file = file_of({"a/b": of}, NAMES)
    assert file["repositories"]["a/b"]["access"] == {"ci": "pull-partial", "codebuild": "lambda"}


def test_without_accounts_a_known_account_is_a_principal() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:PutImage",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
    }
    found = imported(
        {"a/b": [allow([WORKLOADS, STAGING, role("ci")]), deny]}, {WORKLOADS: "workloads"}
    )
    file = yaml.safe_load(found.text)
    assert "accounts" not in file
    assert "There is no section accounts" in found.text
    assert file["principals"] == {
        "ci": {"role": "ci", "account": WORKLOADS},
        "workloads": {"account": WORKLOADS},
    }
    assert list(file["repositories"]["a/b"]["access"]) == [STAGING, "ci", "workloads"]


def test_what_is_no_account_id_does_not_stop_an_import() -> None:
    """A file without `accounts` carries a condition that matches no account, as it is."""
    short = {"StringEquals": {"aws:SourceAccount": "44445555666"}}
    any_role = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}
    policies: Policies = {
        "a/short": [allow({"Service": "codebuild.amazonaws.com"}, Condition=short)],
        "b/any": [allow(WORKLOADS, Condition=any_role)],
        "c/good": [allow(role("ci"))],
    }
    for chosen in (["a/short"], ["a/short", "c/good"], list(policies)):
        some = {name: policies[name] for name in chosen}
        found = imported(some, {WORKLOADS: "workloads"})
        assert list(found.repositories) == chosen
        assert not plan_of(found.text, registry(some)).changes
