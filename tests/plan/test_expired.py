"""Grants whose time is over, and several regions put together."""

from reconciler.model.access import Grant
from reconciler.model.registry import ReadFailure, RegistryScope, Target
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan, merge_plans
from tests.plan.making import (
    ALICE,
    OVER,
    SCOPE,
    UNTIL,
    desired,
    grant,
    live,
    only_change,
    plan,
    registry,
)
from tests.policy.making import PULL, PUT, ROLE, USER, Json, allow, deny, doc

ENDED = {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}
EXPIRED = grant(condition=OVER, until=UNTIL, name="ci")
SECOND = RegistryScope("111122223333", "eu-west-1")


def expired_only(found: list[Json], *grants: Grant, expired: Grant = EXPIRED) -> bool:
    """Tell whether nothing else differs, so that there is no drift."""
    found_plan = plan(desired(*grants, expired=[expired]), live(*found))
    assert len(found_plan.changes) == 1
    return not without_expired(found_plan).changes


def test_only_an_expired_grant_differs() -> None:
    ended = allow(ROLE, PULL, ENDED)
    assert expired_only([ended])
    assert expired_only([ended, allow(USER, PULL)], grant(ALICE))
    assert not expired_only([ended, allow(USER, PULL)], grant(ALICE, "push-pull"))


def test_an_expired_grant_that_another_covers_is_no_difference() -> None:
    found = live(allow(ROLE, PULL, ENDED), allow(ROLE, "ecr:*"))
    assert plan(desired(grant(tier="admin"), expired=[EXPIRED]), found).in_sync == 1


def test_more_than_the_expired_grant_differs() -> None:
    assert not expired_only([allow(ROLE, [*PULL, PUT], ENDED)])
    assert not expired_only([allow([ROLE, USER], PULL, ENDED)])
    assert not expired_only([allow(ROLE, PULL)])
    assert not expired_only([deny(ROLE, PULL, ENDED)])


def test_taking_away_what_has_no_effect_revokes_nothing() -> None:
    change = only_change(desired(expired=[EXPIRED]), live(allow(ROLE, PULL, ENDED)))
    assert (change.change, change.revoked, change.granted) == ("delete", 0, 0)
    mixed = only_change(desired(expired=[EXPIRED]), live(allow([ROLE, USER], PULL, ENDED)))
    assert mixed.revoked == 1


def test_an_expired_grant_that_is_still_there_is_named() -> None:
    found = plan(desired(expired=[EXPIRED]), live(allow(ROLE, PULL, ENDED))).findings
    assert [(f.repository, f.rule) for f in found] == [("app", "expired")]
    assert found[0].message.startswith("the pull grant of ci expired on 2026-01-31;")
    nameless = grant(condition=OVER, until=UNTIL)
    (finding,) = plan(desired(expired=[nameless]), live(allow(ROLE, PULL, ENDED))).findings
    assert finding.message.startswith(f"the pull grant of {ROLE} expired")


def test_an_expired_grant_that_is_gone_is_not_named() -> None:
    made = plan(desired(grant(), expired=[EXPIRED]), live(allow(ROLE, PULL)))
    assert made == Plan(in_sync=1, live_grants=1)


def test_what_has_no_effect_is_no_drift() -> None:
    found = registry(
        a=doc(allow(ROLE, PULL, ENDED)), b=doc(allow(USER, PULL)), c=doc(allow(ROLE, PULL))
    )
    wanted = [
        desired(repository="a", expired=[EXPIRED]),
        desired(repository="b"),
        desired(grant(), repository="c"),
    ]
    made = compute_plan(wanted, found, PlanInputs())
    drift = without_expired(made)
    assert [change.target.repository for change in made.changes] == ["a", "b"]
    assert [change.target.repository for change in drift.changes] == ["b"]
    assert drift.in_sync == 2
    assert drift.findings == made.findings
    assert without_expired(drift) == drift


def test_several_regions_put_together() -> None:
    wanted = [desired(grant(), repository=name) for name in "abcx"]
    here = {
        "a": doc(allow(ROLE, PULL)),
        "b": None,
        "c": ReadFailure("throttled", "slow"),
        "z": None,
    }
    first = compute_plan(wanted, registry(SCOPE, **here), PlanInputs())
    second = compute_plan(wanted, registry(SECOND, **here), PlanInputs())
    both = merge_plans([first, second])
    assert both == merge_plans([second, first])
    assert [c.target for c in both.changes] == [Target("b", SECOND), Target("b", SCOPE)]
    assert both.in_sync == 2
    assert [(e.target.repository, e.rule) for e in both.errors] == [
        ("c", "throttled"),
        ("c", "throttled"),
        ("x", "missing-repository"),
        ("x", "missing-repository"),
    ]
    assert both.unmanaged == (Target("z", SECOND), Target("z", SCOPE))
    assert both.live_grants == 2


def test_a_finding_of_two_regions_names_each() -> None:
    wanted = [desired(expired=[EXPIRED])]
    text = doc(allow(ROLE, PULL, ENDED))
    plans = [compute_plan(wanted, registry(s, app=text), PlanInputs()) for s in (SCOPE, SECOND)]
    found = [finding.scope.region for finding in merge_plans(plans).findings]
    assert found == sorted([SCOPE.region, SECOND.region])


def test_no_regions_are_an_empty_plan() -> None:
    assert merge_plans([]) == Plan()
