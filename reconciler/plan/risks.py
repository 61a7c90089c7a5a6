"""What deserves a second look in a change: marked, not refused."""

from collections.abc import Iterable

from reconciler.plan.model import Risk, Target
from reconciler.policy.actions import KNOWN_ACTIONS, expand
from reconciler.policy.amounts import can_rewrite
from reconciler.policy.conditions import Condition
from reconciler.policy.difference import AccessChange, Holding
from reconciler.policy.facts import Actions, Facts
from reconciler.policy.principals import (
    EVERYONE,
    Principal,
    account_of,
    account_principal,
    gone_kind,
)
from reconciler.policy.public import is_public
from reconciler.policy.vocabulary import Vocabulary

_ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})


def find_risks(
    before: Facts, access: Iterable[AccessChange], target: Target, vocabulary: Vocabulary
) -> tuple[Risk, ...]:
    """Name the risks of what a change newly allows beyond `before` on one repository, sorted.

    `public`: anyone may; `admin`: every action; `new-account`: an account, not the registry's
    own, that had no access to this repository; `outside-organization`: everyone under a condition
    that is not one of the organizations that the file names, where it names any;
    `can-rewrite`: whoever may set or delete the repository's policy, except the registry's own
    account, whose admins may do so by their identity policies; `deny-removed`: a Deny that holds
    no longer.
    """
    known = {account_of(holder.principal) for holder in before if holder.effect == "Allow"}
    known.add(target.scope.account)
    own = account_principal(target.scope.account, target.partition)
    organizations = _organizations(named.condition for named in vocabulary.principals)
    risks: set[Risk] = set()
    for change in access:
        if change.effect == "Deny":
            risks |= {Risk("deny-removed", change.principal, h.condition) for h in change.lost}
        else:
            account = account_of(change.principal)
            if account is not None and account not in known:
                risks.add(Risk("new-account", account_principal(account, target.partition)))
            for gained in change.gained:
                risks |= set(_risks_of(change.principal, gained, organizations))
                if change.principal != own and _may_rewrite(change.principal, gained):
                    risks.add(Risk("can-rewrite", change.principal, gained.condition))
    return tuple(sorted(risks))


def _risks_of(
    principal: Principal, gained: Holding, organizations: frozenset[str]
) -> Iterable[Risk]:
    condition = gained.condition
    public = is_public(principal, "Allow", condition)
    if public:
        yield Risk("public", principal, condition)
    if _is_nearly_all(gained.actions):
        yield Risk("admin", principal, condition)
    if principal == EVERYONE and organizations and not public:
        bound_to = _organizations([condition])
        if not bound_to or not bound_to <= organizations:
            yield Risk("outside-organization", principal, condition)


def _is_nearly_all(actions: Actions) -> bool:
    """Tell whether the actions are all that are known today, or all but some."""
    patterns = [action for action in actions if isinstance(action, str)]
    return len(patterns) < len(actions) or expand(patterns) == KNOWN_ACTIONS.keys()


def _may_rewrite(principal: Principal, gained: Holding) -> bool:
    """Tell whether somebody who still exists gains the power to rewrite the policy."""
    return can_rewrite(gained.actions) and not gone_kind(principal)


def _organizations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Give the organizations that conditions are bound to: a path starts with its own."""
    return frozenset(
        value.split("/", 1)[0]
        for condition in conditions
        for clause in condition
        if clause.key in _ORGANIZATION_KEYS
        for value in clause.values
    )
