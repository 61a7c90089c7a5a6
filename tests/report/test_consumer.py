"""What is said of a consumer's policies, and how they are named."""

import json

import pytest

from reconciler.policy import BUILT_IN_TIERS, parse_condition
from reconciler.registry.consumer_permissions import ConsumerAccess, Doubt, Need, managed_policies
from reconciler.registry.permissions import IdentityPolicy, PermissionScope
from reconciler.report.questions.consumer import (
    consumer_notes,
    render_policies_cloudformation,
    render_policies_json,
    render_policies_terraform,
)

PULL = BUILT_IN_TIERS["pull"]
UNTIL = parse_condition({"DateLessThan": {"aws:CurrentTime": "2027-05-01T00:00:00Z"}})
NEED = Need("a/b", PULL)


@pytest.mark.parametrize(
    ("access", "lines"),
    [
        (ConsumerAccess((NEED,)), []),
        (
            ConsumerAccess(
                (NEED,),
                (
                    Doubt("a/b", "Allow", PULL, UNTIL),
                    Doubt("a/b", "Deny", frozenset({"ecr:Get*"}), ()),
                    Doubt("a/c", "Allow", PULL, UNTIL),
                ),
            ),
            [
                "depends on a condition: a/b, a/c: pull until 2027-05-01",
                "a Deny may apply: a/b: ecr:Get*",
            ],
        ),
        (
            ConsumerAccess((NEED,), delegated=("a/b",)),
            ["granted to the account, and delegated to the principal by this policy: a/b"],
        ),
        (
            ConsumerAccess((NEED,), exceeded=("a/b", "a/c")),
            ["the ARN of a pattern also matches a/b, a/c, where the file grants less"],
        ),
        (
            ConsumerAccess((NEED,), may_be_local=True),
            [
                "in the registry's own account, one of a repository policy and an identity policy"
                " is enough; the conditions of the file are therefore part of this one"
            ],
        ),
    ],
)
def test_what_is_said(access: ConsumerAccess, lines: list[str]) -> None:
    assert list(consumer_notes(access, {"aws": 1}, BUILT_IN_TIERS)) == lines


def test_the_tier_of_services_is_not_named() -> None:
    doubt = Doubt("a/b", "Allow", BUILT_IN_TIERS["lambda"], UNTIL)
    (line,) = consumer_notes(ConsumerAccess((NEED,), (doubt,)), {"aws": 1}, BUILT_IN_TIERS)
    assert ": ecr:BatchGetImage + ecr:GetDownloadUrlForLayer until" in line


def test_many_repositories_are_counted() -> None:
    doubts = tuple(Doubt(f"a/{n:02}", "Allow", PULL, UNTIL) for n in range(30))
    (line,) = consumer_notes(ConsumerAccess((NEED,), doubts), {"aws": 1}, BUILT_IN_TIERS)
    assert line.endswith("a/09 and 20 more: pull until 2027-05-01")


def policies(count: int) -> tuple[IdentityPolicy, ...]:
    (policy,) = managed_policies(
        [(PermissionScope("aws", "111122223333", ("us-west-2",)), [NEED])], BUILT_IN_TIERS
    )
    return (policy,) * count


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("ci", "ecr-access-ci"),
        ("team/ci@prod", "ecr-access-ci-prod"),
        ("arn:aws:iam::444455556666:role/path/role2-1", "ecr-access-role2-1"),
        ("444455556666", "ecr-access-444455556666"),
        ("x" * 200, "ecr-access-" + "x" * 64),
        ("..", "ecr-access"),
    ],
)
def test_the_name_of_a_policy_is_one_that_iam_takes(principal: str, name: str) -> None:
    printed = render_policies_terraform(policies(2), principal)
    assert f'  name = "{name}"\n' in printed
    assert f'  name = "{name}-2"\n' in printed
    assert f'resource "aws_iam_policy" "{name.replace("-", "_")}_2" {{' in printed
    template = json.loads(render_policies_cloudformation(policies(2), principal))
    assert all(logical_id.isalnum() for logical_id in template["Resources"])
    assert len(template["Resources"]) == 2


def test_json_is_a_document_a_list_or_null() -> None:
    one = json.loads(render_policies_json(policies(1)))
    assert one["Version"] == "2012-10-17"
    assert json.loads(render_policies_json(policies(2))) == [one, one]
    assert render_policies_json(()) == "null\n"
    assert render_policies_terraform((), "ci") == render_policies_cloudformation((), "ci") == ""
