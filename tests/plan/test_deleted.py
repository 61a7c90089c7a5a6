"""Principals that were deleted."""

from reconciler.model.access import Desired
from reconciler.plan.desired_policy import PlanInputs
from tests.plan.making import (
    ALICE,
    GONE,
    LAMBDA,
    ROLE_A,
    desired,
    grant,
    live,
    only_change,
    plan,
    rules,
)
from tests.policy.making import GET, PULL, ROLE, USER, Json, allow, deny

GONE_USER = "AIDAEXAMPLEEXAMPLEID"


def messages(wanted: Desired, *found: Json, given: PlanInputs | None = None) -> list[str]:
    findings = plan(wanted, live(*found), given).findings
    assert {finding.rule for finding in findings} <= {"dead-principal"}
    return [finding.message for finding in findings]


def test_who_is_gone_and_what_they_held() -> None:
    assert messages(desired(), allow(GONE, PULL)) == [
        f"the role {GONE} was deleted; its pull grant has no effect"
    ]
    assert messages(desired(), allow(GONE_USER, GET), allow(ROLE)) == [
        f"the user {GONE_USER} was deleted; its {GET} grant has no effect"
    ]
    assert messages(desired(), allow(ROLE, PULL)) == []


def test_who_may_have_been_made_again() -> None:
    (message,) = messages(desired(grant(), grant(LAMBDA)), allow(GONE, PULL))
    assert message.endswith(
        f"; if {ROLE} was recreated under the same name, it does not have the file's grant yet"
    )
    (named,) = messages(desired(grant()), allow(GONE, PULL), given=rules(names={"ci": ROLE_A}))
    assert "; if ci was recreated" in named


def test_who_can_not_have_been_them() -> None:
    nobody = [
        (desired(grant(ALICE)), [allow(GONE, PULL)]),
        (desired(grant()), [allow(GONE_USER, PULL)]),
        (desired(grant(tier="push-pull")), [allow(GONE, PULL), allow(ROLE, PULL)]),
        (desired(), [allow(GONE, PULL), allow(ROLE, PULL)]),
        (desired(), [allow(GONE, PULL), allow(None)]),
        (desired(statements=[deny(ROLE)]), [allow(GONE, PULL)]),
    ]
    for wanted, found in nobody:
        (message,) = messages(wanted, *found)
        assert message.endswith("has no effect")


def test_a_gone_user_may_be_a_user() -> None:
    (message,) = messages(desired(grant(ALICE)), allow(GONE_USER, PULL))
    assert f"; if {USER} was recreated" in message


def test_what_the_gone_held_is_nobodys_loss() -> None:
    change = only_change(desired(grant()), live(allow([GONE, USER], PULL)))
    assert (change.revoked, change.granted) == (1, 1)
    assert len(change.access) == 3
