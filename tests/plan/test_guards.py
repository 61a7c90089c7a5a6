"""What a plan may not do: both figures of a limit must be exceeded."""

import pytest

from reconciler.plan.guards import Allowances, Guards, Limit, check_guards
from reconciler.plan.model import Change, Plan
from reconciler.policy.document import NO_POLICY
from tests.plan.making import APP

NOTHING = Allowances()


def plan_that(*, revokes: int = 0, grants: int = 0, of: int = 100) -> Plan:
    parts = [(revokes // 2, grants // 2), (revokes - revokes // 2, grants - grants // 2)]
    changes = tuple(
        Change(APP, "set", (), None, None, NO_POLICY, revoked=revoked, granted=granted)
        for revoked, granted in parts
    )
    return Plan(changes=changes, live_grants=of)


@pytest.mark.parametrize(
    ("revokes", "of", "limit", "refused"),
    [
        (0, 0, Limit(30, 10), False),
        (10, 10, Limit(30, 10), False),
        (11, 11, Limit(30, 10), True),
        (11, 36, Limit(30, 10), True),
        (11, 37, Limit(30, 10), False),
        (30, 100, Limit(30, 10), False),
        (31, 100, Limit(30, 10), True),
        (31, 1000, Limit(30, 10), False),
        (1, 1, Limit(0, 0), True),
        (1, 1000, Limit(0, 0), True),
        (1, 100, Limit(0.5, 0), True),
        (1, 200, Limit(0.5, 0), False),
        (100, 100, Limit(100, 0), False),
        (5, 0, Limit(100, 0), True),
        (1000, 1000, None, False),
    ],
)
def test_revoking(revokes: int, of: int, limit: Limit | None, refused: bool) -> None:
    refusals = check_guards(plan_that(revokes=revokes, of=of), Guards(max_revoked=limit), NOTHING)
    assert [refusal.guard for refusal in refusals] == ["max_revoked"] * refused


@pytest.mark.parametrize(
    ("grants", "of", "limit", "refused"),
    [
        (1000, 1, None, False),
        (5, 0, Limit(30, 10), False),
        (11, 0, Limit(30, 10), True),
        (31, 100, Limit(30, 10), True),
        (30, 100, Limit(30, 10), False),
    ],
)
def test_granting(grants: int, of: int, limit: Limit | None, refused: bool) -> None:
    refusals = check_guards(plan_that(grants=grants, of=of), Guards(max_granted=limit), NOTHING)
    assert [refusal.guard for refusal in refusals] == ["max_granted"] * refused


def test_the_defaults() -> None:
    assert Guards() == Guards(max_revoked=Limit(30, 10), max_granted=None)
    assert Allowances(revocations=0, grants=0) == NOTHING


@pytest.mark.parametrize(("allowed", "refused"), [(0, True), (49, True), (50, False), (51, False)])
def test_what_one_run_is_allowed(allowed: int, refused: bool) -> None:
    guards = Guards(max_granted=Limit(30, 10))
    revoking, granting = plan_that(revokes=50), plan_that(grants=50)
    assert bool(check_guards(revoking, guards, Allowances(revocations=allowed))) is refused
    assert bool(check_guards(granting, guards, Allowances(grants=allowed))) is refused


def test_an_allowance_is_for_its_own_guard() -> None:
    assert check_guards(plan_that(revokes=50), Guards(), Allowances(grants=50))


def test_a_refusal_says_the_figure_the_limit_and_the_option() -> None:
    guards = Guards(Limit(12.5, 10), Limit(30, 20))
    granted, revoked = sorted(check_guards(plan_that(revokes=50, grants=60), guards, NOTHING))
    assert revoked.message == (
        "this would take away 50 of 100 grants; the limit is 10 and 12.5 %; "
        "--allow-revocations 50 allows it once"
    )
    assert granted.message == (
        "this would add 60 grants to 100; the limit is 20 and 30 %; "
        "--allow-grants 60 allows it once"
    )
