"""Every format shows what a plan holds as text and as no more, whatever let it pass."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from reconciler.apply.model import Outcome
from reconciler.model.access import DisplayNames
from reconciler.model.registry import (
    LiveRegistryPolicy,
    RegistryScope,
    RepositorySettings,
    Subject,
    Target,
)
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import ChangedSince, Finding, NeverViolation, Plan, PlanError
from reconciler.plan.origin import Origin, PlannedRegistry
from reconciler.policy.language.principals import Principal
from reconciler.report.html.plan_page import render_drift_html, render_plan_html
from reconciler.report.plans.plan_json import (
    render_drift_json,
    render_outcomes_json,
    render_plan_json,
)
from reconciler.report.plans.plan_markdown import (
    render_drift_markdown,
    render_outcomes_markdown,
    render_plan_markdown,
)
from reconciler.report.plans.plan_text import (
    render_drift,
    render_outcomes,
    render_plan,
    render_refusals,
)
from reconciler.report.plans.plan_view import RefusalView, view_drift, view_plan
from reconciler.report.plans.policy_diff import diff_of_change
from reconciler.report.text import plain
from tests.apply.journal_making import change as change_of
from tests.cli.hostile import ALL, LINES, faults
from tests.plan.making import ROLE_A, desired, grant, registry
from tests.policy.making import Json, allow, doc
from tests.report.subjects import OWN, registry_change, template, template_change
from tests.report.test_plan_schema import broken_by


def hostile_plan(text: str) -> Plan:
    """Put a text wherever a plan has text."""
    scope, subjects = RegistryScope(text, text), get_args(Subject)
    target = Target(text, scope)
    made = change_of(text, None, target)
    plain_text = f"x{text.replace('$', '')}"  # a policy variable would not be understood
    resources = [plain_text, f"{OWN}{plain_text}"]
    hostile = allow(plain_text, "ecr:BatchGetImage", Sid=text, Resource=resources)
    others = {**allow(plain_text), "NotResource": [plain_text, "x"]}
    rest: Json = {f"{text} 1": text, f"{text} 2": {text: [text]}, "description": text}
    settings = RepositorySettings(kms_key=text, tags=((text, text),))
    return Plan(
        changes=(
            replace(made, kept=(text,)),
            replace(made, change="create", settings=settings),
            registry_change([hostile, others], [], scope),
            template_change(None, template(text, [text], rest=rest)),
            template_change(template(text, [], hostile, rest=rest), template(text, [text])),
            template_change(template(text, [text], allow(plain_text), rest=rest), None),
        ),
        findings=tuple(
            Finding(text, text, text, RegistryScope(text, text), subject) for subject in subjects
        ),
        errors=tuple(PlanError(target._replace(subject=one), text, text) for one in subjects),
        unmanaged=(target,),
        violations=(
            NeverViolation(target, text, Principal("AWS", (text,)), text, False, (), text),
            NeverViolation(target, text, Principal(text, (text,)), text, True, (), text),
        ),
        changed_since=ChangedSince(text, None),
    )


def told(plan: Plan, text: str) -> Iterator[str]:
    """Yield a plan in every format, with a text wherever the format itself has one."""
    words, origin = DisplayNames(), Origin("1.0.0", text, text, (PlannedRegistry(text, (text,)),))
    view = view_plan(plan, words, (RefusalView("public", text, "--allow-public a"),))
    drift = view_drift(plan, words)
    outcomes = [Outcome(change, "failed", text) for change in plan.changes]
    yield render_plan(view, plain, diff_of_change)
    yield render_refusals([RefusalView(text, text, text)], plain)
    yield render_drift(drift, plain)
    yield "".join(render_plan_json(view, origin))
    yield "".join(render_drift_json(drift, origin))
    yield render_plan_html(view, origin, diff_of_change)
    yield render_drift_html(drift, origin)
    yield from comments(plan, text)
    yield render_outcomes(outcomes, 0, plain)
    yield "".join(render_outcomes_json(view, outcomes, origin))


def comments(plan: Plan, text: str) -> Iterator[str]:
    """Yield a plan as each comment, with a text wherever that has one."""
    words, origin = DisplayNames(), Origin("1.0.0", text, text, (PlannedRegistry(text, (text,)),))
    view, drift = view_plan(plan, words, (RefusalView(text, text, text),)), view_drift(plan, words)
    outcomes = [Outcome(change, "failed", text) for change in plan.changes]
    yield render_plan_markdown(view, origin, "See the log.", diff_of_change)
    yield render_drift_markdown(drift, origin, "See the log.")
    yield render_outcomes_markdown(view, outcomes, origin, "See the log.")


@pytest.mark.parametrize("text", [ALL, *LINES])
def test_no_format_shows_it_raw(text: str) -> None:
    for shown in told(hostile_plan(text), text):
        assert faults(shown) == []


@pytest.mark.parametrize("text", [ALL, *LINES])
def test_no_format_shows_the_registrys_policy_raw(text: str) -> None:
    statement = allow(text, "ecr:BatchGetImage", Sid=text, Resource=[text, "*"])
    for policy in (doc(statement), doc({**statement, "Sid": [text]}), text):
        live = registry(app=None)._replace(policy=LiveRegistryPolicy(policy, "V2"))
        plan = compute_plan([desired(grant(ROLE_A))], live, PlanInputs())
        assert plan.findings
        for shown in told(plan, text):
            assert faults(shown) == []


def test_what_is_written_keeps_to_the_schema() -> None:
    """A hostile text is escaped; it does not make the plan one that can't be read."""
    scope = RegistryScope("111122223333", "us-west-2")
    plan = hostile_plan(ALL)
    place = Target("a/b", scope)
    plan = plan._replace(
        changes=(replace(plan.changes[0], target=place),),
        findings=(Finding(ALL, "public", ALL, RegistryScope("111122223333", "us-west-2")),),
        errors=(PlanError(Target(ALL, scope), "read-failed", ALL),),
        violations=tuple(replace(one, target=place) for one in plan.violations),
    )
    origin = Origin("1.0.0", ALL, "ab" * 32, (PlannedRegistry(scope.account, (scope.region,)),))
    view = view_plan(plan, DisplayNames(), (RefusalView("public", ALL, "--allow-public a"),))
    assert broken_by("".join(render_plan_json(view, origin))) == []
