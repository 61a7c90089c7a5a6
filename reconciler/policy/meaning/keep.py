"""Which live statements are others' and stay: known by their Sid and by their shape.

A Sid alone proves nothing, for anyone who may write a policy may choose it.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from reconciler.policy.language.arn_patterns import account_of_source
from reconciler.policy.language.condition_keys import spell_key
from reconciler.policy.language.conditions import NO_CONDITION, Clause, Condition
from reconciler.policy.language.document import SID_PREFIX, VERSION, Document, Statement
from reconciler.policy.language.json_text import MalformedError, load_json
from reconciler.policy.language.labels import holder_name
from reconciler.policy.language.principals import Principal, plain_name, service_principal
from reconciler.policy.meaning.public import is_public
from reconciler.policy.meaning.tiers import action_names


def is_reshuffled(left: str, right: str) -> bool:
    """Tell whether two texts are the same JSON but for the order of keys and lists.

    A list of one is its only element, as the service gives it back. Says nothing of meaning: it
    serves to know a document again, no more. What is no JSON, or has one key twice, must be the
    same text.
    """
    if left == right:
        return True
    try:
        return _ordered(load_json(left)) == _ordered(load_json(right))
    except (MalformedError, RecursionError):
        return False


def _ordered(value: object) -> str:
    """Write a JSON value in one order."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_ordered(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        items = sorted(map(_ordered, value))
        return items[0] if len(items) == 1 else "[" + ",".join(items) + "]"
    return json.dumps(value, default=str)


LAMBDA_SID = "LambdaECRImageRetrievalPolicy"
"""The Sid of the statement that Lambda adds by itself so that it may fetch a function's image.

Source: Lambda Developer Guide, "Create a Lambda function using a container image".
"""

LAMBDA = service_principal("lambda.amazonaws.com")

_LAMBDA_ACTIONS = frozenset(
    {
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetRepositoryPolicy",
        "ecr:SetRepositoryPolicy",
        "ecr:DeleteRepositoryPolicy",
    }
)


_SOURCE_ARN = "aws:sourcearn"
_LIKE = ("StringLike", "ArnLike")


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


class Obstacle(NamedTuple):
    """Why a keep rule does not keep a statement that has its Sid.

    `account` (12 digits) is the one that the rule does not know; `in_shape` tells that the
    statement is of the rule's principal, and is only not what the rule takes from it.
    """

    why: str
    in_shape: bool = False
    account: str | None = None


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
        LAMBDA,
        actions=_LAMBDA_ACTIONS,
        source_accounts=frozenset(accounts),
    )


def kept_statements(document: Document, ownership: Ownership) -> tuple[Statement, ...]:
    """Give the statements of a live document that are not ours and stay as they are."""
    if ownership.default == "keep":
        return tuple(s for s in document.statements if not (s.sid or "").startswith(SID_PREFIX))
    return tuple(s for s in document.statements if any(_keeps(r, s) for r in ownership.rules))


def obstacles(statement: Statement, ownership: Ownership) -> tuple[Obstacle, ...]:
    """Say why no rule keeps a statement whose Sid one has: that of the rule that comes closest.

    Of those that come as close, it is one about the statement's principal. Nothing where no rule
    has its Sid, or one keeps it.
    """
    rules = [rule for rule in ownership.rules if rule.sid == statement.sid]
    if rules and ownership.default == "keep":
        why = f"under default: keep, a Sid that starts with {SID_PREFIX} is the file's own"
        return (Obstacle(why),)
    rules.sort(key=lambda rule: rule.principal not in statement.principals)
    found = (tuple(dict.fromkeys(_obstacles(rule, statement))) for rule in rules)
    return min(found, key=len, default=())


def statement_key(statement: Statement) -> tuple[object, ...]:
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
    return statement.sid == rule.sid and next(_obstacles(rule, statement), None) is None


def _obstacles(rule: KeepRule, statement: Statement) -> Iterator[Obstacle]:
    """Say all that keeps a rule from keeping a statement that has its Sid."""
    if statement.effect != "Allow":
        yield Obstacle("it denies, and rules keep only what allows")
    if statement.principals != (rule.principal,):
        told = (holder_name(p, statement.condition) for p in statement.principals)
        names = ", ".join(sorted(told))
        yield Obstacle(f"it is for {names}; the rule is for {plain_name(rule.principal)} alone")
    for clause in rule.condition:
        if clause not in statement.condition:
            yield Obstacle(
                f"its condition lacks the rule's {clause.operator} {spell_key(clause.key)}"
            )
    if any(is_public(p, statement.condition) for p in statement.principals):
        yield Obstacle("it lets everyone in")
    more = frozenset() if rule.actions is None else statement.actions - rule.actions
    if more:
        yield Obstacle(f"it also allows {', '.join(action_names(more))}", in_shape=True)
    if rule.source_accounts is not None:
        yield from _source_obstacles(statement.condition, rule.source_accounts)


def _source_obstacles(condition: Condition, accounts: frozenset[str]) -> Iterator[Obstacle]:
    """Say why a condition does not hold a service to resources in some accounts."""
    bounding = [c for c in condition if c.key == _SOURCE_ARN and c.operator in _LIKE]
    unknown = [_unknown_sources(clause, accounts) for clause in bounding]
    if not bounding:
        elsewhere = any(clause.key.startswith("aws:source") for clause in condition)
        only = " in a StringLike or ArnLike of aws:SourceArn" if elsewhere else ""
        yield Obstacle(f"no source account{only}", in_shape=True)
    elif all(unknown):
        for value, account in unknown[0].items():
            why = (
                f"{account} is not under accounts"
                if account
                else f"the account of the source {value} can't be told"
            )
            yield Obstacle(why, in_shape=True, account=account)


def _unknown_sources(clause: Clause, accounts: frozenset[str]) -> dict[str, str | None]:
    """Give the values of a clause that are in none of the accounts, each with its own account."""
    found = {value: account_of_source(value, clause.operator) for value in clause.values}
    return {value: account for value, account in found.items() if account not in accounts}
