"""Which principals may be the ones that AWS does not know."""

from collections.abc import Iterable

from reconciler.plan.model import Change
from reconciler.policy.document import Document, Statement
from reconciler.policy.principals import Principal, gone_kind, parse_arn


def added_principals(change: Change) -> tuple[str, ...]:
    """Name the roles, users and sessions that a change brings into a policy, sorted.

    Accounts, services and everyone need not be known to IAM for a policy to be taken, and whom
    the live policy names already has been taken once.
    """
    live = _named(change.before.statements) if isinstance(change.before, Document) else set()
    after = change.after
    wanted = _named(after.statements) if isinstance(after, Document) else set()
    return tuple(sorted(wanted - live))


def _named(statements: Iterable[Statement]) -> set[str]:
    return {
        name
        for statement in statements
        for principal in statement.principals
        for name in _names_of(principal)
        if _must_exist(name)
    }


def _names_of(principal: Principal) -> tuple[str, ...]:
    """Give the AWS names of a principal, or of those that a NotPrincipal leaves out."""
    if principal.kind == "NotPrincipal":
        names = (name.partition(":") for name in principal.names)
        return tuple(name for kind, _, name in names if kind == "AWS")
    return principal.names if principal.kind == "AWS" else ()


def _must_exist(name: str) -> bool:
    """Tell whether the service takes a policy with this name only where it is somebody's."""
    arn = parse_arn(name)
    if arn is None:
        return gone_kind(Principal("AWS", (name,))) is not None
    return arn.resource_type != "root"
