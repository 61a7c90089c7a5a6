"""Which exit code wins, and what an apply's outcomes call for."""

from itertools import permutations

import pytest

from reconciler.apply.model import Done, Outcome
from reconciler.cli.exits import Exit, exit_of
from reconciler.errors import Status
from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Plan, PlanError
from reconciler.plan.origin import Origin
from reconciler.workflow import ApplyResult, PlanResult, PreparedApply
from tests.apply.memory import change_of

TARGET = Target("app/x", RegistryScope("111122223333", "us-west-2"))
MISSING = Plan(errors=(PlanError(TARGET, "missing-repository", "…"),))


def result_of(plan: Plan, *outcomes: Outcome, **ended: bool) -> ApplyResult:
    origin = Origin("0", "ecr_access.yaml", "", ())
    prepared = PreparedApply(
        PlanResult(plan, DisplayNames(), origin, fails_unmanaged=False, refusals=()), {}, {}
    )
    return ApplyResult(prepared, outcomes, **ended)


@pytest.mark.parametrize("statuses", list(permutations(Status, 2)))
def test_the_first_of_the_table_wins(statuses: tuple[Status, Status]) -> None:
    order = [3, 5, 6, 1, 4]
    codes = [exit_of({status}) for status in statuses]
    assert exit_of(statuses) == min(codes, key=order.index)


def test_each_status_has_a_code_of_its_own() -> None:
    assert len({exit_of({status}) for status in Status} - {Exit.DONE, Exit.USAGE}) == len(Status)


def test_nothing_is_done() -> None:
    assert exit_of([]) is Exit.DONE
    assert exit_of([], differs=True) is Exit.DIFFERS


@pytest.mark.parametrize(
    ("results", "plan", "code"),
    [
        ([], Plan(), Exit.DONE),
        (["applied"], Plan(), Exit.DONE),
        (["applied", "failed"], Plan(), Exit.PARTLY_APPLIED),
        (["applied", "stale"], Plan(), Exit.PARTLY_APPLIED),
        (["applied", "skipped"], Plan(), Exit.PARTLY_APPLIED),
        (["applied"], MISSING, Exit.PARTLY_APPLIED),
        (["failed"], Plan(), Exit.FAILED),
        (["stale"], Plan(), Exit.REFUSED),
        (["stale", "failed"], Plan(), Exit.REFUSED),
        (["skipped"], Plan(), Exit.FAILED),
        (["in-force"], Plan(), Exit.DONE),
        (["in-force"], MISSING, Exit.FAILED),
        (["in-force", "applied"], Plan(), Exit.DONE),
        (["in-force", "applied"], MISSING, Exit.PARTLY_APPLIED),
        (["in-force", "applied", "stale"], Plan(), Exit.PARTLY_APPLIED),
        (["in-force", "stale"], Plan(), Exit.REFUSED),
        (["in-force", "failed"], Plan(), Exit.FAILED),
        (["in-force", "skipped"], Plan(), Exit.FAILED),
    ],
)
def test_outcomes(results: list[str], plan: Plan, code: Exit) -> None:
    change = change_of(None, "pull")
    outcomes = [Outcome(change, result, written=Done(result == "applied")) for result in results]
    assert exit_of(result_of(plan, *outcomes).statuses) is code


@pytest.mark.parametrize("written", [Done.YES, Done.UNKNOWN])
@pytest.mark.parametrize("result", ["failed", "stale", "skipped"])
def test_what_was_written_or_may_be_is_partly_applied(result: str, written: Done) -> None:
    outcome = Outcome(change_of(None, "pull"), result, "…", written=written)
    assert exit_of(result_of(Plan(), outcome).statuses) is Exit.PARTLY_APPLIED


@pytest.mark.parametrize("result", ["applied", "in-force", "skipped"])
def test_a_run_that_was_interrupted_or_lost_its_journal_is_no_success(result: str) -> None:
    outcome = Outcome(change_of(None, "pull"), result, written=Done(result == "applied"))
    assert exit_of(result_of(Plan(), outcome, interrupted=True).statuses) is not Exit.DONE
    assert exit_of(result_of(Plan(), outcome, unrecorded=True).statuses) is not Exit.DONE
