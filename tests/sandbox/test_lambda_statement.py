"""The statement that Lambda adds to a policy."""

import json

import pytest

from reconciler.errors import ReconcileError
from reconciler.sandbox.policies.text import RETRIEVAL_ACTIONS
from reconciler.sandbox.server import Sandbox

from .clients import statement, text

POLICY_ACTIONS = (
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:SetRepositoryPolicy",
)
FIRST = "arn:aws:lambda:us-west-2:444455556666:function:first"
SECOND = "arn:aws:lambda:us-west-2:444455556666:function:*"
OURS = statement(Sid="EcrAccessPull", Principal={"AWS": "444455556666"})


def lambdas(*sources: str, actions: tuple[str, ...] = RETRIEVAL_ACTIONS) -> dict[str, object]:
    return {
        "Sid": "LambdaECRImageRetrievalPolicy",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": list(actions),
        "Condition": {"StringLike": {"aws:sourceArn": list(sources)}},
    }


def statements(sandbox: Sandbox) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(sandbox.policy_text("payments/api") or "")[
        "Statement"
    ]
    return found


def test_adds_a_statement_to_a_policy(sandbox: Sandbox) -> None:
    sandbox.set_policy_text("payments/api", text(OURS, Id="central"))
    before = len(sandbox.calls())
    sandbox.add_lambda_statement("payments/api", FIRST)
    assert statements(sandbox) == [OURS, lambdas(FIRST)]
    assert json.loads(sandbox.policy_text("payments/api") or "")["Id"] == "central"
    assert len(sandbox.calls()) == before, "it is not a call"


def test_creates_a_policy_if_there_is_none(sandbox: Sandbox) -> None:
    sandbox.create_repository("functions")
    sandbox.add_lambda_statement("functions", FIRST)
    assert json.loads(sandbox.policy_text("functions") or "") == {
        "Version": "2008-10-17",
        "Statement": [lambdas(FIRST)],
    }


def test_extends_its_own_statement(sandbox: Sandbox) -> None:
    sandbox.set_policy_text("payments/api", text(OURS))
    for _ in range(2):
        sandbox.add_lambda_statement("payments/api", FIRST)
        sandbox.add_lambda_statement("payments/api", SECOND)
    assert statements(sandbox) == [OURS, lambdas(SECOND, FIRST)]
    sandbox.add_lambda_statement("payments/api", FIRST, POLICY_ACTIONS)
    both = tuple(sorted(RETRIEVAL_ACTIONS + POLICY_ACTIONS))
    assert statements(sandbox) == [OURS, lambdas(SECOND, FIRST, actions=both)]


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": "*"},
        {"Effect": "Deny"},
        {"Sid": "Lambda"},
        {"Condition": {}},
        {"Condition": {"StringLike": {"aws:sourceArn": [SECOND], "aws:SourceAccount": "4"}}},
        {"Condition": {"StringLike": {"aws:sourceArn": [SECOND]}, "Bool": {"a": "true"}}},
    ],
)
def test_does_not_change_a_similar_statement(sandbox: Sandbox, change: dict[str, object]) -> None:
    another = lambdas(SECOND) | change
    sandbox.set_policy_text("payments/api", text(another))
    sandbox.add_lambda_statement("payments/api", FIRST)
    assert statements(sandbox) == [another, lambdas(FIRST)]


def test_extends_its_own_statement_as_rewritten_by_a_read(sandbox: Sandbox) -> None:
    sandbox.set_policy_text(
        "payments/api",
        json.dumps(
            {
                "Statement": lambdas(SECOND)
                | {
                    "Action": RETRIEVAL_ACTIONS[0],
                    "Condition": {"StringLike": {"aws:sourceArn": SECOND}},
                }
            }
        ),
    )
    sandbox.add_lambda_statement("payments/api", FIRST)
    assert statements(sandbox) == [lambdas(SECOND, FIRST)]


@pytest.mark.parametrize("stored", ["{", "[]"])
def test_text_that_is_not_a_policy_is_an_error(sandbox: Sandbox, stored: str) -> None:
    sandbox.set_policy_text("payments/api", stored)
    with pytest.raises(ReconcileError, match="'payments/api' can't be edited"):
        sandbox.add_lambda_statement("payments/api", FIRST)
    assert sandbox.policy_text("payments/api") == stored
