"""Which live statements belong to others and are kept: recognized by their Sid and their content.

A Sid alone proves nothing, because its author chooses it freely.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import ecr_actions
from reconciler.policy.language.condition_keys import SOURCE_ARN, spell_key
from reconciler.policy.language.conditions import NO_CONDITION, Condition, display_holder
from reconciler.policy.language.document import SID_PREFIX, VERSION, Document, Statement
from reconciler.policy.language.principals import Principal, plain_name, service_principal
from reconciler.policy.language.registry_document import RegistryDocument, RegistryStatement
from reconciler.policy.language.resources import ArnPrefix
from reconciler.policy.meaning.bounds import accounts_of
from reconciler.policy.meaning.public import is_public
from reconciler.policy.meaning.tiers import action_names

LAMBDA_SID = "LambdaECRImageRetrievalPolicy"
"""The Sid of the statement that Lambda itself adds, so that it may fetch a function's image.

Source: Lambda Developer Guide, "Create a Lambda function using a container image".
"""

LAMBDA = service_principal("lambda.amazonaws.com")

_LAMBDA_ACTIONS = ecr_actions(
    """BatchGetImage GetDownloadUrlForLayer GetRepositoryPolicy SetRepositoryPolicy
    DeleteRepositoryPolicy"""
)


class KeepRule(NamedTuple):
    """A statement of others to keep: this Sid, an Allow to this one principal, never public.

    `condition` is part of the principal's identity, so the statement must have it, at least. With
    `actions` it holds at most those; with `source_accounts` it has a StringLike or ArnLike
    aws:SourceArn, each of whose values lies in one of these accounts.
    """

    sid: str
    principal: Principal
    condition: Condition = NO_CONDITION
    actions: frozenset[str] | None = None
    source_accounts: frozenset[str] | None = None


class KeepMismatch(NamedTuple):
    """A reason why a keep rule does not keep a statement that has its Sid.

    `is_excess`: the statement is of the rule's form, but allows more than the rule does. `account`
    (12 digits) is the one that the rule does not know.
    """

    reason: str
    is_excess: bool = False
    account: str | None = None


class Ownership(NamedTuple):
    """Which live statements of others are kept: all, or under `remove` those of the rules."""

    default: Literal["remove", "keep"] = "remove"
    rules: tuple[KeepRule, ...] = ()

    @property
    def by_sid(self) -> bool:
        """Whether our statements are recognized by their Sids, so that they need them."""
        return self.default == "keep"


def lambda_rule(accounts: Iterable[str]) -> KeepRule:
    """Return the built-in rule for Lambda's own statement, given the known accounts."""
    return KeepRule(LAMBDA_SID, LAMBDA, NO_CONDITION, _LAMBDA_ACTIONS, frozenset(accounts))


def keeps_as_much(ownership: Ownership, other: Ownership) -> bool:
    """Whether each statement that `other` keeps is kept under `ownership`, too."""
    if ownership.default == "keep":
        return True
    return other.default == "remove" and all(
        any(_includes(rule, one) for rule in ownership.rules) for one in other.rules
    )


def _includes(rule: KeepRule, other: KeepRule) -> bool:
    """Whether one rule is the other, with at least the same accounts."""
    if rule._replace(source_accounts=None) != other._replace(source_accounts=None):
        return False
    accounts, others = rule.source_accounts, other.source_accounts
    return accounts is None or (others is not None and accounts >= others)


def kept_statements(statements: Iterable[Statement], ownership: Ownership) -> tuple[Statement, ...]:
    """Return the statements of a live document that are not ours and are kept."""
    if ownership.default == "keep":
        return tuple(s for s in statements if not (s.sid or "").startswith(SID_PREFIX))
    return tuple(s for s in statements if any(_keeps(r, s) for r in ownership.rules))


def kept_registry_statements(
    statements: Iterable[RegistryStatement], ownership: Ownership
) -> tuple[RegistryStatement, ...]:
    """Return those of a live registry policy that are not ours and are kept."""
    return tuple(one for one in statements if kept_statements([one.statement], ownership))


def keep_mismatches(statement: Statement, ownership: Ownership) -> tuple[KeepMismatch, ...]:
    """Return why no rule keeps a statement, for the rule with its Sid that comes closest.

    Of several as close, it is one about the statement's principal. Empty where no rule has the
    statement's Sid, or one keeps it.
    """
    rules = [rule for rule in ownership.rules if rule.sid == statement.sid]
    if rules and ownership.default == "keep":
        reason = f"with default: keep, a Sid that starts with {SID_PREFIX} belongs to the file"
        return (KeepMismatch(reason),)
    rules.sort(key=lambda rule: rule.principal not in statement.principals)
    found = (tuple(dict.fromkeys(_mismatches(rule, statement))) for rule in rules)
    return min(found, key=len, default=())


def statement_key(statement: Statement) -> tuple[object, ...]:
    """Return a statement's canonical parts, without the JSON it was read from."""
    return (
        statement.sid,
        statement.effect,
        frozenset(statement.principals),
        statement.actions,
        statement.condition,
    )


def registry_statement_key(one: RegistryStatement, prefix: ArnPrefix) -> tuple[object, ...]:
    """Return `statement_key` and the repositories of `prefix` that the statement is about."""
    return (*statement_key(one.statement), frozenset(one.resources.split(prefix)))


def changes_meaning(document: Document, statement: Statement) -> bool:
    """Whether a statement would mean something else in a document of our version."""
    return document.version != VERSION and _has_variable_text(statement)


def registry_changes_meaning(document: RegistryDocument, one: RegistryStatement) -> bool:
    """Whether a registry's statement would mean something else in a document of our version."""
    texts = "".join(one.resources.patterns)
    return document.version != VERSION and ("${" in texts or _has_variable_text(one.statement))


def _has_variable_text(statement: Statement) -> bool:
    return any("${" in value for clause in statement.condition for value in clause.values)


def _keeps(rule: KeepRule, statement: Statement) -> bool:
    return statement.sid == rule.sid and next(_mismatches(rule, statement), None) is None


def _mismatches(rule: KeepRule, statement: Statement) -> Iterator[KeepMismatch]:
    """Return all reasons why a rule does not keep a statement that has its Sid."""
    if statement.effect != "Allow":
        yield KeepMismatch("its Effect is Deny, and rules keep only an Allow")
    if statement.principals != (rule.principal,):
        displayed = (display_holder(p, statement.condition) for p in statement.principals)
        names, own = ", ".join(sorted(displayed)), plain_name(rule.principal)
        yield KeepMismatch(f"its principal is {names}; the rule is only for {own}")
    for clause in rule.condition:
        if clause not in statement.condition:
            missing = f"{clause.operator} {spell_key(clause.key)}"
            yield KeepMismatch(f"its condition lacks the rule's {missing}")
    if any(is_public(p, statement.condition) for p in statement.principals):
        yield KeepMismatch("it is public")
    more = frozenset() if rule.actions is None else statement.actions - rule.actions
    if more:
        yield KeepMismatch(f"it also allows {', '.join(action_names(more))}", is_excess=True)
    if rule.source_accounts is not None:
        yield from _source_mismatches(statement.condition, rule.source_accounts)


def _source_mismatches(condition: Condition, accounts: frozenset[str]) -> Iterator[KeepMismatch]:
    """Return why a condition does not bound a service to resources in some accounts."""
    like = ("StringLike", "ArnLike")
    bounding = [c for c in condition if c.key == SOURCE_ARN and c.operator in like]
    sources = [dict(zip(clause.values, accounts_of(clause), strict=True)) for clause in bounding]
    if not bounding:
        elsewhere = any(clause.key.startswith("aws:source") for clause in condition)
        only = " in a StringLike or ArnLike of aws:SourceArn" if elsewhere else ""
        yield KeepMismatch(f"it has no source account{only}", is_excess=True)
    elif not any(accounts.issuperset(found.values()) for found in sources):
        for value, account in sources[0].items():
            if account is None:
                reason = f"the account of its source {value} is unknown"
                yield KeepMismatch(reason, is_excess=True)
            elif account not in accounts:
                reason = f"its source account {account} is not under accounts"
                yield KeepMismatch(reason, is_excess=True, account=account)
