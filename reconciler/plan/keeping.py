"""Live statements that are not kept although a rule names them or Lambda uses them, and why."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.model.registry import Target
from reconciler.model.rule_ids import RuleId
from reconciler.plan.model import Finding, Risk, finding
from reconciler.policy.language.condition_keys import ONLY_FOR_SERVICES
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import SID_PREFIX, Policy, Statement, Unreadable
from reconciler.policy.language.principals import is_everyone
from reconciler.policy.meaning.callers import possible_requests, requires_key, service_kind
from reconciler.policy.meaning.denied import Denial, Loss, compute_loss
from reconciler.policy.meaning.facts import Facts, Holder, facts_of, subtract_facts, uncovered_facts
from reconciler.policy.meaning.implication import always_holds
from reconciler.policy.meaning.keep import LAMBDA, KeepMismatch, Ownership, keep_mismatches
from reconciler.policy.meaning.reach import may_match
from reconciler.policy.meaning.tiers import includes_action
from reconciler.policy.meaning.unsatisfiable import unmet_clauses

_FETCHING = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What Lambda needs to fetch a function's image (Lambda Developer Guide, "Create a Lambda function
using a container image")."""

_PLAIN = re.compile(r"[A-Z][A-Za-z0-9]*")


class Dropped(NamedTuple):
    """A live statement that a change takes something from.

    `why` says why it is not kept, `remedy` what would keep it, if anything does. `by_rule` tells
    that a keep rule has its Sid. `cut_off` is the condition under which Lambda could fetch images
    by it, and can no longer; None where it is not about that.
    """

    statement: Statement
    why: str
    remedy: str
    by_rule: bool
    cut_off: Condition | None


def dropped_statements(
    target: Target, before: Policy, after: Facts, over: Facts, ownership: Ownership
) -> tuple[Dropped, ...]:
    """Give the live statements that a change takes something from, in their order.

    Only those are given whose Sid a keep rule has, or by which Lambda could fetch images. `over`
    are facts that are no loss: grants whose time has passed.
    """
    if isinstance(before, Unreadable):
        return ()
    known = target.known_of_requests
    return tuple(
        dropped
        for statement in before.statements
        for dropped in [_dropped(statement, after, over, ownership, known)]
        if dropped.by_rule or dropped.cut_off is not None
    )


def not_kept_findings(target: Target, dropped: Iterable[Dropped]) -> list[Finding]:
    """Say of each statement of others why it is not kept."""
    return [
        finding(target, RuleId.NOT_KEPT, _told(one))
        for one in dropped
        if one.by_rule or not _is_ours(one.statement)
    ]


def lambda_risks(
    target: Target, before: Policy, after: Facts, dropped: Iterable[Dropped]
) -> Iterator[Risk]:
    """Mark each live statement that lets Lambda fetch images, and that goes or meets a new Deny."""
    gone = [one.statement for one in dropped if one.cut_off is not None]
    for one in dropped:
        if one.cut_off is not None:
            yield Risk(RuleId.LAMBDA_LOSES_ACCESS, LAMBDA, one.cut_off, _told(one))
    statements = () if isinstance(before, Unreadable) else before.statements
    known = target.known_of_requests
    old = {h: actions for h, actions in facts_of(statements).items() if h.effect == "Deny"}
    new = {h: a for h, a in after.items() if h.effect == "Deny" and old.get(h) != a}
    for statement in statements if new else ():
        if statement not in gone and any(_lets_fetch(statement)):
            holder = Holder(LAMBDA, "Allow", statement.condition)
            left, loss = _first_loss(holder, old, known), _first_loss(holder, new, known)
            if loss and not left:
                told = loss.describe(_which(statement), [LAMBDA.names[0]], "a new Deny")
                why = f"{told}; {loss.remedy}"
                yield Risk(RuleId.LAMBDA_LOSES_ACCESS, LAMBDA, statement.condition, why)


def _first_loss(holder: Holder, denying: Facts, known: Condition) -> Loss | None:
    """Give what the first Deny that takes anything takes for certain of what Lambda needs."""
    denials = (Denial(frozenset({h.principal}), a, h.condition) for h, a in denying.items())
    losses = (compute_loss(holder, frozenset(_FETCHING), denial, known) for denial in denials)
    return next(filter(None, losses), None)


def _dropped(
    statement: Statement, after: Facts, over: Facts, ownership: Ownership, known: Condition
) -> Dropped:
    goes = uncovered_facts(subtract_facts(facts_of([statement]), over), after)
    cut_off = statement.condition if _stops_fetching(statement, goes, after, known) else None
    found = keep_mismatches(statement, ownership) if goes else ()
    if found:
        deciding = [o for o in found if not o.is_excess] or found
        why, remedy = "; ".join(o.reason for o in deciding), _remedy(statement, found)
    elif _is_ours(statement):
        why, remedy = "the file does not ask for it", ""
    else:
        why, remedy = "no keep rule is about it", _rule(statement)
    return Dropped(statement, why, remedy, bool(found), cut_off)


def _stops_fetching(statement: Statement, goes: Facts, after: Facts, known: Condition) -> bool:
    """Tell whether Lambda could fetch by what goes, and can't by what is allowed afterwards."""
    certain = (*statement.condition, *known)
    return any(
        includes_action(goes.get(holder, frozenset()), action)
        and not any(
            _gives(other, certain) and includes_action(a, action) for other, a in after.items()
        )
        for holder in _lets_fetch(statement)
        for action in _FETCHING
    )


def _lets_fetch(statement: Statement) -> Iterator[Holder]:
    """Give the holders of a statement that Lambda is, or is one of: everyone, for a resource."""
    condition = statement.condition
    of_services = statement.effect == "Allow" and requires_key(condition, ONLY_FOR_SERVICES)
    for principal in statement.principals:
        of_all = of_services and is_everyone(principal) and may_match(principal, LAMBDA)
        if principal == LAMBDA or (of_all and not unmet_clauses(LAMBDA, condition)):
            yield Holder(principal, "Allow", condition)


def _gives(holder: Holder, certain: Condition) -> bool:
    """Tell whether a holder is Lambda in each request for which some conditions hold."""
    if holder.effect != "Allow" or not may_match(holder.principal, LAMBDA):
        return False
    callers = possible_requests(service_kind(LAMBDA.names, holder.condition))
    return all(always_holds(clause, certain, one) for one in callers for clause in holder.condition)


def _is_ours(statement: Statement) -> bool:
    return (statement.sid or "").startswith(SID_PREFIX)


def _told(dropped: Dropped) -> str:
    return f"{_which(dropped.statement)} is not kept: {dropped.why}{dropped.remedy}"


def _which(statement: Statement) -> str:
    return f"the statement {statement.sid!r}" if statement.sid else "a statement without Sid"


def _remedy(statement: Statement, found: tuple[KeepMismatch, ...]) -> str:
    """Say what makes a rule keep a statement: names for accounts, or `as_is`."""
    if all(obstacle.account for obstacle in found):
        accounts = dict.fromkeys(obstacle.account for obstacle in found)
        names = ", ".join(f'NAME: "{account}"' for account in accounts)
        return f"; to keep it, write accounts: {{{names}}}"
    if all(obstacle.is_excess for obstacle in found):
        return _rule(statement, ", as_is: true")
    return ""


def _rule(statement: Statement, more: str = "") -> str:
    """Write the keep rule that keeps a statement of Lambda's; or the grant, where none can."""
    sid = statement.sid
    if not sid or statement.principals != (LAMBDA,):
        return "; to give it, name the service under principals and give it the tier lambda"
    written = sid if _PLAIN.fullmatch(sid) else json.dumps(sid)
    rule = f"{{sid: {written}, service: {LAMBDA.names[0]}{more}}}"
    return f"; to keep it as it is, write unmanaged: {{statements: {{keep: [{rule}]}}}}"
