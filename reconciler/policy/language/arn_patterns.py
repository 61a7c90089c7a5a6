"""ARN patterns in conditions: which account everything that one matches belongs to.

In StringLike a wildcard crosses colons, in ArnLike it does not (IAM User Guide, "IAM JSON policy
elements: Condition operators"). One that crosses them before the account may match a field behind
it: a stranger's role may have `:iam::` and our account in its path (IAM API Reference, CreateRole).
"""

from typing import NamedTuple

from reconciler.policy.language.glob import glob_matches, has_wildcard
from reconciler.policy.language.principals import ACCOUNT_ID

_FIELDS = 6
_BEFORE_ACCOUNT = 4  # fields
_CROSSES_COLONS = "StringLike"


class ArnPattern(NamedTuple):
    """The fields of an ARN pattern (IAM User Guide, "IAM identifiers"); `resource` is the rest."""

    scheme: str
    partition: str
    service: str
    region: str
    account: str
    resource: str


def split_arn(text: str) -> ArnPattern | None:
    """Take an ARN, or a pattern of ARNs, apart at its colons; None where it is none.

    None too where a variable (`${...}`) stands before the resource: it may hold colons itself, as
    its default may, and stands for anything.
    """
    fields = text.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS or not glob_matches(fields[0], "arn"):
        return None
    if any("${" in field for field in fields[:-1]):
        return None
    return ArnPattern(*fields)


def account_of_pattern(pattern: str, operator: str) -> str | None:
    """Give the account of everything that a pattern matches; None where that can't be told.

    `operator` is the condition's, without qualifier and IfExists.
    """
    arn = _of_one_account(pattern)
    return None if arn is None or _reaches_on(arn, operator) else arn.account


def account_of_source(pattern: str, operator: str) -> str | None:
    """Do the same for `aws:SourceArn`, of a request that a service makes for a resource.

    There, Lambda functions in any region (`arn:aws:lambda:*:ACCOUNT:function:NAME`) are of their
    account even in StringLike: a function's ARN has nothing but a version or an alias behind its
    name, so `ACCOUNT:function:` stands nowhere else in it (Lambda API Reference, GetFunction,
    FunctionName). Several `?` may match it all the same.
    """
    arn = _of_one_account(pattern)
    if arn is None or (_reaches_on(arn, operator) and not _is_function(arn)):
        return None
    return arn.account


def _of_one_account(pattern: str) -> ArnPattern | None:
    arn = split_arn(pattern)
    return arn if arn and ACCOUNT_ID.fullmatch(arn.account) else None


def _reaches_on(arn: ArnPattern, operator: str) -> bool:
    """Tell whether a wildcard before the account may match beyond it."""
    return operator == _CROSSES_COLONS and has_wildcard("".join(arn[:_BEFORE_ACCOUNT]))


def _is_function(arn: ArnPattern) -> bool:
    named = not has_wildcard(arn.scheme + arn.partition) and arn.service == "lambda"
    return named and "?" not in arn.region and arn.resource.startswith("function:")
