"""What is checked before a plan is applied, without the command line's own checks."""

import pytest

from reconciler.errors import ArgumentError
from reconciler.workflow import ComputedPlan, PlanResult, prepare_apply
from reconciler.workflow.plans.saved_plans import StoredPlan
from tests.golden import CASES, planned
from tests.plan.saving import read

CASE = CASES / "keep-others"


def test_a_saved_plan_is_not_limited_to_some_repositories() -> None:
    source, _ = planned(CASE)
    stored = StoredPlan(read((CASE / "plan.json").read_text()), None)
    with pytest.raises(ArgumentError, match="a saved plan is applied as a whole, without repos"):
        prepare_apply(source, stored, repositories=("team/*",))


def test_only_a_plan_that_the_guards_checked_has_refusals() -> None:
    unguarded = set(ComputedPlan._fields)
    assert "refusals" not in unguarded
    with pytest.raises(TypeError, match="refusals"):
        PlanResult(**dict.fromkeys(unguarded))
