"""Live statements that a change does not keep although a keep rule or Lambda needs them."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.model import Finding, Risk, finding
from reconciler.policy import (
    LAMBDA,
    ONLY_FOR_SERVICES,
    SID_PREFIX,
    Condition,
    Denial,
    Facts,
    Holder,
    KeepMismatch,
    Loss,
    Ownership,
    Policy,
    Statement,
    Unreadable,
    always_holds,
    compute_loss,
    facts_of,
    includes_action,
    is_everyone,
    keep_mismatches,
    may_match,
    possible_requests,
    requires_key,
    service_kind,
    subtract_facts,
    uncovered_facts,
    unmet_clauses,
)

_FETCHING = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What Lambda needs to fetch a function's image (Lambda Developer Guide, "Create a Lambda function
using a container image")."""

_PLAIN = r"[A-Z][A-Za-z0-9]*"


class Dropped(NamedTuple):
    """A live statement of which a change removes something.

    `why` is the reason why it is not kept, and what would keep it. `by_rule`: a keep rule has its
    Sid. `lambda_condition` is the condition under which Lambda could fetch images by it and no
    longer can; None where Lambda loses nothing.
    """

    statement: Statement
    why: str
    by_rule: bool
    lambda_condition: Condition | None


def dropped_statements(
    target: Target, before: Policy, after: Facts, expired: Facts, ownership: Ownership
) -> tuple[Dropped, ...]:
    """Return the live statements of which a change removes something, in their order.

    Only those count whose Sid a keep rule has, or by which Lambda could fetch images. `expired`
    are the facts of expired grants, which are no loss.
    """
    if isinstance(before, Unreadable):
        return ()
    known = target.known_of_requests
    return tuple(
        dropped
        for statement in before.statements
        for dropped in [_dropped(statement, after, expired, ownership, known)]
        if dropped.by_rule or dropped.lambda_condition is not None
    )


def not_kept_findings(target: Target, dropped: Iterable[Dropped]) -> list[Finding]:
    """Report each unmanaged statement that is dropped, and why."""
    return [
        finding(target, RuleId.NOT_KEPT, _message(one))
        for one in dropped
        if one.by_rule or not _is_ours(one.statement)
    ]


def lambda_risks(
    target: Target, before: Policy, after: Facts, dropped: Iterable[Dropped]
) -> Iterator[Risk]:
    """Mark each statement by which Lambda fetches images and that is dropped, or denied anew."""
    losing = [one.statement for one in dropped if one.lambda_condition is not None]
    for one in dropped:
        if one.lambda_condition is not None:
            yield Risk(RuleId.LAMBDA_LOSES_ACCESS, LAMBDA, one.lambda_condition, _message(one))
    statements = () if isinstance(before, Unreadable) else before.statements
    known = target.known_of_requests
    old = {h: actions for h, actions in facts_of(statements).items() if h.effect == "Deny"}
    new = {h: a for h, a in after.items() if h.effect == "Deny" and old.get(h) != a}
    for statement in statements if new else ():
        if statement not in losing and any(_lets_fetch(statement)):
            holder = Holder(LAMBDA, "Allow", statement.condition)
            left, loss = _first_loss(holder, old, known), _first_loss(holder, new, known)
            if loss and not left:
                what = loss.describe(_which(statement), [LAMBDA.names[0]], "a new Deny")
                why = f"{what}; {loss.remedy}"
                yield Risk(RuleId.LAMBDA_LOSES_ACCESS, LAMBDA, statement.condition, why)


def _first_loss(holder: Holder, denying: Facts, known: Condition) -> Loss | None:
    """Return what the first Deny that takes anything for certain takes of what Lambda needs."""
    denials = (Denial(frozenset({h.principal}), a, h.condition) for h, a in denying.items())
    losses = (compute_loss(holder, frozenset(_FETCHING), denial, known) for denial in denials)
    return next(filter(None, losses), None)


def _dropped(
    statement: Statement, after: Facts, expired: Facts, ownership: Ownership, known: Condition
) -> Dropped:
    removed = uncovered_facts(subtract_facts(facts_of([statement]), expired), after)
    lambda_condition = (
        statement.condition if _stops_fetching(statement, removed, after, known) else None
    )
    found = keep_mismatches(statement, ownership) if removed else ()
    if found:
        deciding = [o for o in found if not o.is_excess] or found
        why, remedy = "; ".join(o.reason for o in deciding), _remedy(statement, found)
    elif _is_ours(statement):
        why, remedy = "the file does not ask for it", ""
    else:
        why, remedy = "no keep rule matches it", _rule(statement)
    return Dropped(statement, f"{why}{remedy}", bool(found), lambda_condition)


def _stops_fetching(statement: Statement, removed: Facts, after: Facts, known: Condition) -> bool:
    """Whether Lambda could fetch by what is removed, and can't by what is allowed afterwards."""
    certain = (*statement.condition, *known)
    return any(
        includes_action(removed.get(holder, frozenset()), action)
        and not any(
            _is_lambda(other, certain) and includes_action(a, action) for other, a in after.items()
        )
        for holder in _lets_fetch(statement)
        for action in _FETCHING
    )


def _lets_fetch(statement: Statement) -> Iterator[Holder]:
    """List the holders of a statement that are Lambda, or include it: everyone, for a resource."""
    condition = statement.condition
    of_services = statement.effect == "Allow" and requires_key(condition, ONLY_FOR_SERVICES)
    for principal in statement.principals:
        of_all = of_services and is_everyone(principal) and may_match(principal, LAMBDA)
        if principal == LAMBDA or (of_all and not unmet_clauses(LAMBDA, condition)):
            yield Holder(principal, "Allow", condition)


def _is_lambda(holder: Holder, certain: Condition) -> bool:
    """Whether a holder is Lambda in each request for which some conditions hold."""
    if holder.effect != "Allow" or not may_match(holder.principal, LAMBDA):
        return False
    callers = possible_requests(service_kind(LAMBDA.names, holder.condition))
    return all(always_holds(clause, certain, one) for one in callers for clause in holder.condition)


def _is_ours(statement: Statement) -> bool:
    return (statement.sid or "").startswith(SID_PREFIX)


def _message(dropped: Dropped) -> str:
    return f"{_which(dropped.statement)} is not kept: {dropped.why}"


def _which(statement: Statement) -> str:
    return f"the statement {statement.sid!r}" if statement.sid else "a statement without Sid"


def _remedy(statement: Statement, found: tuple[KeepMismatch, ...]) -> str:
    """Return what makes a rule keep a statement: names for accounts, or `as_is`."""
    if all(mismatch.account for mismatch in found):
        accounts = dict.fromkeys(mismatch.account for mismatch in found)
        names = ", ".join(f'NAME: "{account}"' for account in accounts)
        return f"; to keep it, write accounts: {{{names}}}"
    if all(mismatch.is_excess for mismatch in found):
        return _rule(statement, ", as_is: true")
    return ""


def _rule(statement: Statement, more: str = "") -> str:
    """Return the keep rule for a statement of Lambda's, or the grant where no rule can keep it."""
    sid = statement.sid
    if not sid or statement.principals != (LAMBDA,):
        return "; to allow it, name the service under principals and grant it the tier lambda"
    written = sid if re.fullmatch(_PLAIN, sid) else json.dumps(sid)
    rule = f"{{sid: {written}, service: {LAMBDA.names[0]}{more}}}"
    return f"; to keep it as it is, write unmanaged: {{statements: {{keep: [{rule}]}}}}"
