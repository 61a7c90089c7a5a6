"""Creation templates in a plan: made, changed, removed, and those of others left alone."""

import pytest

from reconciler.model.access import Desired, DesiredTemplate, Grant
from reconciler.model.guards import Allowances, Guards, Limit
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    RepositorySettings,
    Target,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import OURS, CreationTemplate, read_template
from reconciler.plan.checks.guards import check_guards, check_lock_out, check_public
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, Plan
from reconciler.policy.language.principals import EVERYONE
from tests.plan.making import OVER, SCOPE, UNTIL, B, grant, registry
from tests.policy.making import PULL, ROLE, ROLE_B, Json, allow, deny, doc

PAYMENTS = template_target("payments", SCOPE)
DEFAULTS = {
    "encryptionConfiguration": {"encryptionType": "AES256"},
    "imageTagMutability": "MUTABLE",
}
PUSH = ("CREATE_ON_PUSH",)


def live_template(
    *statements: Json,
    prefix: str = "payments",
    applied_for: tuple[str, ...] = PUSH,
    description: str = "of others",
    **fields: object,
) -> CreationTemplate:
    text = doc(*statements) if statements else None
    rest = {**DEFAULTS, "description": description, **fields}
    return CreationTemplate(prefix, applied_for, text, rest)


def wanted(
    *grants: Grant,
    pattern: str = "payments/*",
    expired: tuple[Grant, ...] = (),
    statements: tuple[Json, ...] = (),
    settings: RepositorySettings | None = None,
) -> DesiredTemplate:
    prefix = "ROOT" if pattern == "*" else pattern.removesuffix("/*")
    return DesiredTemplate(
        pattern, prefix, PUSH, Desired(pattern, grants, expired, statements), settings
    )


def having(*templates: CreationTemplate) -> LiveRegistry:
    return registry(app=None)._replace(templates=templates)


def planned(found: LiveRegistry, *templates: DesiredTemplate) -> Plan:
    return compute_plan([], found, PlanInputs(templates=templates))


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def template(text: str | None) -> CreationTemplate:
    assert text is not None
    return read_template(text)


def test_a_file_that_says_nothing_of_templates_changes_none() -> None:
    found = having(live_template(description=OURS))
    assert compute_plan([], found, PlanInputs()).changes == ()
    assert planned(registry(app=None), wanted(grant())).changes == ()


def test_a_missing_template_is_made_with_the_services_defaults() -> None:
    change = only(planned(having(), wanted(grant())))
    assert (change.target, change.change, change.before_text) == (PAYMENTS, "create", None)
    made = template(change.after_text)
    assert (made.prefix, made.applied_for, made.is_ours) == ("payments", PUSH, True)
    assert {**made.rest, "description": ""} == {**DEFAULTS, "description": ""}
    assert PAYMENTS.read(change.after_text) == PAYMENTS.read(
        live_template(allow(ROLE, PULL, Sid="EcrAccessPull")).text
    )
    assert (change.granted, change.revoked, change.emptied) == (1, 0, 0)


def test_its_settings_are_those_of_the_entry() -> None:
    settings = RepositorySettings("IMMUTABLE", encryption="KMS", kms_key="k", tags=(("a", "b"),))
    asked = wanted(grant(), settings=settings)._replace(role="arn:aws:iam::111122223333:role/t")
    made = template(only(planned(having(), asked)).after_text)
    assert made.rest["customRoleArn"] == "arn:aws:iam::111122223333:role/t"
    assert made.rest["imageTagMutability"] == "IMMUTABLE"
    assert made.rest["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": "k"}
    assert made.rest["resourceTags"] == [{"Key": "a", "Value": "b"}]


def test_one_for_all_repositories() -> None:
    change = only(planned(having(), wanted(grant(), pattern="*")))
    assert change.target.repository == template(change.after_text).prefix == "ROOT"


@pytest.mark.parametrize("prefix", ["payments", "payments/"])
def test_the_same_meaning_is_no_change(prefix: str) -> None:
    found = having(live_template(allow([ROLE], [*PULL[1:], PULL[0]]), prefix=prefix))
    plan = planned(found, wanted(grant()))
    assert (plan.changes, plan.live_grants) == ((), 1)


def test_of_a_live_template_everything_else_is_sent_back() -> None:
    more = {"lifecyclePolicy": "{}", "imageTagMutability": "IMMUTABLE", "customRoleArn": "arn:x"}
    found = having(live_template(allow(ROLE_B, PULL), **more))
    change = only(planned(found, wanted(grant())))
    assert (change.change, change.revoked, change.granted) == ("set", 1, 1)
    before, after = template(change.before_text), template(change.after_text)
    assert after.rest == before.rest == {**DEFAULTS, "description": "of others", **more}


def test_when_it_applies_is_the_files() -> None:
    found = having(live_template(allow(ROLE, PULL), applied_for=("REPLICATION",)))
    plan = planned(found, wanted(grant()))
    assert (only(plan).change, only(plan).access) == ("set", ())
    assert without_expired(plan).changes == plan.changes


def test_ours_is_removed_and_those_of_others_stay() -> None:
    found = having(
        live_template(allow(ROLE, PULL), description=OURS),
        live_template(allow(ROLE, PULL), prefix="tools"),
    )
    plan = planned(found)
    change = only(plan)
    assert (change.target, change.change, change.after_text) == (PAYMENTS, "delete", None)
    assert (change.revoked, change.emptied) == (1, 0)
    assert without_expired(plan).changes == plan.changes


def test_templates_that_were_not_read_are_an_error() -> None:
    failed = ReadFailure(RuleId.ACCESS_DENIED, "not allowed")
    plan = planned(registry(app=None)._replace(templates=failed), wanted(grant()))
    assert [(e.target, e.rule) for e in plan.errors] == [
        (Target("*", SCOPE, "creation-template"), RuleId.ACCESS_DENIED)
    ]


def test_an_expired_grant_is_no_drift() -> None:
    over = grant(condition=OVER, until=UNTIL)
    when = {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}
    plan = planned(having(live_template(allow(ROLE, PULL, when))), wanted(expired=(over,)))
    assert [f.rule for f in plan.findings] == [RuleId.EXPIRED]
    assert only(plan).revoked == 0
    assert without_expired(plan).changes == ()


def test_a_live_policy_that_is_not_understood_is_replaced_and_counted() -> None:
    found = having(live_template()._replace(policy_text='{"Statement": ["999900001111"]}'))
    plan = planned(found, wanted(grant(B)))
    assert [f.rule for f in plan.findings] == [RuleId.UNREADABLE_POLICY]
    assert (only(plan).revoked, plan.live_grants) == (1, 1)


def test_what_can_not_be_written_is_an_error() -> None:
    many = tuple(
        allow(ROLE, PULL, {"StringEquals": {"aws:PrincipalTag/team": f"team-{n}"}})
        for n in range(200)
    )
    plan = planned(having(), wanted(statements=many), wanted(statements=({},), pattern="tools/*"))
    assert [(e.target.repository, e.rule) for e in plan.errors] == [
        ("payments", RuleId.POLICY_TOO_LARGE),
        ("tools", RuleId.BAD_STATEMENT),
    ]


def test_the_public_guard_and_the_lock_out_guard_hold() -> None:
    public = planned(having(), wanted(grant(EVERYONE)))
    (refusal,) = check_public(public.changes, [])
    assert refusal.message.startswith(
        "the new policy of the creation template payments (us-west-2)"
    )
    assert list(check_public(public.changes, ["payments/*"])) == []
    denying = planned(having(), wanted(statements=(deny("*", "ecr:*"),)))
    assert [
        r.target for r in check_lock_out(denying.changes, frozenset(), lambda _scope: ROLE)
    ] == [PAYMENTS]


def test_the_counting_guards_hold() -> None:
    plan = planned(having(live_template(allow([ROLE, ROLE_B], PULL))), wanted(grant()))
    refusals = check_guards(
        plan, Guards(max_revoked=Limit(30, 0)), Allowances(), lambda _scope: ROLE, {}
    )
    assert [(r.guard, r.figure) for r in refusals] == [(RuleId.MAX_REVOKED, 1)]


def test_a_template_without_a_policy_is_drift_where_it_is_missing() -> None:
    plan = planned(having(), wanted())
    assert (only(plan).change, only(plan).access) == ("create", ())
    assert without_expired(plan).changes == plan.changes
