"""Which live statements are others' and stay: known by their Sid and by their shape.

A Sid alone proves nothing, for anyone who may write a policy may choose it.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from reconciler.policy.arn_patterns import account_of_source
from reconciler.policy.compiler import SID_PREFIX
from reconciler.policy.conditions import NO_CONDITION, Clause, Condition
from reconciler.policy.document import VERSION, Document, Statement
from reconciler.policy.principals import Principal, service_principal
from reconciler.policy.public import is_public

LAMBDA_SID = "LambdaECRImageRetrievalPolicy"
"""The Sid of the statement that Lambda adds by itself so that it may fetch a function's image.

Source: Lambda Developer Guide, "Create a Lambda function using a container image".
"""

_LAMBDA_ACTIONS = frozenset(
    {
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetRepositoryPolicy",
        "ecr:SetRepositoryPolicy",
        "ecr:DeleteRepositoryPolicy",
    }
)


class KeepRule(NamedTuple):
    """A statement of others' to keep: this Sid, an Allow to this one principal, never public.

    `condition` is part of who the principal is, so the statement must have it, at least. With
    `actions` it holds at most those; with `source_accounts` it has a StringLike or ArnLike
    aws:SourceArn, each of whose values lies in one of these accounts.
    """

    sid: str
    principal: Principal
    condition: Condition = NO_CONDITION
    actions: frozenset[str] | None = None
    source_accounts: frozenset[str] | None = None


class Ownership(NamedTuple):
    """What becomes of live statements that the file did not ask for.

    `default` is `remove` or `keep`; `rules` say which are kept under `remove`.
    """

    default: Literal["remove", "keep"] = "remove"
    rules: tuple[KeepRule, ...] = ()

    @property
    def by_sid(self) -> bool:
        """Tell whether our statements are known by their Sids, so that they need them."""
        return self.default == "keep"


def lambda_rule(accounts: Iterable[str]) -> KeepRule:
    """Make the built-in rule for Lambda's own statement, given the accounts that are known."""
    return KeepRule(
        LAMBDA_SID,
        service_principal("lambda.amazonaws.com"),
        actions=_LAMBDA_ACTIONS,
        source_accounts=frozenset(accounts),
    )


def kept_statements(document: Document, ownership: Ownership) -> tuple[Statement, ...]:
    """Give the statements of a live document that are not ours and stay as they are."""
    if ownership.default == "keep":
        return tuple(s for s in document.statements if not (s.sid or "").startswith(SID_PREFIX))
    return tuple(s for s in document.statements if any(_keeps(r, s) for r in ownership.rules))


def said(statement: Statement) -> tuple[object, ...]:
    """Give all that a statement says, without how it is written."""
    return (
        statement.sid,
        statement.effect,
        frozenset(statement.principals),
        statement.actions,
        statement.condition,
    )


def changes_meaning(document: Document, statement: Statement) -> bool:
    """Tell whether a statement would mean something else in a document of our version."""
    return document.version != VERSION and any(
        "${" in value for clause in statement.condition for value in clause.values
    )


def _keeps(rule: KeepRule, statement: Statement) -> bool:
    return (
        statement.sid == rule.sid
        and statement.effect == "Allow"
        and statement.principals == (rule.principal,)
        and set(rule.condition) <= set(statement.condition)
        and not is_public(rule.principal, statement.condition)
        and (rule.actions is None or statement.actions <= rule.actions)
        and (
            rule.source_accounts is None
            or any(_from_accounts(c, rule.source_accounts) for c in statement.condition)
        )
    )


def _from_accounts(clause: Clause, accounts: frozenset[str]) -> bool:
    return (
        clause.operator in ("StringLike", "ArnLike")
        and clause.key == "aws:sourcearn"
        and all(account_of_source(value, clause.operator) in accounts for value in clause.values)
    )
