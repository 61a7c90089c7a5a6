"""Which actions of a grant a Deny takes away for certain: in each request that the grant is for.

What can't be told takes nothing away. Sources: IAM User Guide, "Policy evaluation logic", "AWS JSON
policy elements: NotPrincipal" and "AWS global condition context keys" (who has which key).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.language.actions import KNOWN_ACTIONS, covers
from reconciler.policy.language.condition_keys import ONLY_FOR_MEMBERS, ONLY_FOR_SERVICES, spell_key
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import EVERYONE, Principal, account_of, parse_arn
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import needs, of_iam, of_service, readings
from reconciler.policy.meaning.clauses import clause_holds
from reconciler.policy.meaning.facts import Actions, Holder
from reconciler.policy.meaning.implication import always_holds
from reconciler.policy.meaning.reach import caller_of
from reconciler.policy.meaning.tiers import action_names, have_all, in_ecr
from reconciler.printable import some_of

_IS_SERVICE = "aws:principalisawsservice"


class Denial(NamedTuple):
    """A Deny: to whom, what, and under which condition."""

    principals: frozenset[Principal]
    actions: Actions
    condition: Condition


class Loss(NamedTuple):
    """What a Deny takes away of a grant: these actions, which may be all of it.

    `missing` are the keys, as AWS spells them, that no request of the grant has, so that the Deny
    holds. `excepting` is the value of `aws:PrincipalIsAWSService` that, as a further condition of
    the Deny, would except the grant; None where there is no such.
    """

    actions: Actions
    whole: bool
    missing: tuple[str, ...]
    excepting: str | None

    @property
    def remedy(self) -> str:
        """Say what to write so that nothing is lost."""
        if self.excepting is None:
            return "take the grant away, or except it in the Deny"
        whom = "to except services" if self.excepting == "false" else "to deny services alone"
        clause = f'Bool: {{"aws:PrincipalIsAWSService": "{self.excepting}"}}'
        return f"{whom}, add to the Condition of the Deny: {clause}"

    def told(self, what: str, who: Iterable[str], deny: str) -> str:
        """Tell it in a sentence, given how to call the grant, its holders and the Deny."""
        has = ", ".join(self.missing)
        why = f"; no request of this grant has {has}, so the Deny holds" if has else ""
        if self.whole:
            return f"{what} gives {some_of(who)} nothing: {deny} takes all of it away{why}"
        taken = some_of(action_names(self.actions))
        return f"{what} gives {some_of(who)} less than it says: {deny} takes {taken} away{why}"


def as_denial(statement: Statement) -> Denial | None:
    """Give a statement as a Deny; None for an Allow."""
    if statement.effect != "Deny":
        return None
    return Denial(frozenset(statement.principals), statement.actions, statement.condition)


def lost(holder: Holder, actions: Actions, denial: Denial, known: Condition) -> Loss | None:
    """Give what a Deny takes for certain of the actions that a holder is allowed; None if nothing.

    `known` holds of every request there is. Nothing is lost of a grant that never applies.
    """
    taken = _taken(actions, denial.actions)
    if not taken:
        return None
    missing = _missing_where_denied(holder.principal, holder.condition, denial, known)
    if missing is None:
        return None
    whole = all(have_all(denial.actions, in_ecr(action)) for action in actions)
    words = tuple(map(spell_key, missing))
    return Loss(taken, whole, words, _excepting(holder.principal, denial, missing))


@lru_cache(maxsize=4_096)
def _taken(actions: Actions, denied: Actions) -> Actions:
    """Give the allowed actions that are denied; of patterns that overlap, the known ones."""
    others = {a for a in (*actions, *denied) if isinstance(a, str) and a not in KNOWN_ACTIONS}
    of_both = (a for a in others if have_all(actions, a) and have_all(denied, a))
    taken = {*(_known_in(actions) & _known_in(denied)), *of_both}
    patterns = [p for p in taken if has_wildcard(p)]
    return frozenset(a for a in taken if not any(a != p and covers(p, a) for p in patterns))


@lru_cache(maxsize=4_096)
def _known_in(actions: Actions) -> frozenset[str]:
    return frozenset(action for action in KNOWN_ACTIONS if have_all(actions, action))


def _missing_where_denied(
    principal: Principal, condition: Condition, denial: Denial, known: Condition
) -> tuple[str, ...] | None:
    """Give the missing keys by which a Deny holds in each request; None where it may not hold."""
    caller = _caller(principal, condition, denial.condition, known)
    if caller is None or not _speaks_of(denial, principal, caller):
        return None
    certain, callers = (*condition, *known), readings(caller)
    if not all(always_holds(clause, certain, c) for c in callers for clause in denial.condition):
        return None
    return tuple(clause.key for clause in denial.condition if clause.key in caller.absent)


def _speaks_of(denial: Denial, principal: Principal, caller: Caller) -> bool:
    """Tell whether a Deny names all that a principal stands for.

    A NotPrincipal does where it leaves out nobody of the same account: the service may look at
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
    """Make the caller of a grant, with what is certain of each request that the grant lets through.

    None where it lets none through.
    """
    caller = caller_of(principal)
    kind = Caller(())
    if principal.kind == "Service":
        kind = of_service(principal.names, denying)
    elif needs(condition, ONLY_FOR_SERVICES):
        kind = of_service((), denying)
    elif caller.principals or needs(condition, ONLY_FOR_MEMBERS):
        kind = of_iam(principal)
    told = {c.key: c.values for c in known if c.operator == "StringEquals" and len(c.values) == 1}
    context = {**caller.context, **kind.context, **told}
    made = Caller(caller.principals, context, caller.absent | kind.absent)
    never = any(clause_holds(clause, made) is False for clause in condition)
    return None if never else made


def _excepting(principal: Principal, denial: Denial, missing: Iterable[str]) -> str | None:
    if any(clause.key == _IS_SERVICE for clause in denial.condition):
        return None
    if principal.kind == "Service":
        return None if principal in denial.principals else "false"
    return "true" if not ONLY_FOR_SERVICES.isdisjoint(missing) else None
