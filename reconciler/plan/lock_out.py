"""Whether a change denies the caller to read, set or delete the policy again."""

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.policy import (
    EVERYONE,
    IS_SERVICE,
    NO_CONDITION,
    Caller,
    Document,
    IamArn,
    Principal,
    Statement,
    Unreadable,
    evaluate,
    iam_caller,
    parse_arn,
)

_NEEDED = ("ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy", "ecr:DeleteRepositoryPolicy")
"""This tool needs all of these to repair a policy."""

_KNOWN = {
    IS_SERVICE: ("false",),
    "aws:securetransport": ("true",),
    "aws:viaawsservice": ("false",),
}
"""What holds of every call that this tool makes to AWS (IAM User Guide, "AWS global condition
context keys")."""

_ALLOW_ALL = Statement(None, "Allow", (EVERYONE,), frozenset({"*"}), NO_CONDITION, {})
"""Stands for the identity policy that allows the caller to set the policy."""


class LockOut(NamedTuple):
    """A change that denies the caller an action that repairing the policy needs.

    `why` is a phrase that the caller's ARN follows: `a Deny on app (us-west-2) would prevent`.
    """

    target: Target
    why: str


def may_lock_out(change: Change) -> bool:
    """Whether a change adds a Deny, or may do so; only then it matters who the caller is."""
    return bool(_new_denials(change)) or is_opaque(change)


def locked_out(changes: Iterable[Change], caller: str) -> tuple[LockOut, ...]:
    """Return the changes that deny the caller an action that repairing needs, or may do so.

    `caller` is the ARN that STS returns. Only a new Deny counts, not a missing Allow: identity
    policies of the registry's own account may allow the action ("Policy evaluation logic", IAM User
    Guide). A Deny that depends on what is not known of the caller counts.
    """
    whys = ((change.target, _why(change, caller)) for change in changes)
    return tuple(LockOut(target, why) for target, why in whys if why)


def _why(change: Change, arn: str) -> str | None:
    if is_opaque(change):
        return f"the new policy of {change.target} is not understood, so it may prevent"
    denials = _new_denials(change)
    document = Document(None, (*denials, _ALLOW_ALL))
    caller = _caller(arn, denials)
    verdicts = {evaluate(document, caller, action).verdict for action in _NEEDED}
    if "denied" in verdicts:
        return f"a Deny on {change.target} would prevent"
    if "depends" not in verdicts:
        return None
    if any(p.kind == "NotPrincipal" for denial in denials for p in denial.principals):
        return (
            f"a Deny on {change.target} with NotPrincipal, which always denies a user or role with "
            "a permissions boundary, may prevent"
        )
    return f"a Deny on {change.target} may prevent"


def is_opaque(change: Change) -> bool:
    """Whether the policy to be written is not understood, as one of a journal may be."""
    return isinstance(change.after, Unreadable)


def _new_denials(change: Change) -> tuple[Statement, ...]:
    return tuple(
        Statement(None, "Deny", (access.principal,), gained.actions, gained.condition, {})
        for access in change.access
        if access.effect == "Deny"
        for gained in access.gained
    )


def _caller(arn: str, denials: Iterable[Statement]) -> Caller:
    """Return the caller that an ARN of STS names, as a statement may name it.

    The ARN of a role's session lacks the role's path: any role of that name in the account is
    taken for it, and its own ARN is unknown to conditions.
    """
    parsed = parse_arn(arn)
    if parsed is None or parsed.resource_type != "assumed-role":
        return iam_caller(arn, _KNOWN)
    session = iam_caller(arn, _KNOWN)
    role = parsed.path.partition("/")[0]
    named = {p for denial in denials for p in _named(denial) if _is_role(p, parsed, role)}
    return Caller((*session.principals, *sorted(named)), session.context, session.absent)


def _named(denial: Statement) -> Iterable[Principal]:
    """List the AWS principals that a Deny names or leaves out."""
    for principal in denial.principals:
        if principal.kind != "NotPrincipal":
            yield principal
            continue
        for name in principal.names:
            kind, _, value = name.partition(":")
            yield Principal(kind, (value,))


def _is_role(principal: Principal, session: IamArn, role: str) -> bool:
    arn = parse_arn(principal.names[0]) if principal.kind == "AWS" else None
    if arn is None or (arn.account, arn.resource_type) != (session.account, "role"):
        return False
    return arn.path.rpartition("/")[2] == role
