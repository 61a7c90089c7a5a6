"""Failures are told once for each cause, with the repositories that met it."""

import pytest

from reconciler.apply.model import Outcome, Result
from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Plan, PlanError
from reconciler.report.plans.failures import Failure, by_cause
from reconciler.report.plans.plan_text import render_outcomes, render_plan
from reconciler.report.plans.plan_view import view_plan
from reconciler.report.text import plain
from tests.apply.journal_making import change

REGION = "us-west-2"
SCOPE = RegistryScope("111122223333", REGION)
NAMES = [f"app/r{number:02}" for number in range(12)]
FIRST_TEN = ", ".join(NAMES[:10])
DENIED = "ecr:GetRepositoryPolicy on {}: not allowed for arn:aws:iam::111122223333:role/ci"
MISSING = "GetRepositoryPolicy on {0} failed: The repository with name '{0}' does not exist"
EXPIRED = "the credentials expired"


def errors_of(*failures: tuple[str, str, str]) -> list[str]:
    errors = tuple(PlanError(Target(name, SCOPE), rule, text) for name, rule, text in failures)
    view = view_plan(Plan(errors=errors), DisplayNames())
    return [line for line in render_plan(view, plain).splitlines() if "error: " in line]


def outcomes_of(*outcomes: tuple[str, Result, str | None]) -> list[str]:
    made = [
        Outcome(change(None, "{}", Target(name, SCOPE)), result, error)
        for name, result, error in outcomes
    ]
    return render_outcomes(made, 0, plain).splitlines()[1:-2]


def test_one_failure_is_told_with_its_name_first() -> None:
    assert errors_of(("app/a", "access-denied", DENIED.format("app/a"))) == [
        f"app/a (us-west-2): error: access-denied: {DENIED.format('app/a')}"
    ]


@pytest.mark.parametrize(
    ("rule", "text", "told"),
    [
        (
            "access-denied",
            DENIED,
            f"error: access-denied: ecr:GetRepositoryPolicy on 12 repositories: {FIRST_TEN} and 2 "
            "more (us-west-2): not allowed for arn:aws:iam::111122223333:role/ci",
        ),
        (
            "missing-repository",
            MISSING,
            f"error: missing-repository: GetRepositoryPolicy on 12 repositories: {FIRST_TEN} and 2 "
            "more (us-west-2) failed: The repository with name '…' does not exist",
        ),
        (
            "read-failed",
            "no connection: x",
            f"error: read-failed: 12 repositories: {FIRST_TEN} and 2 more (us-west-2): "
            "no connection: x",
        ),
    ],
)
def test_many_failures_of_one_cause_are_one_line(rule: str, text: str, told: str) -> None:
    assert errors_of(*((name, rule, text.format(name)) for name in NAMES)) == [told]


def test_other_causes_and_other_rules_are_told_apart() -> None:
    lines = errors_of(("a", "x", "no"), ("b", "y", "no"), ("c", "x", "yes"), ("d", "x", "no"))
    assert lines == [
        "error: x: 2 repositories: a, d (us-west-2): no",
        "b (us-west-2): error: y: no",
        "c (us-west-2): error: x: yes",
    ]


def test_a_word_that_is_a_name_stays() -> None:
    """A name is only taken out where a text names a repository."""
    failures = [
        Failure(Target(name, SCOPE), "x", f"X on {name} failed: no {name}s") for name in "ab"
    ]
    assert [cause.text for cause in by_cause(failures)] == [
        "X on \0 failed: no as",
        "X on \0 failed: no bs",
    ]


def test_outcomes_that_went_well_are_told_each_and_the_others_by_cause() -> None:
    skipped = [(name, "skipped", EXPIRED) for name in NAMES]
    failed = [(name, "failed", DENIED.format(name)) for name in ("x", "y")]
    lines = outcomes_of(
        ("a", "applied", None), *failed, ("b", "applied", None), ("z", "failed", EXPIRED), *skipped
    )
    assert lines == [
        "applied  a (us-west-2)",
        "applied  b (us-west-2)",
        "failed   ecr:GetRepositoryPolicy on 2 repositories: x, y (us-west-2): not allowed for "
        "arn:aws:iam::111122223333:role/ci",
        f"failed   z (us-west-2): {EXPIRED}",
        f"12 repositories skipped: {EXPIRED}: {FIRST_TEN} and 2 more (us-west-2)",
    ]


def test_no_text_passes_for_a_name_that_was_taken_out() -> None:
    assert errors_of(("a", "x", "no\0body\x1b")) == [r"a (us-west-2): error: x: no\0body\x1b"]
