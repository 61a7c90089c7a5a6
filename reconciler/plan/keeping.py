"""Live statements that are not kept, where somebody may count on it: why, and what would do it."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.plan.model import Finding, Risk, Target, finding
from reconciler.policy.amounts import have_all
from reconciler.policy.compiler import SID_PREFIX
from reconciler.policy.conditions import NO_CONDITION, Condition
from reconciler.policy.document import Policy, Statement, Unreadable
from reconciler.policy.facts import Facts, Holder, facts_of, not_covered, without
from reconciler.policy.keep import LAMBDA, Obstacle, Ownership, obstacles

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
    before: Policy, after: Facts, over: Facts, ownership: Ownership
) -> tuple[Dropped, ...]:
    """Give the live statements that a change takes something from, in their order.

    Only those are given whose Sid a keep rule has, or by which Lambda could fetch images. `over`
    are facts that are no loss: grants whose time has passed.
    """
    if isinstance(before, Unreadable):
        return ()
    return tuple(
        dropped
        for statement in before.statements
        for dropped in [_dropped(statement, after, over, ownership)]
        if dropped.by_rule or dropped.cut_off is not None
    )


def not_kept_findings(target: Target, dropped: Iterable[Dropped]) -> list[Finding]:
    """Say of each statement of others why it is not kept."""
    return [
        finding(
            target,
            "not-kept",
            _told(one),
        )
        for one in dropped
        if one.by_rule or not _is_ours(one.statement)
    ]


def lambda_risks(dropped: Iterable[Dropped]) -> Iterator[Risk]:
    """Mark what Lambda can fetch images by, and soon no longer."""
    for one in dropped:
        if one.cut_off is not None:
            yield Risk("lambda-loses-access", LAMBDA, one.cut_off, _told(one))


def _dropped(statement: Statement, after: Facts, over: Facts, ownership: Ownership) -> Dropped:
    lost = not_covered(without(facts_of([statement]), over), after)
    stops = Holder(LAMBDA, "Allow", statement.condition)
    cut_off = statement.condition if _stops_fetching(stops, lost, after) else None
    found = obstacles(statement, ownership) if lost else ()
    if found:
        deciding = [o for o in found if not o.in_shape] or found
        why, remedy = "; ".join(o.why for o in deciding), _remedy(statement, found)
    elif _is_ours(statement):
        why, remedy = "the file does not ask for it", ""
    else:
        why, remedy = "no keep rule is about it", _rule(statement)
    return Dropped(statement, why, remedy, bool(found), cut_off)


def _stops_fetching(holder: Holder, lost: Facts, after: Facts) -> bool:
    left = [after.get(h, frozenset()) for h in (holder, holder._replace(condition=NO_CONDITION))]
    return any(
        have_all(lost.get(holder, frozenset()), action)
        and not any(have_all(actions, action) for actions in left)
        for action in _FETCHING
    )


def _is_ours(statement: Statement) -> bool:
    return (statement.sid or "").startswith(SID_PREFIX)


def _told(dropped: Dropped) -> str:
    sid = dropped.statement.sid
    which = f"the statement {sid!r}" if sid else "a statement without Sid"
    return f"{which} is not kept: {dropped.why}{dropped.remedy}"


def _remedy(statement: Statement, found: tuple[Obstacle, ...]) -> str:
    """Say what would have a rule keep a statement: names for accounts, or to take it as it is."""
    if all(obstacle.account for obstacle in found):
        accounts = dict.fromkeys(obstacle.account for obstacle in found)
        names = ", ".join(f'NAME: "{account}"' for account in accounts)
        return f"; to keep it, write accounts: {{{names}}}"
    if all(obstacle.in_shape for obstacle in found):
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
