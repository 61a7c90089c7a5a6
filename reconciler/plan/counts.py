"""How much access a change moves, in units of one principal under one condition."""

import re
from collections.abc import Iterable

from reconciler.policy.conditions import NO_CONDITION
from reconciler.policy.difference import AccessChange
from reconciler.policy.document import Policy, Unreadable
from reconciler.policy.facts import Facts, Holder, uncovered
from reconciler.policy.principals import EVERYONE, Principal, account_of, gone_kind

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
    """Tell whether a policy allows anything to anyone who exists and is not denied it again."""
    denied = facts.get(Holder(EVERYONE, "Deny", NO_CONDITION), frozenset())
    return any(
        holder.effect == "Allow" and not gone_kind(holder.principal) and uncovered(actions, denied)
        for holder, actions in facts.items()
    )


def count_revoked(before: Facts, access: Iterable[AccessChange]) -> int:
    """Count what is taken away.

    A new Deny takes from everybody whom it may match. What a deleted principal held is nobody's
    loss.
    """
    revoked = 0
    for change in access:
        if change.effect == "Deny" and change.gained:
            revoked += max(1, _count_matched(change.principal, before))
        elif change.effect == "Allow" and not gone_kind(change.principal):
            revoked += len(change.lost)
    return revoked


def count_granted(access: Iterable[AccessChange]) -> int:
    """Count what is newly allowed; taking a Deny away is allowing."""
    return sum(len(c.gained if c.effect == "Allow" else c.lost) for c in access)


def _count_matched(denied: Principal, facts: Facts) -> int:
    """Count the holders of an Allow whom a Deny of this principal may match."""
    return sum(
        holder.effect == "Allow" and _may_match(denied, holder.principal) for holder in facts
    )


def _may_match(denied: Principal, principal: Principal) -> bool:
    if denied == EVERYONE:
        return True
    if denied.kind == "NotPrincipal":
        return f"{principal.kind}:{''.join(principal.names)}" not in denied.names
    account = account_of(denied)
    whole_account = account is not None and denied.names[0].endswith(":root")
    return denied == principal or (whole_account and account == account_of(principal))
