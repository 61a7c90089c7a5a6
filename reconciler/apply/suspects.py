"""Which principals may be the ones that AWS does not know."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.apply.model import Outcome
from reconciler.plan.model import Change
from reconciler.policy.language.document import Document, Policy
from reconciler.policy.language.principals import Principal, gone_kind, parse_arn


def added_principals(change: Change) -> tuple[str, ...]:
    """Name the accounts, roles, users and sessions that a change brings into a policy, sorted.

    Services and everyone are always known (assumed), and whom the live policy names already has
    been taken once.
    """
    return tuple(sorted(_named(change.after) - _named(change.before)))


def may_be_new(change: Change) -> bool:
    """Tell whether those whom a change adds may yet become known: no deleted one ever does."""
    added = added_principals(change)
    return bool(added) and not any(gone_kind(Principal("AWS", (name,))) for name in added)


def without_known(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Take from the suspects whom AWS has taken in another policy meanwhile."""
    known = {name for o in outcomes if o.result == "applied" for name in _named(o.change.after)}
    left = [tuple(name for name in o.suspects if name not in known) for o in outcomes]
    return tuple(
        replace(outcome, suspects=suspects or outcome.suspects)
        for outcome, suspects in zip(outcomes, left, strict=True)
    )


def _named(policy: Policy) -> set[str]:
    if not isinstance(policy, Document):
        return set()
    return {
        name
        for statement in policy.statements
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
    return parse_arn(name) is not None or gone_kind(Principal("AWS", (name,))) is not None
