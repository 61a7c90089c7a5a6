"""Short ways to write what is desired, what is live, and the plan between them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from reconciler.model.access import Desired, DisplayNames, Grant
from reconciler.model.registry import (
    LiveRegistry,
    LiveRepository,
    ReadFailure,
    RegistryScope,
    Target,
)
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, Plan, PlanError
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.principals import Principal, service_principal
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.keep import KeepRule, Ownership
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.policy.making import ROLE, ROLE_B, USER, Json, condition, doc

SCOPE = RegistryScope("111122223333", "us-west-2")
APP = Target("app", SCOPE)
UNTIL = datetime(2026, 1, 31, tzinfo=UTC)
OVER = condition("DateLessThan", "aws:CurrentTime", "2026-01-31T00:00:00Z")

ROLE_A = Principal("AWS", (ROLE,))
B = Principal("AWS", (ROLE_B,))
ALICE = Principal("AWS", (USER,))
LAMBDA = service_principal("lambda.amazonaws.com")
GONE = "AROAEXAMPLEEXAMPLEID"


def grant(
    principal: Principal = ROLE_A,
    tier: str = "pull",
    condition: Condition = (),
    *,
    name: str | None = None,
    until: datetime | None = None,
) -> Grant:
    """Grant a built-in tier."""
    return Grant(principal, name, tier, BUILT_IN_TIERS[tier], condition, until)


def desired(
    *grants: Grant,
    repository: str = "app",
    expired: Iterable[Grant] = (),
    statements: Iterable[Json] = (),
) -> Desired:
    """Ask for grants on one repository."""
    return Desired(repository, grants, tuple(expired), tuple(statements))


def registry(scope: RegistryScope = SCOPE, **policies: str | ReadFailure | None) -> LiveRegistry:
    """Read repositories, by name; one whose name starts with `_` is listed and not read."""
    read = {n: LiveRepository(n, p) for n, p in policies.items() if not n.startswith("_")}
    return LiveRegistry(scope, tuple(sorted(name.strip("_") for name in policies)), read)


def live(*statements: Json, version: str | None = "2012-10-17") -> LiveRegistry:
    """Read one repository, `app`; without statements it has no policy."""
    return registry(app=doc(*statements, version=version) if statements else None)


def rules(
    *keep: KeepRule, default_keep: bool = False, names: dict[str, Principal] | None = None
) -> PlanInputs:
    """Say what is kept and what principals are called."""
    named = tuple(NamedPrincipal(who, name=name) for name, who in (names or {}).items())
    ownership = Ownership("keep" if default_keep else "remove", keep)
    return PlanInputs(ownership, DisplayNames(principals=named))


def plan(wanted: Desired, found: LiveRegistry, given: PlanInputs | None = None) -> Plan:
    """Plan one repository."""
    return compute_plan([wanted], found, given or PlanInputs())


def only_change(wanted: Desired, found: LiveRegistry, given: PlanInputs | None = None) -> Change:
    """Plan one repository that must change."""
    made = plan(wanted, found, given)
    assert made.errors == ()
    assert made.in_sync == 0
    (change,) = made.changes
    return change


def only_error(wanted: Desired, found: LiveRegistry, given: PlanInputs | None = None) -> PlanError:
    """Plan one repository that can't be planned."""
    made = plan(wanted, found, given)
    assert (made.changes, made.in_sync) == ((), 0)
    (error,) = made.errors
    return error
