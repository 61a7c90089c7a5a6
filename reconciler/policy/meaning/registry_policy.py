"""What a registry's own policy means for one repository: statements like those of its own policy.

A repository's access is what both policies allow, without what either denies. So what is asked of
one policy (facts, public access, `never` rules, a verdict) is asked of the statements of both.
Source: Amazon ECR User Guide, "Private registry permissions in Amazon ECR".
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import EVERY_ACTION, REGISTRY_POLICY_ACTIONS
from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.document import Statement
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.language.registry_document import RegistryDocument, RegistryStatement
from reconciler.policy.language.request_context import Answer
from reconciler.policy.language.resources import EVERYTHING, Resources
from reconciler.policy.meaning.facts import Actions
from reconciler.policy.meaning.tiers import includes_action

PolicyScope = Literal["V1", "V2"]
"""The account's setting REGISTRY_POLICY_SCOPE: which actions the registry policy is enforced for.

V1: those of REGISTRY_POLICY_ACTIONS alone. V2: all. Source: Amazon ECR API Reference,
"PutAccountSetting"; the guide's page above.
"""

ALLOWS_ANYONE = RegistryDocument(
    (
        RegistryStatement(
            Statement(None, "Allow", (EVERYONE,), frozenset({EVERY_ACTION}), NO_CONDITION, {}),
            Resources((EVERYTHING,)),
        ),
    )
)
"""Stands for a registry policy that is not understood: it may allow anyone anything."""


def enforced(document: RegistryDocument, scope: PolicyScope | None) -> RegistryDocument:
    """Return a policy with what is enforced of it under a scope.

    Of an unknown scope (None), the worse is taken: all that is allowed, and of what is denied only
    that which every scope denies.
    """
    found = (
        one if scope == "V2" or (scope is None and one.statement.effect == "Allow") else _of_v1(one)
        for one in document.statements
    )
    return document._replace(statements=tuple(one for one in found if one.statement.actions))


def belong_to_registry(actions: Actions) -> bool:
    """Whether only a registry's policy can give these actions; scope V1 enforces no others."""
    return actions <= REGISTRY_POLICY_ACTIONS


class StatementsOn(NamedTuple):
    """The statements that count for a repository, and those of them that allow for certain."""

    counting: tuple[RegistryStatement, ...]
    allowing: tuple[RegistryStatement, ...]


def answers_on(document: RegistryDocument, arn: str) -> tuple[Answer, ...]:
    """Return whether each statement is about a repository, by its ARN."""
    distinct = {one.resources for one in document.statements}
    answers = {resources: resources.include(arn) for resources in distinct}
    return tuple(answers[one.resources] for one in document.statements)


def statements_on(document: RegistryDocument, answers: Iterable[Answer]) -> StatementsOn:
    """Return the statements that count where these are the answers of `answers_on`.

    An Allow does where its Resource may include the repository, a Deny where it certainly does.
    """
    pairs = [*zip(document.statements, answers, strict=True)]
    enough = {"Allow": (True, None), "Deny": (True,)}
    return StatementsOn(
        tuple(one for one, answer in pairs if answer in enough[one.statement.effect]),
        tuple(one for one, answer in pairs if answer and one.statement.effect == "Allow"),
    )


def _of_v1(one: RegistryStatement) -> RegistryStatement:
    held = one.statement.actions
    left = frozenset[str](a for a in REGISTRY_POLICY_ACTIONS if includes_action(held, a))
    return one._replace(statement=one.statement._replace(actions=left))
