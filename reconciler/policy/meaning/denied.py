"""Which actions of a grant a Deny certainly takes away: in each request that the grant allows.

Where that is unknown, nothing is taken away. Sources: IAM User Guide, "Policy evaluation logic",
"AWS JSON policy elements: NotPrincipal" and "AWS global condition context keys" (under
"Availability", who has which key).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.language.actions import KNOWN_ACTIONS, covers
from reconciler.policy.language.condition_keys import (
    IS_SERVICE,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    spell_key,
)
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import EVERYONE, Principal, account_of, parse_arn
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import (
    caller_of,
    iam_kind,
    possible_requests,
    requires_key,
    service_kind,
)
from reconciler.policy.meaning.evaluate import clause_holds
from reconciler.policy.meaning.facts import Actions, Holder
from reconciler.policy.meaning.implication import always_holds
from reconciler.policy.meaning.tiers import action_names, as_pattern, includes_action
from reconciler.printable import some_of


class Denial(NamedTuple):
    """A Deny: its principals, actions and condition."""

    principals: frozenset[Principal]
    actions: Actions
    condition: Condition


class Loss(NamedTuple):
    """The actions of a grant that a Deny takes away; `whole` where that is all of them.

    `missing` are the keys, as AWS spells them, that no request of the grant has, so that the Deny
    holds. `excluding` is the value of `aws:PrincipalIsAWSService` that, as a further condition of
    the Deny, would exclude the grant; None where there is none.
    """

    actions: Actions
    whole: bool
    missing: tuple[str, ...]
    excluding: str | None

    @property
    def remedy(self) -> str:
        """What to change so that nothing is lost, as a phrase for messages."""
        if self.excluding is None:
            return "remove the grant, or exclude it from the Deny"
        whom = "to exclude services" if self.excluding == "false" else "to deny only services"
        clause = f'Bool: {{"aws:PrincipalIsAWSService": "{self.excluding}"}}'
        return f"{whom}, add to the Condition of the Deny: {clause}"

    def describe(self, grant: str, principals: Iterable[str], deny: str) -> str:
        """Return the loss as a sentence, given names for the grant, its principals and the Deny."""
        keys = ", ".join(self.missing)
        why = f"; no request of this grant has {keys}, so the Deny applies" if keys else ""
        effect = "has no effect" if self.whole else "is only partly effective"
        actions = "all of its actions" if self.whole else some_of(action_names(self.actions))
        return f"{grant} {effect} for {some_of(principals)}: {deny} denies {actions}{why}"


def denial_of(statement: Statement) -> Denial | None:
    """Return a statement as a Deny; None for an Allow."""
    if statement.effect != "Deny":
        return None
    return Denial(frozenset(statement.principals), statement.actions, statement.condition)


def compute_loss(holder: Holder, actions: Actions, denial: Denial, known: Condition) -> Loss | None:
    """Return what a Deny certainly takes of the actions that a holder is allowed; None if nothing.

    `known` holds of every request. Nothing is lost of a grant that never applies.
    """
    taken = _taken(actions, denial.actions)
    if not taken:
        return None
    missing = _missing_where_denied(holder.principal, holder.condition, denial, known)
    if missing is None:
        return None
    whole = all(includes_action(denial.actions, as_pattern(action)) for action in actions)
    keys = tuple(map(spell_key, missing))
    return Loss(taken, whole, keys, _excluding_value(holder.principal, denial, missing))


@lru_cache(maxsize=4_096)
def _taken(actions: Actions, denied: Actions) -> Actions:
    """Return the allowed actions that are denied; of overlapping patterns, the known actions."""
    others = {a for a in (*actions, *denied) if isinstance(a, str) and a not in KNOWN_ACTIONS}
    of_both = (a for a in others if includes_action(actions, a) and includes_action(denied, a))
    taken = {*(_known_in(actions) & _known_in(denied)), *of_both}
    patterns = [p for p in taken if has_wildcard(p)]
    return frozenset(a for a in taken if not any(a != p and covers(p, a) for p in patterns))


@lru_cache(maxsize=4_096)
def _known_in(actions: Actions) -> frozenset[str]:
    return frozenset(action for action in KNOWN_ACTIONS if includes_action(actions, action))


def _missing_where_denied(
    principal: Principal, condition: Condition, denial: Denial, known: Condition
) -> tuple[str, ...] | None:
    """Return the missing keys because of which a Deny always holds; None where it may not hold."""
    caller = _caller(principal, condition, denial.condition, known)
    if caller is None or not _applies_to(denial, principal, caller):
        return None
    certain, callers = (*condition, *known), possible_requests(caller)
    if not all(always_holds(clause, certain, c) for c in callers for clause in denial.condition):
        return None
    return tuple(clause.key for clause in denial.condition if clause.key in caller.absent)


def _applies_to(denial: Denial, principal: Principal, caller: Caller) -> bool:
    """Whether a Deny names everyone that a principal stands for.

    A NotPrincipal does where it excludes no principal of the same account: the service may check
    a role, its session or its account first.
    """
    if EVERYONE in denial.principals or not denial.principals.isdisjoint(caller.principals):
        return True
    (one, *others) = denial.principals
    if one.kind != "NotPrincipal" or others or not caller.principals:
        return False
    excluded = [name.partition(":")[::2] for name in one.names]
    if principal.kind == "Service":
        return ("AWS", "*") not in excluded and ("Service", principal.names[0]) not in excluded
    of_aws = [parse_arn(name) for kind, name in excluded if kind == "AWS"]
    return all(arn and arn.account != account_of(principal) for arn in of_aws)


@lru_cache(maxsize=4_096)
def _caller(
    principal: Principal, condition: Condition, denying: Condition, known: Condition
) -> Caller | None:
    """Return the caller of a grant, with what is certain of each request that the grant allows.

    None where it allows none.
    """
    caller = caller_of(principal)
    kind = Caller(())
    if principal.kind == "Service":
        kind = service_kind(principal.names, denying)
    elif requires_key(condition, ONLY_FOR_SERVICES):
        kind = service_kind((), denying)
    elif caller.principals or requires_key(condition, ONLY_FOR_MEMBERS):
        kind = iam_kind(principal)
    equal = {c.key: c.values for c in known if c.operator == "StringEquals" and len(c.values) == 1}
    context = {**caller.context, **kind.context, **equal}
    full = Caller(caller.principals, context, caller.absent | kind.absent)
    never = any(clause_holds(clause, full) is False for clause in condition)
    return None if never else full


def _excluding_value(principal: Principal, denial: Denial, missing: Iterable[str]) -> str | None:
    if any(clause.key == IS_SERVICE for clause in denial.condition):
        return None
    if principal.kind == "Service":
        return None if principal in denial.principals else "false"
    return "true" if not ONLY_FOR_SERVICES.isdisjoint(missing) else None
