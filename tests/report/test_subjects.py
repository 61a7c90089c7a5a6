"""Changes of the registry's own policy and of creation templates, beside those of repositories."""

import json
from dataclasses import replace

import pytest

from reconciler.apply.model import Outcome, Result
from reconciler.model.access import DisplayNames
from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.model.templates import CreationTemplate
from reconciler.plan.model import Change, Finding, Plan, PlanError, Risk, finding
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.report.html.plan_page import render_drift_html, render_plan_html
from reconciler.report.plans.plan_json import render_plan_json
from reconciler.report.plans.plan_text import render_drift, render_outcomes, render_plan
from reconciler.report.plans.plan_view import view_drift, view_plan
from reconciler.report.text import plain
from tests.plan.making import ROLE_A
from tests.policy.making import GET, PULL, ROLE, ROLE_B, Json, allow, condition
from tests.report.html_text import text_of
from tests.report.subjects import (
    MINE,
    OWN,
    WEST,
    on,
    registry_change,
    template,
    template_change,
)
from tests.report.test_grouping import removed
from tests.report.test_plan_page import ORIGIN, words_of

IN_ORGANIZATION = condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")
NAMES = DisplayNames(
    principals=(
        NamedPrincipal(
            EVERYONE,
            condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
            "organization",
        ),
    )
)
ORGANIZATION = allow("*", PULL, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
SHARED = registry_change([], [{**ORGANIZATION, **on("payments/*", "shared/*")}])
MADE = template_change(None, template("payments", ["CREATE_ON_PUSH", "REPLICATION"], allow(ROLE)))
ALL = Plan(
    (
        SHARED,
        MADE,
        template_change(
            template("shared", ["CREATE_ON_PUSH"]),
            template("shared", ["CREATE_ON_PUSH", "PULL_THROUGH_CACHE"]),
        ),
        template_change(template("web", ["REPLICATION"], allow(ROLE)), None),
        removed("web/site"),
    ),
    in_sync=7,
)


def plan_text(*changes: Change, **more: object) -> str:
    return render_plan(view_plan(Plan(changes, **more), NAMES), plain)  # type: ignore[arg-type]


def drift_text(plan: Plan) -> str:
    return render_drift(view_drift(plan, NAMES), plain)


def test_a_plan() -> None:
    assert (
        render_plan(view_plan(ALL, NAMES), plain)
        == f"""\
registry policy                                         111122223333 us-west-2
  + organization (everyone in "o-a1b2c3d4e5")   pull   on payments/*
  + organization (everyone in "o-a1b2c3d4e5")   pull   on shared/*

creation template payments/                             111122223333 us-west-2
  * create the template: for push, replication, imageTagMutability IMMUTABLE
  + {ROLE}   ecr:BatchGetImage

creation template shared/                               111122223333 us-west-2
  * for: push → push, pull-through-cache

creation template web/                                  111122223333 us-west-2
  - {ROLE}   ecr:BatchGetImage
    the template is removed (made by this tool)

web/site                                                111122223333 us-west-2
  - {ROLE}   ecr:BatchGetImage
    no grants remain; the policy is removed (the repository is kept)

Plan: 1 policy to set (1 of the registry), 1 policy to remove, 0 repositories to create, \
1 template to create, 1 template to update, 1 template to remove; 7 in sync. \
Access: 3 granted, 0 widened, 2 revoked.
"""
    )


def test_drift() -> None:
    assert (
        drift_text(ALL)
        == f"""\
registry policy                                         111122223333 us-west-2
  + organization (everyone in "o-a1b2c3d4e5")   live: nothing; file: pull   on payments/*
  + organization (everyone in "o-a1b2c3d4e5")   live: nothing; file: pull   on shared/*

creation template payments/                             111122223333 us-west-2
  * the template does not exist; in the file: for push, replication, imageTagMutability IMMUTABLE
  + {ROLE}   live: nothing; file: ecr:BatchGetImage

creation template shared/                               111122223333 us-west-2
  * for: live: push; file: push, pull-through-cache

creation template web/                                  111122223333 us-west-2
  - {ROLE}   live: ecr:BatchGetImage; file: nothing
    the file asks for no such template (made by this tool)

web/site                                                111122223333 us-west-2
  - {ROLE}   live: ecr:BatchGetImage; file: nothing
    the file grants no access, so there is to be no policy

Drift: 1 repository, 1 registry policy, 3 templates differ from the file; 7 in sync.
"""
    )


def test_the_footer_counts_only_what_there_is() -> None:
    assert (
        plan_text(removed("a"))
        .splitlines()[-1]
        .startswith(
            "Plan: 0 policies to set, 1 policy to remove, 0 repositories to create; 0 in sync. "
        )
    )
    gone = registry_change([{**ORGANIZATION, **on("*")}], [])
    assert (
        plan_text(gone, removed("a"))
        .splitlines()[-1]
        .startswith(
            "Plan: 0 policies to set, 2 policies to remove (1 of the registry), 0 repositories to "
            "create; 0 in sync. "
        )
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([SHARED], "1 registry policy differs"),
        ([MADE], "1 template differs"),
        ([removed("a"), removed("b")], "2 repositories differ"),
        ([removed("a"), MADE], "1 repository, 1 template differ"),
    ],
)
def test_drift_names_what_differs(changes: list[Change], told: str) -> None:
    assert f"Drift: {told} from the file" in drift_text(Plan(tuple(changes)))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (on("payments/*"), "payments/*"),
        ({"Resource": "*"}, "*"),
        ({"Resource": "payments/*"}, '"payments/*"'),
        (
            {"Resource": f"{OWN}${{aws:PrincipalTag/team}}/*"},
            f'"{OWN}${{aws:PrincipalTag/team}}/*"',
        ),
        (
            {"Resource": "arn:aws:ecr:eu-west-1:111122223333:repository/a"},
            '"arn:aws:ecr:eu-west-1:111122223333:repository/a"',
        ),
        ({"NotResource": [f"{OWN}b", f"{OWN}a"]}, "all but a, b"),
        ({"NotResource": ["b c", f"{OWN}a"]}, 'all but a, "b c"'),
        ({"Resource": f"{OWN}a   pull"}, f'"{OWN}a   pull"'),
        ({"Resource": f"{OWN}{'a' * 200}"}, "a" * 200),
    ],
)
def test_the_repositories_are_named_so_that_no_pattern_passes_for_another(
    statement: Json, told: str
) -> None:
    line = plan_text(registry_change([], [{**allow(ROLE), **statement}])).splitlines()[1]
    assert line == f"  + {ROLE}   ecr:BatchGetImage   on {told}"


def test_the_access_and_its_repositories_stand_in_columns() -> None:
    before = [{**allow([ROLE, ROLE_B], GET), **on("a")}]
    after = [{**allow(ROLE, PULL), **on("a")}, {**allow(ROLE_B, GET), **on("*")}]
    assert [
        line for line in plan_text(registry_change(before, after)).splitlines() if " on " in line
    ] == [
        f"  + {ROLE_B}   ecr:BatchGetImage          on *",
        f"  ~ {ROLE}   ecr:BatchGetImage → pull   on a",
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (template("a", ["REPLICATION"]), template("a", ["NEW_KIND", "REPLICATION"]),
         ["for: replication → NEW_KIND, replication"]),
        (template("a", ["REPLICATION"]), template("a", []), ["for: replication → nothing"]),
        (template("a", []), template("a", [], rest={**MINE, "imageTagMutability": "x, y"}),
         ['imageTagMutability: IMMUTABLE → "x, y"']),
        (template("a", [], rest={**MINE, "resourceTags": [{"Key": "a"}]}), template("a", []),
         ['resourceTags: [{"Key": "a"}] → nothing']),
        (template("a", [], rest={"lifecyclePolicy": "x" * 101}),
         template("a", [], rest={"lifecyclePolicy": "x" * 100 + "y"}),
         ["lifecyclePolicy: 101 characters → 101 characters"]),
        (template("a", [], rest={"description": "of others"}), template("a", []),
         ['description: "of others" → nothing', "imageTagMutability: nothing → IMMUTABLE"]),
        (template("a", [], allow(ROLE)), template("a", [], allow(ROLE_B)), []),
    ],
)  # fmt: skip
def test_of_a_template_only_what_changes_is_shown(
    before: CreationTemplate, after: CreationTemplate, told: list[str]
) -> None:
    lines = plan_text(template_change(before, after)).splitlines()
    assert [line.removeprefix("  * ") for line in lines if line.startswith("  * ")] == told


def test_the_template_for_all_other_repositories() -> None:
    (heading, *_) = plan_text(template_change(None, template("ROOT", []))).splitlines()
    assert heading.split("   ")[0] == "creation template ROOT"


def test_what_is_no_repository_is_not_grouped() -> None:
    """Even where it has the access of the others."""
    made = [template_change(None, template(name, [], allow(ROLE))) for name in ("a", "b")]
    told = plan_text(*made, removed("c"), removed("d"))
    assert [block.split("   ")[0] for block in told.split("\n\n")[:-1]] == [
        "creation template a/",
        "creation template b/",
        "2 repositories",
    ]


def test_a_risk_names_the_repositories() -> None:
    risks = (Risk(RuleId.NEW_ACCOUNT, ROLE_A),)
    for change, of_plan in (
        (SHARED, "these repositories by the registry's policy"),
        (MADE, "new repositories"),
        (removed("a"), "this repository"),
    ):
        marked = Plan((replace(change, risks=risks, live_risks=risks),))
        assert f"  ! new-account: {ROLE} had no access to {of_plan}\n" in plan_text(*marked.changes)
        assert (
            f"  ! new-account: {ROLE} has access to {of_plan}, and none in the file\n"
            in drift_text(marked)
        )


TEMPLATE = MADE.target


def test_findings_and_errors_name_what_they_are_about() -> None:
    found = [finding(target, RuleId.PUBLIC, "x") for target in (SHARED.target, TEMPLATE)]
    errors = [PlanError(target, RuleId.READ_FAILED, "no") for target in (SHARED.target, TEMPLATE)]
    repositories = [PlanError(Target(name, WEST), RuleId.READ_FAILED, "no") for name in "ab"]
    entry = Finding("*", RuleId.PATTERN_MATCHES_NOTHING, "y")
    plan = Plan(findings=(entry, *found), errors=(*repositories, *errors))
    assert drift_text(plan).splitlines()[:-2] == [
        "*: finding: pattern-matches-nothing: y",
        "registry policy (us-west-2): finding: public: x",
        "creation template payments/ (us-west-2): finding: public: x",
        "error: read-failed: 2 repositories: a, b (us-west-2): no",
        "registry policy (us-west-2): error: read-failed: no",
        "creation template payments/ (us-west-2): error: read-failed: no",
    ]
    page = text_of(render_drift_html(view_drift(plan, NAMES), ORIGIN))
    for told in (
        "read-failed registry policy (us-west-2): no",
        "read-failed creation template payments/ (us-west-2): no",
        "public registry policy us-west-2 x",
        "public creation template payments/ us-west-2 x",
    ):
        assert told in page


def test_the_message_of_a_template_keeps_its_prefix() -> None:
    """Only the names of repositories are taken out, to compare messages."""
    message = "ecr:UpdateRepositoryCreationTemplate on payments: not allowed"
    plan = Plan(errors=(PlanError(TEMPLATE, RuleId.ACCESS_DENIED, message),))
    assert f"payments/ (us-west-2): error: access-denied: {message}\n" in drift_text(plan)


def test_outcomes() -> None:
    results: list[Result] = ["applied", "applied", "applied", "failed", "applied"]
    outcomes = [
        Outcome(change, result, "no" if result == "failed" else None)
        for change, result in zip(ALL.changes, results, strict=True)
    ]
    assert (
        render_outcomes(outcomes, 0, plain)
        == """
applied  registry policy (us-west-2)
applied  creation template payments/ (us-west-2)
applied  creation template shared/ (us-west-2)
applied  web/site (us-west-2)
failed   creation template web/ (us-west-2): no

Apply: 4 applied (1 policy set, 1 policy removed, 1 template created, 1 template updated), 1 failed.
"""
    )
    assert "Apply: 1 applied.\n" in render_outcomes([Outcome(SHARED, "applied")], 0, plain)


def test_the_page_says_what_the_text_says() -> None:
    view, drift = view_plan(ALL, NAMES), view_drift(ALL, NAMES)
    for text, page in (
        (render_plan(view, plain), render_plan_html(view, ORIGIN)),
        (render_drift(drift, plain), render_drift_html(drift, ORIGIN)),
    ):
        body, _, _ = text.rstrip("\n").rpartition("\n")
        assert words_of(body) - words_of(text_of(page)) == set()
    page = text_of(render_plan_html(view, ORIGIN))
    assert "1 template to create 1 template to update 1 template to remove 7 in sync" in page
    assert "creation template web/ template to remove" in page
    assert "registry policy policy to set" in page
    page = text_of(render_drift_html(drift, ORIGIN))
    assert "1 repository differs 1 registry policy differs 3 templates differ 7 in sync" in page


def json_of(plan: Plan) -> str:
    return "".join(render_plan_json(view_plan(plan, NAMES), ORIGIN))


def test_the_figures_in_json() -> None:
    summary = json.loads(json_of(ALL))["summary"]
    assert [summary[kind] for kind in ("set", "delete", "create")] == [1, 1, 0]
    assert summary["templates"] == {"create": 1, "set": 1, "delete": 1}


def test_grants_in_json_name_their_repositories() -> None:
    before = [{**allow(ROLE), "NotResource": [f"{OWN}b", f"{OWN}a"]}]
    change = registry_change(before, [{**allow(ROLE), "Resource": "*"}])
    (made,) = json.loads(json_of(Plan((change,))))["changes"]
    assert made["grants"]["added"][0]["resource"] == f"{OWN}*"
    assert made["grants"]["removed"][0]["not_resource"] == [f"{OWN}a", f"{OWN}b"]
    (other,) = json.loads(json_of(Plan((removed("a"),))))["changes"]
    assert not {"resource", "not_resource"} & other["grants"]["removed"][0].keys()


def test_findings_in_json_say_their_subject_unless_it_is_a_repository() -> None:
    found = (finding(TEMPLATE, RuleId.PUBLIC, "x"), Finding("a", RuleId.PUBLIC, "x"))
    template, repository = json.loads(json_of(Plan(findings=found)))["findings"]
    assert template["subject"] == "creation-template"
    assert "subject" not in repository
