"""The names of an organization's accounts."""

import pytest

from reconciler.registry.failures.errors import CallError
from reconciler.registry.organization import account_names
from reconciler.registry.session import connect

from .scripted_aws import Answer, ScriptedAws, ok, refusal

WORKLOADS, STAGING = "444455556666", "777788889999"


def account(number: str, name: str) -> dict[str, str]:
    return {"Id": number, "Name": name}


def names(aws: ScriptedAws, *answers: Answer) -> dict[str, str]:
    aws.always(*answers)
    return account_names(connect("111122223333", "us-west-2"))


def test_names_of_all_pages(aws: ScriptedAws) -> None:
    pages = (
        ok(Accounts=[account(WORKLOADS, "Workloads")], NextToken="more"),
        ok(Accounts=[account(STAGING, "Staging")]),
    )
    assert names(aws, *pages) == {WORKLOADS: "Workloads", STAGING: "Staging"}
    assert [call.parameters for call in aws.calls] == [{}, {"NextToken": "more"}]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            refusal("AccessDeniedException", "You don't have permissions"),
            "organizations:ListAccounts: not allowed for the caller: You don't have permissions",
        ),
        (
            refusal("AWSOrganizationsNotInUseException", "not a member"),
            "ListAccounts failed: not a member (AWSOrganizationsNotInUseException)",
        ),
        (ok(), "ListAccounts: unexpected response: not in AWS's format"),
        (ok(Accounts=[{}]), "ListAccounts: unexpected response: not in AWS's format"),
    ],
)
def test_a_failure_is_an_error(aws: ScriptedAws, answer: Answer, message: str) -> None:
    with pytest.raises(CallError) as caught:
        names(aws, answer)
    assert caught.value.message == message


@pytest.mark.parametrize("tokens", [["same", "same"], ["a", "b", "a"]])
def test_pages_that_do_not_end(aws: ScriptedAws, tokens: list[str]) -> None:
    with pytest.raises(CallError):
        names(aws, *(ok(Accounts=[], NextToken=token) for token in tokens))
    assert aws.calls[-1].parameters == {"NextToken": tokens[-2]}
