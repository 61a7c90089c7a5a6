"""How much access a change moves, in units of one principal under one condition."""

import re
from collections.abc import Iterable, Mapping

from reconciler.policy.language.actions import is_of_registry, is_of_repositories
from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.document import Action, NotAction, Policy, Unreadable
from reconciler.policy.language.principals import (
    EVERYONE,
    Principal,
    account_principal,
    gone_kind,
    parse_arn,
)
from reconciler.policy.meaning.difference import AccessChange, Holdings
from reconciler.policy.meaning.facts import Actions, Facts, uncovered_actions
from reconciler.policy.meaning.reach import may_match
from reconciler.policy.meaning.tiers import includes_action, may_overlap

_LIKE_A_PRINCIPAL = re.compile(
    r'"(?:\*|[0-9]{12}|arn:[^":]*:(?:iam|sts):[^"]*|[a-z0-9.-]+\.amazonaws\.com)"'
)


def count_live(policy: Policy, facts: Facts) -> int:
    """Count what a live policy allows to who still exists.

    Of a policy that is not understood, whatever looks like a principal counts.
    """
    if isinstance(policy, Unreadable):
        return max(1, len(set(_LIKE_A_PRINCIPAL.findall(policy.text))))
    return sum(h.effect == "Allow" and not gone_kind(h.principal) for h in facts)


def leaves_somebody(facts: Facts) -> bool:
    """Tell whether a policy allows anything here to anyone who exists and is not denied it again.

    Only a Deny without a condition is sure to take away.
    """
    denying = {h.principal: a for h, a in facts.items() if h[1:] == ("Deny", NO_CONDITION)}
    return any(
        holder.effect == "Allow"
        and not gone_kind(holder.principal)
        and any(map(_is_of_repositories, _left(holder.principal, actions, denying)))
        for holder, actions in facts.items()
    )


def count_revoked(before: Facts, access: Iterable[AccessChange]) -> int:
    """Count what is taken away.

    A new Deny takes from everybody whom it may match, where they hold anything that it denies.
    What a deleted principal held is nobody's loss.
    """
    revoked = 0
    for change in access:
        if change.effect == "Deny":
            revoked += _count_matched(change.principal, change.gained, before)
        elif not gone_kind(change.principal):
            revoked += len(change.lost)
    return revoked


def count_granted(after: Facts, access: Iterable[AccessChange]) -> int:
    """Count what is newly allowed.

    Taking a Deny away is allowing: everybody whom it may have kept from what they hold, and one
    at the least, for identity policies may allow it, too.
    """
    granted = 0
    for change in access:
        if change.effect == "Allow":
            granted += len(change.gained)
        elif change.lost:
            granted += max(1, _count_matched(change.principal, change.lost, after))
    return granted


def _left(
    principal: Principal, actions: Actions, denying: Mapping[Principal, Actions]
) -> Iterable[Action]:
    """Give what of its actions a principal can use in spite of these Denies."""
    denied = frozenset[Action]().union(
        *(a for d, a in denying.items() if _takes_from(d, principal))
    )
    for action in uncovered_actions(actions, denied):
        if isinstance(action, NotAction) or not includes_action(denied, action):
            yield action


def _is_of_repositories(action: Action) -> bool:
    """Tell whether an action does anything with a repository; all but some do."""
    if isinstance(action, NotAction):
        return True
    return is_of_repositories(action) and not is_of_registry(action)


def _count_matched(denied: Principal, holdings: Holdings, facts: Facts) -> int:
    """Count the holders of an Allow whom a Deny of these may match, and keep from something.

    With NotPrincipal it matches whoever has a permissions boundary, even those whom it names (IAM
    User Guide, "AWS JSON policy elements: NotPrincipal").
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


def _takes_from(denied: Principal, principal: Principal) -> bool:
    """Tell whether a Deny of one principal is sure to be of all that another one stands for."""
    if denied.kind == "NotPrincipal":
        many = principal == EVERYONE or principal.kind == "NotPrincipal"
        named = f"{principal.kind}:{''.join(principal.names)}" in denied.names
        return not many and not named
    return denied in (principal, EVERYONE) or denied == _account(principal)


def _account(principal: Principal) -> Principal | None:
    arn = parse_arn(principal.names[0]) if principal.kind == "AWS" else None
    return account_principal(arn.account, arn.partition) if arn else None
