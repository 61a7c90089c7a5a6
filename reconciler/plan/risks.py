"""The risks of a change: they mark it and refuse nothing."""

from collections.abc import Iterable

from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import Risk
from reconciler.policy.language.actions import KNOWN_ACTIONS, expand
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.principals import EVERYONE, account_of, account_principal, gone_kind
from reconciler.policy.meaning.difference import AccessChange
from reconciler.policy.meaning.facts import Actions, Facts, Holder, not_covered
from reconciler.policy.meaning.public import open_to_strangers
from reconciler.policy.meaning.tiers import can_rewrite

_ORGANIZATION_KEYS = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"}
)


def find_risks(
    before: Facts,
    after: Facts,
    access: Iterable[AccessChange],
    target: Target,
    display_names: DisplayNames,
) -> tuple[Risk, ...]:
    """Return the risks of what a change allows beyond `before` on one repository, sorted.

    `access` is the difference of the two. `public`: callers that nothing bounds, by what it adds or
    by a Deny that it removes; `admin`: every action; `new-account`: an account, not the registry's
    own, that had no access to this repository; `outside-organization`: everyone under a condition
    that is not one of the organizations that the file names, where it names any;
    `can-rewrite`: a principal that may set or delete the repository's policy; `deny-removed`: a
    Deny that is removed.
    """
    known = {account_of(holder.principal) for holder in before if holder.effect == "Allow"}
    known.add(target.scope.account)
    organizations = _organizations(named.condition for named in display_names.principals)
    opened = open_to_strangers(after)
    anew = not_covered(opened, by=open_to_strangers(before))
    risks = {Risk(RuleId.PUBLIC, holder.principal, holder.condition) for holder in anew}
    for change in access:
        if change.effect == "Deny":
            risks |= {Risk(RuleId.DENY_REMOVED, change.principal, h.condition) for h in change.lost}
        else:
            account = account_of(change.principal)
            if account is not None and account not in known:
                risks.add(Risk(RuleId.NEW_ACCOUNT, account_principal(account, target.partition)))
            for gained in change.gained:
                holder = Holder(change.principal, "Allow", gained.condition)
                if _is_nearly_all(gained.actions):
                    risks.add(Risk(RuleId.ADMIN, holder.principal, holder.condition))
                if may_rewrite(holder, gained.actions, target):
                    risks.add(Risk(RuleId.CAN_REWRITE, holder.principal, holder.condition))
                if organizations and holder.principal == EVERYONE and holder not in opened:
                    bound_to = _bound_to(holder, after)
                    if not bound_to or not bound_to <= organizations:
                        risks.add(Risk(RuleId.OUTSIDE_ORGANIZATION, EVERYONE, holder.condition))
    return tuple(sorted(risks))


def _is_nearly_all(actions: Actions) -> bool:
    """Whether the actions are all that are known today, or all but some."""
    patterns = [action for action in actions if isinstance(action, str)]
    return len(patterns) < len(actions) or expand(patterns) == KNOWN_ACTIONS.keys()


def may_rewrite(
    holder: Holder, actions: Actions, target: Target, denied: Actions = frozenset()
) -> bool:
    """Whether a principal that exists may rewrite the policy by an Allow of these actions.

    The registry's own account does not count: its identity policies can allow that anyway.
    """
    own = account_principal(target.scope.account, target.partition)
    allowed = holder.effect == "Allow" and can_rewrite(actions, denied)
    return allowed and holder.principal != own and not gone_kind(holder.principal)


def _bound_to(holder: Holder, facts: Facts) -> frozenset[str]:
    """Return the organizations that bound everyone, by a condition or by a Deny of all else."""
    denying = (h.condition for h in facts if h.effect == "Deny" and h.principal == EVERYONE)
    return _organizations([holder.condition]) or _organizations(denying)


def _organizations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the organizations that conditions name: a path starts with its own."""
    return frozenset(
        value.split("/", 1)[0]
        for condition in conditions
        for clause in condition
        if clause.key in _ORGANIZATION_KEYS
        for value in clause.values
    )
