"""What an access file asks for, as plain data: the input of a plan."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.policy import Condition, Facts, Holder, Principal, reduce_facts


class Grant(NamedTuple):
    """One principal with one tier on a repository.

    `condition` includes the principal's own condition, the grant's `when`, and `until`, which is
    also a time of its own (UTC, to the second). `name` is the principal's name in the file, if any.
    """

    principal: Principal
    name: str | None
    tier: str
    actions: frozenset[str]
    condition: Condition
    until: datetime | None = None


class Desired(NamedTuple):
    """What the file asks for on one repository.

    `expired` are the grants whose `until` has passed; they are not part of the policy. `statements`
    are raw statements (JSON objects), sent as they are.
    """

    repository: str
    grants: tuple[Grant, ...] = ()
    expired: tuple[Grant, ...] = ()
    statements: tuple[Mapping[str, object], ...] = ()


def grant_facts(grants: Iterable[Grant]) -> Facts:
    """Return what some grants allow, without facts that others among them cover."""
    collected: dict[Holder, frozenset[str]] = {}
    for grant in grants:
        holder = Holder(grant.principal, "Allow", grant.condition)
        collected[holder] = collected.get(holder, frozenset()) | grant.actions
    return reduce_facts(collected)
