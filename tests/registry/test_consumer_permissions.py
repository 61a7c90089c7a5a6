"""What a consumer's policies hold, and how they are split at the size that IAM allows."""

import json
import re
from dataclasses import replace

import pytest

from reconciler.errors import ReconcileError
from reconciler.policy import BUILT_IN_TIERS, Condition, parse_condition
from reconciler.registry.consumer_permissions import MAX_MANAGED_POLICY, Need, managed_policies
from reconciler.registry.permissions import IdentityPolicy, PermissionScope

ACCOUNT = "111122223333"
WORK = PermissionScope("aws", ACCOUNT, ("us-west-2",))
PULL, PUSH = BUILT_IN_TIERS["pull"], BUILT_IN_TIERS["push"]
IN_ORGANIZATION = parse_condition({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
LOGIN = {
    "Sid": "GetAuthorizationToken",
    "Effect": "Allow",
    "Action": ["ecr:GetAuthorizationToken"],
    "Resource": ["*"],
}


def policies(*needs: Need, scope: PermissionScope = WORK) -> tuple[IdentityPolicy, ...]:
    return managed_policies([(scope, needs)], BUILT_IN_TIERS)


def counted(policy: IdentityPolicy) -> int:
    """The characters that IAM counts: white space is left out."""
    return len(re.sub(r"\s", "", json.dumps(policy, indent=4)))


def arn(name: str, region: str = "us-west-2") -> str:
    return f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}"


def allowed(found: tuple[IdentityPolicy, ...]) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for policy in found
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_one_statement_for_each_set_of_actions() -> None:
    (policy,) = policies(Need("b/two", PULL), Need("a/*", PUSH), Need("a/one", PULL))
    assert policy["Version"] == "2012-10-17"
    login, *others = policy["Statement"]
    assert login == LOGIN
    assert [(s["Sid"], s["Action"], s["Resource"]) for s in others] == [
        ("EcrAccessPull", sorted(PULL), [arn("a/one"), arn("b/two")]),
        ("EcrAccessPush", sorted(PUSH), [arn("a/*")]),
    ]


def test_each_region_has_its_arn() -> None:
    (policy,) = policies(
        Need("a/one", PULL), scope=replace(WORK, regions=("us-west-2", "eu-west-1"))
    )
    assert policy["Statement"][1]["Resource"] == [arn("a/one"), arn("a/one", "eu-west-1")]


def test_a_condition_is_a_statement_of_its_own_under_its_own_sid() -> None:
    (policy,) = policies(Need("a/one", PULL), Need("a/two", PULL, IN_ORGANIZATION))
    _, plain, conditional = policy["Statement"]
    assert (plain["Sid"], "Condition" in plain) == ("EcrAccessPull", False)
    assert conditional["Sid"] == "EcrAccessPull2"
    assert conditional["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def names(spare: int) -> list[str]:
    """Names that leave so many characters of one policy unused."""
    full = [f"r{n:03}/" + "x" * 40 for n in range(55)]
    (policy,) = policies(*(Need(name, PULL) for name in full))
    left = MAX_MANAGED_POLICY - counted(policy) - spare
    return [*full[:-1], full[-1] + "x" * left]


@pytest.mark.parametrize(("spare", "count"), [(1, 1), (0, 1), (-1, 2)])
def test_a_policy_is_split_where_it_has_one_character_too_many(spare: int, count: int) -> None:
    found = policies(*(Need(name, PULL) for name in names(spare)))
    assert len(found) == count
    assert max(map(counted, found)) <= MAX_MANAGED_POLICY
    if count == 1:
        assert counted(found[0]) == MAX_MANAGED_POLICY - spare


@pytest.mark.parametrize("count", [1, 40, 300, 1000])
def test_split_policies_allow_the_same_and_each_fits(count: int) -> None:
    needs = [
        Need(f"team-{n % 7}/repository-{n}", PULL if n % 3 else PULL | PUSH) for n in range(count)
    ]
    found = policies(*needs)
    assert all(counted(policy) <= MAX_MANAGED_POLICY for policy in found)
    expected = {(action, arn(need.repository)) for need in needs for action in need.actions}
    assert allowed(found) == expected | {("ecr:GetAuthorizationToken", "*")}
    every = [(s["Sid"], n) for n, p in enumerate(found) for s in p["Statement"]]
    assert len(every) == len({*every}), "a Sid is used twice in a policy"


def test_many_unknown_actions_are_split_over_statements() -> None:
    actions = frozenset(f"ecr:Future{n:04}" for n in range(600))
    found = policies(Need("a/one", actions))
    assert len(found) > 1
    assert all(counted(policy) <= MAX_MANAGED_POLICY for policy in found)
    assert {action for action, resource in allowed(found) if resource == arn("a/one")} == actions


def huge_condition() -> Condition:
    values = [f"203.0.{n // 256}.{n % 256}/32" for n in range(500)]
    return parse_condition({"IpAddress": {"aws:SourceIp": values}})


def test_a_condition_that_is_larger_than_a_policy_is_an_error() -> None:
    with pytest.raises(ReconcileError, match="no managed policy has room for a condition of"):
        policies(Need("a/one", PULL, huge_condition()))


def test_the_order_of_the_needs_makes_no_difference() -> None:
    needs = [Need("a/one", PULL), Need("b/*", PUSH), Need("a/two", PULL, IN_ORGANIZATION)]
    assert policies(*needs) == policies(*reversed(needs))
