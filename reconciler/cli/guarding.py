"""Hold a plan against the guards, and say what they refuse."""

from collections.abc import Callable, Iterable, Sequence

from reconciler.access.model import AccessFile
from reconciler.cli.planning import plan_guards
from reconciler.cli.show import show_refusals
from reconciler.plan.guards import Allowances, Refusal, check_guards
from reconciler.plan.model import Plan


def allowances(
    revocations: int,
    grants: int,
    empty: Iterable[str] | None,
    lock_out: Iterable[str] | None,
    never: Iterable[str] | None,
) -> Allowances:
    """Give what the options of one run allow."""
    return Allowances(
        revocations,
        grants,
        frozenset(empty or ()),
        frozenset(lock_out or ()),
        frozenset(never or ()),
    )


def refusals_of(
    plan: Plan, access: AccessFile, allowed: Allowances, caller: Callable[[], str]
) -> Sequence[Refusal]:
    """Give every guard's refusal, told on stderr; `caller` gives the ARN of who would write."""
    refusals = check_guards(plan, plan_guards(access), allowed, caller)
    show_refusals(refusals)
    return refusals
