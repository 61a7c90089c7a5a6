"""The policy text that GetRepositoryPolicy returns."""

import json

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .clients import PULL, client, statement, text

ACCOUNTS = [f"{number:012}" for number in range(1, 9)]
WRITTEN = text(
    statement(Sid="one", Principal={"AWS": ["111122223333"]}, Action=["ecr:PutImage"]),
    statement(
        Sid="two",
        Principal={"AWS": ACCOUNTS, "Service": ["lambda.amazonaws.com"]},
        Action=PULL,
        Condition={"StringLike": {"aws:SourceArn": ["arn:aws:lambda:*"]}, "Bool": {"a": [True]}},
    ),
)


def read(behaviour: Behaviour, stored: str, count: int = 1) -> list[str]:
    """What `count` reads of a repository of a fresh sandbox give."""
    with Sandbox(behaviour) as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        sandbox.set_policy_text("tools", stored)
        return [
            ecr.get_repository_policy(repositoryName="tools")["policyText"] for _ in range(count)
        ]


def principals(policy: str) -> tuple[str, ...]:
    statements = json.loads(policy)["Statement"]
    return tuple(*(each["Principal"]["AWS"] for each in statements if each["Sid"] == "two"))


def test_rewrites() -> None:
    (policy,) = read(Behaviour(shuffle=False), WRITTEN)
    one, two = json.loads(policy)["Statement"]
    assert one["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert one["Action"] == "ecr:PutImage"
    assert two["Principal"]["Service"] == "lambda.amazonaws.com"
    assert two["Principal"]["AWS"] == [f"arn:aws:iam::{each}:root" for each in ACCOUNTS]
    assert two["Action"] == PULL
    assert two["Condition"]["StringLike"] == {"aws:SourceArn": "arn:aws:lambda:*"}
    assert two["Condition"]["Bool"] == {"a": [True]}
    assert "\n" in policy
    assert list(one) != list(json.loads(WRITTEN)["Statement"][0])


def test_shuffles_on_each_read() -> None:
    reads = read(Behaviour(rewrite=False), WRITTEN, 10)
    statements = [json.loads(policy)["Statement"] for policy in reads]
    assert len({principals(policy) for policy in reads}) > 5
    assert len({tuple(each["Sid"] for each in order) for order in statements}) == 2
    actions = {tuple(each["Action"]) for order in statements for each in order}
    assert len(actions) > 3
    for policy in reads:
        assert sorted(principals(policy)) == ACCOUNTS


def test_the_same_seed_gives_the_same_sequence() -> None:
    first = read(Behaviour(seed=5), WRITTEN, 3)
    assert first == read(Behaviour(seed=5), WRITTEN, 3)
    assert first != read(Behaviour(seed=6), WRITTEN, 3)


def test_without_either_switch_the_text_is_the_stored_one() -> None:
    assert read(Behaviour(rewrite=False, shuffle=False), WRITTEN, 2) == [WRITTEN, WRITTEN]


@pytest.mark.parametrize(
    "stored",
    [
        "not JSON \x1b[31m",
        '{"Version": 1',
        '{"Id": "a", "Id": "b", "Statement": []}',
        "[" * 100_000,
    ],
)
def test_text_that_is_not_json_is_returned_unchanged(stored: str) -> None:
    assert read(Behaviour(), stored) == [stored]


@pytest.mark.parametrize(
    "stored",
    ["5", "null", "[1]", "{}", '{"Statement": 5}', '{"Statement": [[], null, {"Action": 5}]}'],
)
def test_any_json_is_returned(stored: str) -> None:
    (policy,) = read(Behaviour(shuffle=False), stored)
    assert json.loads(policy) == json.loads(stored)


def test_a_write_returns_the_rewritten_text() -> None:
    with Sandbox() as sandbox, client(sandbox) as ecr:
        sandbox.create_repository("tools")
        answer = ecr.set_repository_policy(repositoryName="tools", policyText=WRITTEN)
        assert "arn:aws:iam::111122223333:root" in answer["policyText"]
        assert sandbox.policy_text("tools") == WRITTEN
