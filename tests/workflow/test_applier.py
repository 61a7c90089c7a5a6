"""What is checked before a plan is applied, without the command line's own checks."""

import pytest

from reconciler.errors import ArgumentError
from reconciler.workflow import prepare_apply
from reconciler.workflow.plan_file import StoredPlan
from tests.golden import CASES, planned
from tests.plan.saving import read

CASE = CASES / "keep-others"


def test_a_saved_plan_is_not_limited_to_some_repositories() -> None:
    source, _ = planned(CASE)
    stored = StoredPlan(read((CASE / "plan.json").read_text()), None)
    with pytest.raises(ArgumentError, match="a saved plan is applied as a whole, without repos"):
        prepare_apply(source, stored, repositories=("team/*",))
