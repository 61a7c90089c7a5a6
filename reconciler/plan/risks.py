"""What deserves a second look in a change: marked, not refused."""

from collections.abc import Iterable

from reconciler.plan.model import Risk, Target
from reconciler.policy.actions import KNOWN_ACTIONS, covers, expand
from reconciler.policy.conditions import Condition
from reconciler.policy.difference import AccessChange, Holding
from reconciler.policy.elements import NotAction
from reconciler.policy.facts import Actions, Facts, Holder, not_covered
from reconciler.policy.principals import EVERYONE, account_of, account_principal
from reconciler.policy.public import open_to_strangers
from reconciler.policy.vocabulary import Vocabulary

_REWRITE = "ecr:SetRepositoryPolicy"
_ORGANIZATION_KEYS = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"}
)


def find_risks(
    before: Facts,
    after: Facts,
    access: Iterable[AccessChange],
    target: Target,
    vocabulary: Vocabulary,
) -> tuple[Risk, ...]:
    """Name the risks of what a change newly allows beyond `before` on one repository, sorted.

    `access` is the difference of the two. `public`: strangers may, by what it adds or by a Deny
    that it takes away; `admin`: every action; `new-account`: an account, not the registry's
    own, that had no access to this repository; `outside-organization`: everyone under a condition
    that is not one of the organizations that the file names, where it names any;
    `lambda-can-rewrite`: a service that may set the repository's policy; `deny-removed`: a Deny
    that holds no longer.
    """
    known = {account_of(holder.principal) for holder in before if holder.effect == "Allow"}
    known.add(target.scope.account)
    organizations = _organizations(named.condition for named in vocabulary.principals)
    opened = open_to_strangers(after)
    anew = not_covered(opened, by=open_to_strangers(before))
    risks = {Risk("public", holder.principal, holder.condition) for holder in anew}
    for change in access:
        if change.effect == "Deny":
            risks |= {Risk("deny-removed", change.principal, h.condition) for h in change.lost}
        else:
            account = account_of(change.principal)
            if account is not None and account not in known:
                risks.add(Risk("new-account", account_principal(account, target.partition)))
            for gained in change.gained:
                risks |= set(_risks_of(change, gained))
                holder = Holder(change.principal, "Allow", gained.condition)
                if organizations and holder.principal == EVERYONE and holder not in opened:
                    bound_to = _bound_to(holder, after)
                    if not bound_to or not bound_to <= organizations:
                        risks.add(Risk("outside-organization", EVERYONE, gained.condition))
    return tuple(sorted(risks))


def _risks_of(change: AccessChange, gained: Holding) -> Iterable[Risk]:
    principal, condition = change.principal, gained.condition
    if _is_nearly_all(gained.actions):
        yield Risk("admin", principal, condition)
    if principal.kind == "Service" and _covered(gained.actions, _REWRITE):
        yield Risk("lambda-can-rewrite", principal, condition)


def _is_nearly_all(actions: Actions) -> bool:
    """Tell whether the actions are all that are known today, or all but some."""
    patterns = [action for action in actions if isinstance(action, str)]
    return len(patterns) < len(actions) or expand(patterns) == KNOWN_ACTIONS.keys()


def _covered(actions: Actions, action: str) -> bool:
    """Tell whether the actions hold one; all but some hold every other."""
    return any(
        not any(covers(excluded, action) for excluded in a.excluded)
        if isinstance(a, NotAction)
        else covers(a, action)
        for a in actions
    )


def _bound_to(holder: Holder, facts: Facts) -> frozenset[str]:
    """Give the organizations that everyone is bound to, by a condition or by a Deny of all else."""
    denying = (h.condition for h in facts if h.effect == "Deny" and h.principal == EVERYONE)
    return _organizations([holder.condition]) or _organizations(denying)


def _organizations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Give the organizations that conditions are bound to: a path starts with its own."""
    return frozenset(
        value.split("/", 1)[0]
        for condition in conditions
        for clause in condition
        if clause.key in _ORGANIZATION_KEYS
        for value in clause.values
    )
