"""Whatever a plan holds is read back as it was written."""

import json
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, RepositorySettings, Subject, Target
from reconciler.model.rules import RuleId
from reconciler.plan.causes import ComparedWith, LeftOut, PlanCauses
from reconciler.plan.edits.find_causes import find_causes
from reconciler.plan.model import (
    NO_SCOPE,
    Change,
    ChangedSince,
    Finding,
    NeverViolation,
    Plan,
    PlanError,
    ScopeFigures,
    group_plan,
)
from reconciler.plan.origin import Origin, PlannedRegistry, ReadFile
from reconciler.plan.saved.plan_format import SavedChange, SavedEdit
from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.json_text import minified
from reconciler.policy.language.principals import EVERYONE, MISSING, Principal
from reconciler.printable import printable
from reconciler.report.plans.plan_json import render_drift_json, render_plan_json
from reconciler.report.plans.plan_view import view_plan
from tests.effort import examples
from tests.plan.saving import POLICY, read
from tests.policy.making import ROLE, ROOT, USER, condition, doc
from tests.policy.random_policies import policies

REGIONS = ("eu-west-1", "us-west-2")
SCOPES = [RegistryScope("111122223333", region) for region in REGIONS]
ORIGIN = Origin("1.2.3", "ecr_access.yaml", "ab" * 32, (PlannedRegistry("111122223333", REGIONS),))

BASE = ComparedWith("main", "9c" * 20, "ef" * 32)

TEXTS = st.text(max_size=20).map(printable)
TARGETS = st.builds(
    Target,
    st.from_regex(r"[a-z0-9]{1,5}(/[a-z0-9]{1,5})?", fullmatch=True),
    st.sampled_from(SCOPES),
    st.just("repository-policy"),
)
PRINCIPALS = st.sampled_from(
    [
        EVERYONE,
        MISSING,
        *(Principal("AWS", (name,)) for name in (ROLE, ROOT, USER, "AROAEXAMPLEEXAMPLEID")),
        *(Principal("Service", (f"{name}.amazonaws.com",)) for name in ("lambda", "a.b-c")),
        Principal("NotPrincipal", (f"AWS:{ROLE}", "Service:lambda.amazonaws.com")),
        Principal("Federated", ("arn:aws:iam::444455556666:saml-provider/a b",)),
        Principal("CanonicalUser", ("79a5",)),
    ]
)
CONDITIONS = st.sampled_from(
    [
        (),
        condition("StringEquals", "aws:PrincipalOrgID", "o-1", "o-2"),
        condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*"),
        condition("DateLessThan", "aws:CurrentTime", "2026-12-01T00:00:00Z"),
    ]
)
SETTINGS = st.builds(
    RepositorySettings,
    st.sampled_from(["MUTABLE", "IMMUTABLE"]),
    st.booleans(),
    st.sampled_from(["AES256", "KMS"]),
    st.none() | st.just("alias/images"),
    st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.just("x y")).map(
        lambda tags: tuple(sorted(tags.items()))
    ),
)
DOCUMENTS = policies.map(lambda statements: doc(*statements))
UNREADABLE = st.sampled_from(['{"Statement": 1}', "{", "\x1b[31m", "null"])


def changed(target: Target, kind: str, before: str, settings: RepositorySettings) -> Change:
    after = None if kind == "delete" else json.dumps(POLICY)
    if kind == "create":
        return Change(target, kind, (), None, after, settings=settings)
    return Change(target, kind, (), before, after)


CHANGES = st.builds(
    changed, TARGETS, st.sampled_from(["set", "delete", "create"]), DOCUMENTS | UNREADABLE, SETTINGS
)
VIOLATIONS = st.builds(
    NeverViolation,
    TARGETS,
    TEXTS,
    PRINCIPALS,
    TEXTS,
    st.booleans(),
    CONDITIONS,
    st.none() | TEXTS,
    st.booleans(),
)
SUBJECTS = st.sampled_from(get_args(Subject))
RULES = st.sampled_from([rule for rule in RuleId if "_" not in rule])  # not those of guards


def caused(plan: Plan) -> Plan:
    """Compare a plan with a version of the file that asks for nothing."""
    return plan._replace(causes=PlanCauses(BASE, find_causes(plan.changes, ())))


def of_edit(plan: Plan) -> Plan:
    """Limit a plan to the edit since such a version."""
    return plan._replace(causes=PlanCauses(BASE, find_causes(plan.changes, ()), LeftOut(2, 1)))


WITHOUT_CAUSES = st.builds(
    Plan,
    st.lists(CHANGES, max_size=4, unique_by=lambda change: change.target).map(tuple),
    st.integers(0, 9),
    st.lists(
        st.builds(Finding, TEXTS, RULES, TEXTS, st.sampled_from([NO_SCOPE, *SCOPES]), SUBJECTS)
    ).map(tuple),
    st.lists(st.builds(PlanError, TARGETS, RULES, TEXTS)).map(tuple),
    st.lists(TARGETS).map(tuple),
    st.lists(VIOLATIONS).map(tuple),
    st.integers(0, 9),
    st.none() | st.builds(ChangedSince, TEXTS, st.none() | st.integers(0, 9)),
    causes=st.none(),
)
PLANS = WITHOUT_CAUSES | WITHOUT_CAUSES.map(caused) | WITHOUT_CAUSES.map(of_edit)


def saved(change: Change) -> SavedChange:
    """Return what a change comes back as: a policy that is JSON without its layout."""
    text = change.before_text
    if text is not None and not isinstance(change.before, Unreadable):
        text = minified(json.loads(text))
    after = None if change.after_text is None else json.loads(change.after_text)
    return SavedChange(change.target, change.change, text, after, change.settings)


def named(violations: tuple[NeverViolation, ...]) -> Counter[tuple[NeverViolation, str | None]]:
    """Return violations with their names, which do not take part in equality."""
    return Counter((violation, violation.name) for violation in violations)


@examples(20)
@given(PLANS)
def test_reading_is_the_inverse_of_writing(plan: Plan) -> None:
    check_comes_back(plan)


@pytest.mark.parametrize(
    "principal",
    [
        Principal("Federated", ("arn:aws:iam::444455556666:saml-provider/a b",)),
        Principal("NotPrincipal", (f"AWS:{ROLE}", "Service:lambda.amazonaws.com")),
        MISSING,
    ],
)
def test_settings_and_rare_principals_come_back(principal: Principal) -> None:
    target = Target("a", SCOPES[0])
    settings = RepositorySettings("IMMUTABLE", True, "KMS", "alias/images", (("team", "x y"),))
    created = changed(target, "create", doc(), settings)
    violation = NeverViolation(target, "push", principal, "so it is", True)
    check_comes_back(Plan((created,), violations=(violation,)))


@pytest.mark.parametrize("not_read", [None, 7])
def test_what_a_plan_was_limited_to_comes_back(not_read: int | None) -> None:
    check_comes_back(Plan(changed_since=ChangedSince("main", not_read)))


def test_what_an_edit_is_limited_to_comes_back() -> None:
    change = Change(Target("a", SCOPES[0]), "set", (), doc(), json.dumps(POLICY))
    check_comes_back(of_edit(Plan((change,))))


def test_rules_files_come_back() -> None:
    rules = (ReadFile("r.yaml", "cd" * 32), ReadFile("s/r.yaml", "ef" * 32))
    view = view_plan(Plan(()), DisplayNames())
    found = read("".join(render_plan_json(view, ORIGIN._replace(rules=rules))))
    assert found.rules == rules
    assert read("".join(render_plan_json(view, ORIGIN))).rules == ()


def check_comes_back(plan: Plan) -> None:
    found = read("".join(render_plan_json(view_plan(plan, DisplayNames()), ORIGIN)))
    assert found.tool_version == ORIGIN.tool_version
    assert (found.file_path, found.file_sha256) == (ORIGIN.path, ORIGIN.sha256)
    assert found.registries == ORIGIN.registries
    changes = {change.target: saved(change) for change in plan.changes}
    assert found.changes == tuple(changes[target] for target in sorted(changes))
    assert found.findings == tuple(sorted(plan.findings))
    assert found.errors == tuple(sorted(plan.errors))
    names = sorted({target.repository for target in plan.unmanaged})
    assert found.unmanaged == tuple(Target(name, SCOPES[0]) for name in names)
    assert named(found.never_broken) == named(plan.violations)
    left_out = plan.causes and plan.causes.left_out
    assert found.edit == (SavedEdit(BASE, left_out) if left_out else None)
    assert (found.in_sync, found.live_grants) == (plan.in_sync, plan.live_grants)
    assert found.changed_since == plan.changed_since


SEVERAL = ORIGIN._replace(
    registries=(
        PlannedRegistry("111122223333", (REGIONS[1],), "west"),
        PlannedRegistry("111122223333", (REGIONS[0],), "east"),
    ),
)


FIGURES = st.builds(ScopeFigures, st.integers(0, 9), st.integers(0, 9))


@examples(20)
@given(PLANS, FIGURES, FIGURES)
def test_of_several_registries_each_has_its_own(
    plan: Plan, west: ScopeFigures, east: ScopeFigures
) -> None:
    figures = {SCOPES[1]: west, SCOPES[0]: east}
    plan = group_plan(plan._replace(unmanaged=tuple(sorted(set(plan.unmanaged)))), figures)
    view = view_plan(plan, DisplayNames(registries=SEVERAL.names))
    text = "".join(render_plan_json(view, SEVERAL))
    found, document = read(text), json.loads(text)
    assert found.registries == SEVERAL.registries
    assert found.by_scope == figures
    assert set(found.unmanaged) == set(plan.unmanaged)
    assert set(found.findings) == set(plan.findings)
    names = {"us-west-2": "west", "eu-west-1": "east", None: None}
    for one in (*document["changes"], *document["errors"], *document["findings"]):
        assert one["registry"] == names[one["region"]]
        assert one["account"] == (one["region"] and "111122223333")
    listed = [one["registry"] for one in document["changes"]]
    assert listed == sorted(listed, reverse=True)


def test_a_policy_that_a_rollback_restores_may_be_any_text() -> None:
    change = Change(Target("a", SCOPES[0]), "set", (), None, "{")
    text = "".join(render_drift_json(view_plan(Plan((change,)), DisplayNames()), ORIGIN))
    assert json.loads(text)["changes"][0]["policy"] == {"before": None, "after": "{"}


@pytest.mark.parametrize("left_out", [(), ("east", "far/east")])
def test_registries_that_are_left_out_are_named(left_out: tuple[str, ...]) -> None:
    origin = ORIGIN._replace(left_out=left_out)
    text = "".join(render_plan_json(view_plan(Plan(), DisplayNames(left_out=left_out)), origin))
    assert json.loads(text).get("registries_left_out", []) == list(left_out)
    assert read(text).registries == ORIGIN.registries
