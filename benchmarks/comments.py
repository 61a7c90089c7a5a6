"""What the comment of a plan costs, where no two repositories change in the same way."""

import statistics
from collections.abc import Callable
from time import perf_counter

from reconciler.model.access import Desired, DisplayNames, Grant
from reconciler.model.registry import LiveRegistry, LiveRepository, RegistryScope
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.saved.plan_format import Origin, PlannedRegistry
from reconciler.policy import BUILT_IN_TIERS
from reconciler.policy.language.principals import Principal
from reconciler.report.comment import size_of
from reconciler.report.plans.plan_markdown import render_plan_markdown
from reconciler.report.plans.plan_text import render_plan
from reconciler.report.plans.plan_view import view_plan
from reconciler.report.text import plain

ROUNDS = 5
REPOSITORIES = 1_000
GRANTS = 5
SCOPE = RegistryScope("111122223333", "us-west-2")
ORIGIN = Origin(
    "0", "ecr_access.yaml", "ab" * 32, (PlannedRegistry("111122223333", ("us-west-2",)),)
)


def grants(number: int) -> tuple[Grant, ...]:
    roles = (f"arn:aws:iam::444455556666:role/team-{number}/role-{n}" for n in range(GRANTS))
    pull = BUILT_IN_TIERS["pull"]
    return tuple(Grant(Principal("AWS", (role,)), None, "pull", pull, (), None) for role in roles)


def seconds(work: Callable[[], str]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    names = [f"team-{n}/app" for n in range(REPOSITORIES)]
    live = LiveRegistry(SCOPE, tuple(sorted(names)), {n: LiveRepository(n, None) for n in names})
    wanted = [Desired(name, grants(number), (), ()) for number, name in enumerate(names)]
    plan = compute_plan(wanted, live, PlanInputs())
    view = view_plan(plan, DisplayNames())
    comment = [seconds(lambda: render_plan_markdown(view, ORIGIN, "")) for _ in range(ROUNDS)]
    text = [seconds(lambda: render_plan(view, plain)) for _ in range(ROUNDS)]
    size = size_of(render_plan_markdown(view, ORIGIN, ""))
    taken, base = statistics.median(comment), statistics.median(text)
    print(f"comment of {REPOSITORIES:,} changed repositories: {taken:.2f} s (limit 1)")
    print(f"the same / text: {taken / base:.2f}; {size:,} units of UTF-16")


if __name__ == "__main__":
    main()
