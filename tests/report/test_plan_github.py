"""Annotations of a plan and of drift: as many as are shown, each one line."""

import re
from collections import Counter

import pytest

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import ChangedSince, NeverViolation, Plan
from reconciler.report.plans.plan_github import render_drift_github, render_plan_github
from reconciler.report.plans.plan_view import RefusalView, view_drift, view_plan
from tests.cli.hostile import ALL, LINES
from tests.golden import CASES, names_of_file, planned
from tests.report.test_hostile_text import hostile_plan
from tests.report.test_plan_markdown import plan_of

COMMAND = re.compile(r"::(error|warning|notice) file=([^,:]*),title=([^,:]*)::(.*)")


def told(annotations: str) -> list[tuple[str, str, str]]:
    """Return the level, the title and the message of each annotation."""
    found = [COMMAND.fullmatch(line) for line in annotations.splitlines()]
    assert None not in found, annotations
    return [(one[1], one[3], one[4]) for one in found if one]


def test_a_plan_annotates_refusals_errors_risks_and_its_figures() -> None:
    source, plan = planned(CASES / "several-registries")
    refusals = (
        RefusalView("max_revoked", "this would revoke 3 of 3 grants", "--allow-max-revoked 3"),
    )
    view = view_plan(plan, names_of_file(source), refusals)
    found = told(render_plan_github(view, "ecr_access.yaml"))
    assert [(level, title) for level, title, _ in found] == [
        ("error", "max_revoked"),
        ("error", "missing-repository"),
        ("error", "missing-repository"),
        ("warning", "new-account"),
        ("warning", "new-account"),
        ("notice", "plan"),
    ]
    assert found[3][2] == (
        "legacy/tool (production (111122223333 us-west-2)): "
        "workloads (444455556666) had no access to this repository"
    )
    assert found[-1][2].startswith("Plan: 4 policies to set, ")


def test_drift_annotates_broken_rules_and_what_differs() -> None:
    source, plan = planned(CASES / "never-broken-live")
    found = told(render_drift_github(view_drift(plan, names_of_file(source)), "a,b.yaml"))
    assert Counter((level, title) for level, title, _ in found) == {
        ("error", "never"): 8,
        ("error", "missing-repository"): 1,
        ("warning", "new-account"): 1,
        ("warning", "drift"): 2,
        ("notice", "drift"): 1,
    }
    different = next(message for _, title, message in found if title == "drift")
    assert different.startswith(
        'payments/api (us-west-2)%0Aorganization (everyone in "o-a1b2c3d4e5"): live: push; '
    )


def test_the_notice_has_the_causes_and_the_limit_of_a_plan() -> None:
    source, plan = planned(CASES / "edit-and-drift")
    view = view_plan(plan._replace(changed_since=ChangedSince("main", 3)), names_of_file(source))
    level, title, message = told(render_plan_github(view, "ecr_access.yaml"))[-1]
    assert (level, title) == ("notice", "plan")
    assert f" {view.causes} Only what the file changes since main was looked at: " in message
    assert view.causes.startswith("Compared with main: ")


def test_unmanaged_repositories_are_an_error_where_the_file_forbids_them() -> None:
    scope = RegistryScope("111122223333", "us-west-2")
    plan = Plan(unmanaged=tuple(Target(f"legacy-{n}", scope) for n in range(11)))
    forbidden = "11 unmanaged repositories, which 'unmanaged.repositories: fail' forbids"
    for render, view_of in ((render_plan_github, view_plan), (render_drift_github, view_drift)):
        assert [level for level, *_ in told(render(view_of(plan, DisplayNames()), "a"))] == [
            "notice"
        ]
        view = view_of(plan, DisplayNames(), fails_unmanaged=True)
        level, title, message = told(render(view, "a"))[0]
        assert (level, title) == ("error", "unmanaged")
        assert message.startswith(f"{forbidden}: legacy-0, legacy-1, ")
        assert message.endswith(" and 1 more")


def test_equal_risks_of_several_repositories_are_one_annotation() -> None:
    found = told(render_plan_github(view_plan(plan_of(12), DisplayNames()), "ecr_access.yaml"))
    (message,) = (message for level, _, message in found if level == "warning")
    assert message.startswith("app-0, app-1, app-10, ")
    assert " and 2 more (us-west-2): " in message


@pytest.mark.parametrize(("number", "more"), [(10, None), (11, "2 more"), (1_300, "1,291 more")])
def test_what_would_not_be_shown_is_counted(number: int, more: str | None) -> None:
    refusals = tuple(
        RefusalView("never", f"so it is {n}", "--allow-never a") for n in range(number)
    )
    view = view_plan(Plan(), DisplayNames(), refusals)
    annotations = render_plan_github(view, "ecr_access.yaml")
    errors = [line for line in annotations.splitlines() if line.startswith("::error ")]
    assert len(errors) == 10
    assert re.findall(r"title=([0-9%C,]+ more)::", errors[-1]) == (
        [] if more is None else [more.replace(",", "%2C")]
    )


@pytest.mark.parametrize("text", [ALL, *LINES])
def test_hostile_text_stays_in_its_annotation(text: str) -> None:
    plan = hostile_plan(text)
    assert any(isinstance(one, NeverViolation) for one in plan.violations)
    view = view_plan(plan, DisplayNames(), (RefusalView(text, text, text),))
    for annotations in (
        render_plan_github(view, text),
        render_drift_github(view_drift(plan, DisplayNames()), text),
    ):
        for line in annotations.split("\n")[:-1]:
            assert re.fullmatch(r"::(error|warning|notice) file=[^,:]*,title=[^,:]*::.*", line)
            assert line.isprintable()
