"""How much access a change adds and removes, in units of one principal under one condition."""

import re
from collections.abc import Iterable

from reconciler.policy import (
    EVERYONE,
    NO_CONDITION,
    AccessChange,
    Action,
    Actions,
    Facts,
    Holdings,
    NotAction,
    Policy,
    Principal,
    Unreadable,
    deleted_kind,
    denied_to,
    includes_action,
    is_of_registry,
    is_of_repositories,
    may_match,
    may_overlap,
    uncovered_actions,
)

_LIKE_A_PRINCIPAL = r'"(?:\*|[0-9]{12}|arn:[^":]*:(?:iam|sts):[^"]*|[a-z0-9.-]+\.amazonaws\.com)"'


def count_live(policy: Policy, facts: Facts) -> int:
    """Count the grants of a live policy, without those of deleted principals.

    In a policy that is not understood, every string that looks like a principal counts.
    """
    if isinstance(policy, Unreadable):
        return max(1, len(set(re.findall(_LIKE_A_PRINCIPAL, policy.text))))
    return sum(h.effect == "Allow" and not deleted_kind(h.principal) for h in facts)


def gives_access(facts: Facts) -> bool:
    """Whether a principal that exists is allowed something here that no Deny takes away again.

    Only a Deny without a condition is certain to take away.
    """
    return any(
        holder.effect == "Allow"
        and not deleted_kind(holder.principal)
        and any(map(_is_of_repositories, _usable(actions, _denied(holder.principal, facts))))
        for holder, actions in facts.items()
    )


def count_revoked(before: Facts, access: Iterable[AccessChange]) -> int:
    """Count the revoked grants.

    A new Deny revokes the grants of every principal that it may match and that holds an action it
    denies. Grants of deleted principals do not count.
    """
    revoked = 0
    for change in access:
        if change.effect == "Deny":
            revoked += _count_matched(change.principal, change.gained, before)
        elif not deleted_kind(change.principal):
            revoked += len(change.lost)
    return revoked


def count_granted(after: Facts, access: Iterable[AccessChange]) -> int:
    """Count the new grants.

    A removed Deny counts as one grant to each holder of an Allow that it may have denied, and as
    one at least: an identity policy may allow the same action.
    """
    granted = 0
    for change in access:
        if change.effect == "Allow":
            granted += len(change.gained)
        elif change.lost:
            granted += max(1, _count_matched(change.principal, change.lost, after))
    return granted


def _denied(principal: Principal, facts: Facts) -> Actions:
    """Return the actions that are denied to a principal for certain, by a NotPrincipal too."""
    if principal.kind == "NotPrincipal" or principal == EVERYONE:
        return denied_to(EVERYONE, facts)
    name = f"{principal.kind}:{''.join(principal.names)}"
    by_not_principal = (
        actions
        for (denied, effect, condition), actions in facts.items()
        if (denied.kind, effect, condition) == ("NotPrincipal", "Deny", NO_CONDITION)
        and name not in denied.names
    )
    return denied_to(principal, facts).union(*by_not_principal)


def _usable(actions: Actions, denied: Actions) -> Iterable[Action]:
    for action in uncovered_actions(actions, denied):
        if isinstance(action, NotAction) or not includes_action(denied, action):
            yield action


def _is_of_repositories(action: Action) -> bool:
    """Whether an action does anything with a repository; all but some do."""
    if isinstance(action, NotAction):
        return True
    return is_of_repositories(action) and not is_of_registry(action)


def _count_matched(denied: Principal, holdings: Holdings, facts: Facts) -> int:
    """Count the holders of an Allow that a Deny of these may match and keep from an action.

    With NotPrincipal it matches every principal with a permissions boundary, even those that it
    names (IAM User Guide, "AWS JSON policy elements: NotPrincipal").
    """
    return sum(
        holder.effect == "Allow"
        and (
            may_match(denied, holder.principal)
            or may_match(holder.principal, denied)
            or (denied.kind == "NotPrincipal" and holder.principal.kind == "AWS")
        )
        and any(may_overlap(holding.actions, actions) for holding in holdings)
        for holder, actions in facts.items()
    )
