"""The permissions that a consumer of the registry needs in its own account, as identity policies.

Across accounts a request needs an Allow on both sides: in the repository's policy, and in the
identity policy of who calls (IAM User Guide, "Cross-account policy evaluation logic").
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from reconciler.errors import ReconcileError
from reconciler.policy import (
    AUTHORIZATION_TOKEN,
    Actions,
    Condition,
    Tiers,
    condition_json,
    sid_for,
    spell_action,
)
from reconciler.registry.permissions import (
    IdentityPolicy,
    IdentityStatement,
    PermissionScope,
    allow,
    identity_policy,
    repository_arns,
)

MAX_MANAGED_POLICY = 6_144
"""The most characters of a managed policy. IAM does not count white space; here only that outside
of strings is left out, so that a policy is never larger for IAM (IAM User Guide, "IAM and AWS STS
quotas")."""

MAX_ATTACHED = 10
"""The managed policies that a role or user may have, unless its quota is raised; same source."""

_MOST_ACTIONS = MAX_MANAGED_POLICY // 2
"""The characters of the actions in one statement: a condition and an ARN fit beside them."""

_LOGIN = allow("GetAuthorizationToken", [AUTHORIZATION_TOKEN], ["*"])
"""A token is not for one repository (Amazon ECR User Guide, "Private registry authentication")."""


class Need(NamedTuple):
    """The actions that a consumer may do on a repository, or on all that a pattern matches.

    `actions` are canonical names and patterns; `condition` is what its requests have to meet.
    """

    repository: str
    actions: frozenset[str]
    condition: Condition = ()


class Doubt(NamedTuple):
    """Actions on a repository that are allowed, or denied, only under a condition.

    A Deny without a condition may apply to some of the consumer's principals only.
    """

    repository: str
    effect: str
    actions: Actions
    condition: Condition


class ConsumerAccess(NamedTuple):
    """What a consumer needs to be allowed in its own account, and what to know of that.

    `delegated` are the repositories where its account is granted something that the consumer itself
    is not. `exceeded` are the repositories to which the ARN of a pattern gives more than their own
    access does. `may_be_local`: the consumer is, or may be, in the registry's account.
    """

    needs: tuple[Need, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    delegated: tuple[str, ...] = ()
    exceeded: tuple[str, ...] = ()
    may_be_local: bool = False


def managed_policies(
    needs: Iterable[tuple[PermissionScope, Iterable[Need]]], tiers: Tiers
) -> tuple[IdentityPolicy, ...]:
    """Return the managed policies that allow the needs in each registry, and to log in.

    One statement for each set of actions and condition, split where it is larger than one policy.
    Each policy has at most `MAX_MANAGED_POLICY` characters. Raises ReconcileError for a condition
    that no policy has room for.
    """
    return tuple(_packed([_LOGIN, *_statements(needs, tiers)]))


def counted_size(document: object) -> int:
    """Return the characters that a policy, or a part of it, counts against the limit."""
    return len(json.dumps(document, separators=(",", ":")))


def _statements(
    needs: Iterable[tuple[PermissionScope, Iterable[Need]]], tiers: Tiers
) -> Iterator[IdentityStatement]:
    resources: defaultdict[tuple[frozenset[str], Condition], list[str]] = defaultdict(list)
    for scope, own in needs:
        for need in sorted(own, key=lambda need: need.repository):
            arns = repository_arns(scope, need.repository)
            resources[need.actions, need.condition].extend(arns)
    drafts = sorted(
        (sid_for(actions, tiers), sorted(map(spell_action, actions)), condition, arns)
        for (actions, condition), arns in resources.items()
    )
    sids: set[str] = set()
    for sid, actions, condition, arns in drafts:
        for part in _chunks(actions):
            statement = allow(_unused(sid, sids), part, arns)
            if condition:
                statement["Condition"] = condition_json(condition)
            yield statement


def _unused(sid: str, used: set[str]) -> str:
    """Return a Sid, with a number where it is used already; a policy has each once."""
    names = (sid if number == 1 else f"{sid}{number}" for number in count(1))
    name = next(name for name in names if name not in used)
    used.add(name)
    return name


def _chunks(actions: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for action in actions:
        if counted_size([*chunk, action]) > _MOST_ACTIONS:
            yield chunk
            chunk = []
        chunk.append(action)
    yield chunk


def _packed(statements: Iterable[IdentityStatement]) -> Iterator[IdentityPolicy]:
    """Fill policies in order; a statement that is too large goes on in the next one."""
    frame = counted_size(identity_policy([]))
    room = MAX_MANAGED_POLICY - frame
    left, current = room, list[IdentityStatement]()
    for statement in statements:
        part: IdentityStatement | None = None
        for arn in statement["Resource"]:
            comma = 1 if part or current else 0
            opened: IdentityStatement = {**statement, "Resource": [arn]}
            cost = comma + (counted_size(opened) if part is None else counted_size(arn))
            if cost > left:
                yield identity_policy(current)
                left, current, part = room, [], None
                cost = counted_size(opened)
                if cost > room:
                    raise _too_large(statement)
            if part is None:
                part = opened
                current.append(part)
            else:
                part["Resource"].append(arn)
            left -= cost
    yield identity_policy(current)


def _too_large(statement: IdentityStatement) -> ReconcileError:
    size = counted_size(statement.get("Condition"))
    message = f"no managed policy has room for a condition of {size:,} characters"
    return ReconcileError(message, hint=f"the limit is {MAX_MANAGED_POLICY:,} characters")
