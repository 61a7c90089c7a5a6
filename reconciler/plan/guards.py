"""Guards: what a plan may not do unless it is allowed to, on the command line or in the file."""

from dataclasses import dataclass, field

from reconciler.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of grants: exceeded where both the count and the share (0 to 100) are."""

    percent: float
    count: int

    def __str__(self) -> str:
        """Say both figures."""
        return f"{self.count} and {self.percent:g} %"


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one file; None: this one is off."""

    max_revoked: Limit | None = field(default_factory=lambda: Limit(percent=30, count=10))
    max_granted: Limit | None = None


@dataclass(frozen=True, slots=True)
class Allowances:
    """What one run may do beyond the guards."""

    revocations: int = 0
    grants: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """One guard's no: which guard, and one line with the figure and the option that allows it."""

    guard: str
    message: str


def check_guards(plan: Plan, guards: Guards, allowances: Allowances) -> tuple[Refusal, ...]:
    """Give every guard's refusal of this plan, sorted; none means that it may be applied."""
    lost = sum(change.revoked for change in plan.changes)
    won = sum(change.granted for change in plan.changes)
    refusals = []
    limit = _exceeded(lost, plan.live_grants, guards.max_revoked)
    if limit and lost > allowances.revocations:
        refusals.append(
            Refusal(
                "max_revoked",
                f"this would take away {lost} of {plan.live_grants} grants; the limit is "
                f"{limit}; --allow-revocations {lost} allows it once",
            )
        )
    limit = _exceeded(won, plan.live_grants, guards.max_granted)
    if limit and won > allowances.grants:
        refusals.append(
            Refusal(
                "max_granted",
                f"this would add {won} grants to {plan.live_grants}; the limit is "
                f"{limit}; --allow-grants {won} allows it once",
            )
        )
    return tuple(sorted(refusals))


def _exceeded(number: int, of: int, limit: Limit | None) -> Limit | None:
    exceeds = limit and number > limit.count and number * 100 > limit.percent * of
    return limit if exceeds else None
