"""Whose is all that an ARN pattern matches?"""

import pytest

from reconciler.policy.language.principals import account_of_pattern, account_of_source
from tests.policy.making import ACCOUNT

FUNCTIONS = f"arn:aws:lambda:*:{ACCOUNT}:function:*"


@pytest.mark.parametrize(
    ("pattern", "operator", "of_account"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/*", "StringLike", True),
        (f"arn:aws:iam::{ACCOUNT}:role/*", "StringEquals", True),
        (f"arn:*:iam::{ACCOUNT}:role/*", "ArnLike", True),
        (f"arn:*:iam::{ACCOUNT}:role/*", "StringLike", False),
        (f"arn:aws:iam:?:{ACCOUNT}:role/*", "StringLike", False),
        (f"arn:aws:iam::{ACCOUNT[:-1]}?:role/*", "ArnLike", False),
        (f"arn:aws:iam::{ACCOUNT}", "ArnLike", False),
        (FUNCTIONS, "StringLike", False),
        (FUNCTIONS, "ArnLike", True),
        ("arn:aws:s3:::bucket", "ArnLike", False),
        ("*", "ArnLike", False),
        (f"aws:arn:iam::{ACCOUNT}:role/a", "ArnLike", False),
        (f"*:aws:iam::{ACCOUNT}:role/a", "ArnLike", True),
        (f"${{aws:SourceArn,'a:b:c:{ACCOUNT}:d'}}", "StringLike", False),
        (f"arn:${{aws:PrincipalTag/x}}:z:{ACCOUNT}:*", "ArnLike", False),
        (f"arn:aws:iam::{ACCOUNT}:role/${{aws:username}}", "ArnLike", True),
        ("", "ArnLike", False),
    ],
)
def test_account_of_pattern(pattern: str, operator: str, of_account: bool) -> None:
    assert account_of_pattern(pattern, operator) == (ACCOUNT if of_account else None)


@pytest.mark.parametrize(
    ("pattern", "of_account"),
    [
        (f"arn:aws:lambda:us-west-2:{ACCOUNT}:*", True),
        (FUNCTIONS, True),
        (FUNCTIONS.replace("*", "us-*", 1), True),
        (FUNCTIONS.replace("*", "?", 1), False),
        (FUNCTIONS.replace("lambda", "*"), False),
        (FUNCTIONS.replace("lambda", "states"), False),
        (FUNCTIONS.replace("aws", "*"), False),
        (FUNCTIONS.replace("arn", "*"), False),
        (FUNCTIONS.replace("function:", "layer:"), False),
        (FUNCTIONS.replace("function:", ""), False),
        (FUNCTIONS.replace(ACCOUNT, "*"), False),
        (f"${{aws:SourceArn,'a:b:c:{ACCOUNT}:d'}}", False),
        (FUNCTIONS + "${aws:username}", True),
        ("arn:aws:lambda:*", False),
    ],
)
def test_account_of_source(pattern: str, of_account: bool) -> None:
    assert account_of_source(pattern, "StringLike") == (ACCOUNT if of_account else None)
