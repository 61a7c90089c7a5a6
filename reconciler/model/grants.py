"""What an access file asks for, as plain data: the bridge between the file and a plan."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import Facts, Holder, reduce_facts


class Grant(NamedTuple):
    """One principal with one tier on a repository.

    `condition` is all of it: the principal's own, the grant's `when`, and `until`, which is
    also given as a moment, in UTC, to the second. `name` is what the file calls the principal,
    if it does.
    """

    principal: Principal
    name: str | None
    tier: str
    actions: frozenset[str]
    condition: Condition
    until: datetime | None = None


class Desired(NamedTuple):
    """What the file asks for on one repository.

    `expired` are grants whose `until` has passed: they are no longer asked for. `statements`
    are raw statements (JSON objects), carried as they are.
    """

    repository: str
    grants: tuple[Grant, ...] = ()
    expired: tuple[Grant, ...] = ()
    statements: tuple[Mapping[str, object], ...] = ()


def grant_facts(grants: Iterable[Grant]) -> Facts:
    """Collect what some grants allow, without what others among them cover."""
    collected: dict[Holder, frozenset[str]] = {}
    for grant in grants:
        holder = Holder(grant.principal, "Allow", grant.condition)
        collected[holder] = collected.get(holder, frozenset()) | grant.actions
    return reduce_facts(collected)
