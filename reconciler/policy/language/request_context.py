"""Who makes a request, and what is known of the request."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from reconciler.policy.language.condition_keys import ONLY_FOR_SERVICES
from reconciler.policy.language.principals import (
    Principal,
    account_principal,
    parse_arn,
    service_principal,
)

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with all its values (one, for a single-valued key)."""

_NOTHING: Context = MappingProxyType({})


class Caller(NamedTuple):
    """One caller, with what is known of the request.

    `principals` are all that a statement could call it: a role session's own ARN, its role and
    its account's root; or a service; nothing, for an anonymous one. A condition key is known
    (in `context`), known to be missing from the request (in `absent`), or unknown.
    """

    principals: tuple[Principal, ...]
    context: Context = _NOTHING
    absent: frozenset[str] = frozenset()

    def values_of(self, key: str) -> tuple[str, ...] | None:
        """Give the values of a key in lower case; none where it is absent, None where unknown."""
        return () if key in self.absent else self.context.get(key)


def iam_caller(
    arn: str, context: Context | None = None, absent: frozenset[str] = frozenset()
) -> Caller:
    """Make the caller that an IAM user's or role's ARN names.

    What the ARN itself says of the request is known: its account and, for a user or role, the
    principal's ARN; keys of service calls are absent. The given context wins over that. A
    session's role has to be named too, by the one who knows its path. Raises ValueError for an
    ARN that is none.

    Source: IAM User Guide, "AWS global condition context keys" (aws:PrincipalArn,
    aws:PrincipalAccount).
    """
    parsed = parse_arn(arn)
    if parsed is None:
        raise ValueError(f"not the ARN of a user or role: {arn}")
    given = context or {}
    known: dict[str, tuple[str, ...]] = {"aws:principalaccount": (parsed.account,)}
    if parsed.resource_type in {"role", "user", "root"}:
        known["aws:principalarn"] = (arn,)
    principals = (Principal("AWS", (arn,)), account_principal(parsed.account, parsed.partition))
    return Caller(
        tuple(dict.fromkeys(principals)),
        {**known, **given},
        absent | (ONLY_FOR_SERVICES - given.keys()),
    )


def service_caller(
    name: str, context: Context | None = None, absent: frozenset[str] = frozenset()
) -> Caller:
    """Make the caller that an AWS service is when it acts on its own behalf."""
    return Caller((service_principal(name),), context or {}, absent)
