"""A plan as a comment: whatever its texts are, its markup is ours, and so it is where it is cut."""

import re

import pytest

from reconciler.apply.model import Outcome
from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import ChangedSince, Plan, PlanError
from reconciler.plan.origin import Origin, PlannedRegistry
from reconciler.policy.language.principals import Principal
from reconciler.report.comment import COMMENT_LIMIT, marker, size_of
from reconciler.report.plans.plan_markdown import render_outcomes_markdown, render_plan_markdown
from reconciler.report.plans.plan_view import RefusalView, view_plan
from tests.cli.hostile import ALL
from tests.plan.making import desired, grant, registry
from tests.report.gfm import is_safe, parts_of
from tests.report.test_hostile_text import comments, hostile_plan
from tests.report.test_markdown import HOSTILE, TABLE

ORIGIN = Origin("1.0.0", "ecr_access.yaml", "ab" * 32, (PlannedRegistry("1", ("us-west-2",)),))
TAGS = {*TABLE, "h3", "h4", "p", "ul", "li", "strong", "code_inline", "fence", "softbreak"}
FOLDED = {"html: <details><summary>JSON</summary>\n", "html: </details>\n"}


def plan_of(number: int) -> Plan:
    """Return a plan that gives a new account access to so many repositories, a role to each."""
    roles = {f"app-{n}": f"arn:aws:iam::444455556666:role/role-{n}" for n in range(number)}
    wanted = [desired(grant(Principal("AWS", (roles[n],))), repository=n) for n in roles]
    return compute_plan(wanted, registry(**dict.fromkeys(roles)), PlanInputs())


@pytest.mark.parametrize("text", [*HOSTILE, ALL])
def test_hostile_text_is_text(text: str) -> None:
    for comment in comments(hostile_plan(text), text):
        first, _, rest = comment.partition("\n")
        assert re.fullmatch(r"<!-- reconcile:\w+ (?!.*--.*-->)[\w%./-]+ -->", first)
        tags, parts = parts_of(rest)
        assert tags <= TAGS | FOLDED | {"em"}
        assert [part for part in parts if not is_safe(part)] == []


@pytest.mark.parametrize("limit", [COMMENT_LIMIT, 20_000, 5_000])
def test_a_comment_is_cut_in_whole_tables(limit: int) -> None:
    view = view_plan(plan_of(400), DisplayNames())
    comment = render_plan_markdown(view, ORIGIN, "See the log.", limit=limit)
    assert size_of(comment) <= limit
    tags, _ = parts_of(comment.partition("\n")[2])
    assert tags <= TAGS | {"em"}
    shown = comment.count("\n#### ")
    assert 0 < shown < 400
    assert comment.count("\n| change | principal | access |\n| --- | --- | --- |\n| ") == shown
    assert (
        f"*Left out here: the JSON, {400 - shown} changes ({400 - shown} with risks). " in comment
    )


def test_the_first_rows_of_a_table_are_worth_more_than_changes() -> None:
    scope = RegistryScope("111122223333", "us-west-2")
    errors = tuple(
        PlanError(Target(f"app-{n}", scope), "read-failed", f"so it is {n}") for n in range(900)
    )
    view = view_plan(plan_of(200)._replace(errors=errors), DisplayNames())
    comment = render_plan_markdown(view, ORIGIN, "See the log.")
    assert comment.count("| `read-failed` |") >= 50
    assert comment.count("\n#### ") == 200
    assert " causes of errors. See the log.*\n" in comment


def test_what_is_not_looked_at_follows_the_summary() -> None:
    plan = plan_of(1)._replace(changed_since=ChangedSince("origin/main", 12))
    comment = render_plan_markdown(view_plan(plan, DisplayNames()), ORIGIN, "")
    assert comment.splitlines()[3] == (
        "Only what the file changes since `origin/main` was looked at: "
        "12 other managed repositories were not read. Unmanaged repositories are not reported."
    )


def test_refusals_come_before_risks() -> None:
    view = view_plan(
        plan_of(1), DisplayNames(), (RefusalView("public", "so it is", "--allow-public a"),)
    )
    summary = render_plan_markdown(view, ORIGIN, "").splitlines()[1]
    assert summary.startswith("⛔ **1 refusal**: `public`. ⚠️ **1 risk**: `new-account`. Plan: ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("ecr_access.yaml", "<!-- reconcile:plan -->"),
        ("teams/a-b_c.yaml", "<!-- reconcile:plan teams/a-b_c.yaml -->"),
        ("--> é\n---", "<!-- reconcile:plan -%2D%3E%20%C3%A9%0A-%2D%2D -->"),
    ],
)
def test_a_marker_names_the_file(path: str, line: str) -> None:
    assert marker("plan", path) == line


@pytest.mark.parametrize(
    ("grouped", "headings"), [(True, ["#### 2 repositories"]), (False, ["#### `a`", "#### `b`"])]
)
def test_equal_changes_are_shown_once_where_grouped(grouped: bool, headings: list[str]) -> None:
    wanted = [desired(grant(), repository=name) for name in "ab"]
    view = view_plan(compute_plan(wanted, registry(a=None, b=None), PlanInputs()), DisplayNames())
    outcomes = [Outcome(change, "applied") for change in view.plan.changes]
    for comment in (
        render_plan_markdown(view, ORIGIN, "", grouped=grouped),
        render_outcomes_markdown(view, outcomes, ORIGIN, "", grouped=grouped),
    ):
        assert [line for line in comment.splitlines() if line.startswith("#### ")] == headings


def test_what_was_not_applied_is_told_by_its_cause() -> None:
    view = view_plan(plan_of(12), DisplayNames())
    reason = "AWS did not answer"
    outcomes = [Outcome(change, "failed", reason) for change in view.plan.changes[1:]]
    outcomes.insert(0, Outcome(view.plan.changes[0], "stale", "changed since the plan"))
    lines = render_outcomes_markdown(view, outcomes, ORIGIN, "", command="rollback").splitlines()
    assert lines[0] == "<!-- reconcile:rollback -->"
    assert " Rollback: 11 failed, 1 stale. Plan: 12 policies to set, " in lines[1]
    at = lines.index("### Not applied")
    assert lines[at + 4] == "| `stale` | `app-0` (`us-west-2`) | changed since the plan |"
    assert lines[at + 5].startswith("| `failed` | `app-1`, `app-10`, ")
    assert lines[at + 5].endswith(f"`app-8` and 1 more (`us-west-2`) | {reason} |")
