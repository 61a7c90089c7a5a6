"""What a plan may not do: both figures of a limit must be exceeded."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from reconciler.model.access import Desired
from reconciler.model.guards import Allowances, Guards, Limit
from reconciler.model.registry import RegistryScope, Target
from reconciler.model.rules import RuleId
from reconciler.plan.checks.guards import Refusal, check_guards, check_public, unused_allowances
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, ChangedSince, NeverViolation, Plan, ScopeFigures
from reconciler.policy.language.principals import MISSING, Principal
from reconciler.policy.meaning.keep import Ownership
from tests.plan.making import (
    APP,
    GONE,
    OVER,
    ROLE_A,
    UNTIL,
    B,
    desired,
    grant,
    live,
    only_change,
    plan,
    rules,
)
from tests.policy.making import PULL, ROLE, Json, allow, deny

NOTHING = Allowances()
CALLER = "arn:aws:iam::111122223333:user/ci"
WEST = RegistryScope("111122223333", "us-west-2")
EAST = RegistryScope("111122223333", "us-east-1")
CHINA = RegistryScope("222233334444", "cn-north-1")
NAMES = {WEST: "central", EAST: "central", CHINA: "china"}
"""Two registries: one with two regions, one with one."""


def check(
    made: Plan, guards: Guards | None = None, allowed: Allowances = NOTHING
) -> tuple[Refusal, ...]:
    names = NAMES if made.by_scope else {}
    return check_guards(made, guards or Guards(), allowed, lambda _scope: CALLER, names)


def nobody() -> str:
    raise AssertionError("nobody need know who the caller is")


def plan_that(*, revokes: int = 0, grants: int = 0, of: int = 100) -> Plan:
    parts = [(revokes // 2, grants // 2), (revokes - revokes // 2, grants - grants // 2)]
    changes = tuple(
        Change(APP, "set", (), None, None, revoked=revoked, granted=granted)
        for revoked, granted in parts
    )
    return Plan(changes=changes, live_grants=of)


def test_a_limited_plan_counts_what_was_read() -> None:
    made = plan_that(revokes=3, grants=3, of=4)._replace(changed_since=ChangedSince("main", 9))
    limit = Limit(0, 0)
    messages = [one.message for one in check(made, Guards(max_revoked=limit, max_granted=limit))]
    assert messages == [
        f"this would add or widen 3 grants; 4 grants that were read are live now; the limit is "
        f"{limit}",
        f"this would revoke or narrow 3 of 4 grants that were read; the limit is {limit}",
    ]


@pytest.mark.parametrize(
    ("revokes", "of", "limit", "refused"),
    [
        (0, 0, Limit(30, 10), False),
        (10, 10, Limit(30, 10), False),
        (11, 11, Limit(30, 10), True),
        (11, 36, Limit(30, 10), True),
        (11, 37, Limit(30, 10), False),
        (30, 100, Limit(30, 10), False),
        (31, 100, Limit(30, 10), True),
        (31, 1000, Limit(30, 10), False),
        (1, 1, Limit(0, 0), True),
        (1, 1000, Limit(0, 0), True),
        (1, 100, Limit(0.5, 0), True),
        (1, 200, Limit(0.5, 0), False),
        (100, 100, Limit(100, 0), False),
        (5, 0, Limit(100, 0), True),
        (1000, 1000, None, False),
    ],
)
def test_revoking(revokes: int, of: int, limit: Limit | None, refused: bool) -> None:
    refusals = check(plan_that(revokes=revokes, of=of), Guards(max_revoked=limit))
    assert [refusal.guard for refusal in refusals] == ["max_revoked"] * refused


@pytest.mark.parametrize(
    ("grants", "of", "limit", "refused"),
    [
        (1000, 1, None, False),
        (5, 0, Limit(30, 10), False),
        (11, 0, Limit(30, 10), True),
        (31, 100, Limit(30, 10), True),
        (30, 100, Limit(30, 10), False),
    ],
)
def test_granting(grants: int, of: int, limit: Limit | None, refused: bool) -> None:
    refusals = check(plan_that(grants=grants, of=of), Guards(max_granted=limit))
    assert [refusal.guard for refusal in refusals] == ["max_granted"] * refused


def test_the_defaults() -> None:
    assert Guards() == Guards(max_revoked=Limit(30, 10), max_granted=None)
    assert Allowances(revocations=0, grants=0) == NOTHING


@pytest.mark.parametrize(("allowed", "refused"), [(0, True), (49, True), (50, False), (51, False)])
def test_what_one_run_is_allowed(allowed: int, refused: bool) -> None:
    guards = Guards(max_granted=Limit(30, 10))
    revoking, granting = plan_that(revokes=50), plan_that(grants=50)
    assert bool(check(revoking, guards, Allowances(revocations=allowed))) is refused
    assert bool(check(granting, guards, Allowances(grants=allowed))) is refused


class Amount(NamedTuple):
    """What a plan changes in one registry and region, and how many grants are live there."""

    scope: RegistryScope
    number: int
    of: int


def plan_of(*amounts: Amount) -> Plan:
    """Return a plan for two registries that revokes as many grants as it adds."""
    return Plan(
        changes=tuple(
            Change(
                Target("app", one.scope),
                "set",
                (),
                None,
                None,
                revoked=one.number,
                granted=one.number,
            )
            for one in amounts
        ),
        live_grants=sum(one.of for one in amounts),
        by_scope=dict.fromkeys(NAMES, ScopeFigures())
        | {one.scope: ScopeFigures(0, one.of) for one in amounts},
    )


@pytest.mark.parametrize(
    ("amounts", "limit", "allowed", "refused"),
    [
        pytest.param([(CHINA, 11, 11), (WEST, 0, 1000)], Limit(30, 10), 0, ["china"], id="all"),
        pytest.param([(CHINA, 10, 10), (WEST, 0, 1000)], Limit(30, 10), 0, [], id="few"),
        pytest.param([(CHINA, 12, 40), (WEST, 0, 1000)], Limit(30, 10), 0, [], id="a small share"),
        pytest.param([(CHINA, 13, 40), (WEST, 0, 1000)], Limit(30, 10), 0, ["china"], id="share"),
        pytest.param([(WEST, 6, 6), (EAST, 5, 5)], Limit(30, 10), 0, ["", "central"], id="regions"),
        pytest.param(
            [(WEST, 11, 11), (EAST, 0, 100)], Limit(30, 10), 0, [], id="first of two regions"
        ),
        pytest.param(
            [(WEST, 0, 100), (EAST, 11, 11)], Limit(30, 10), 0, [], id="second of two regions"
        ),
        pytest.param([(WEST, 6, 6), (CHINA, 5, 5)], Limit(30, 10), 0, [""], id="together"),
        pytest.param(
            [(EAST, 11, 11), (CHINA, 12, 12)], Limit(30, 10), 0, ["", "central", "china"], id="each"
        ),
        pytest.param([(CHINA, 1, 0), (WEST, 0, 1000)], Limit(0.1, 0), 0, ["china"], id="none live"),
        pytest.param([(CHINA, 0, 0), (WEST, 0, 0)], Limit(0, 0), 0, [], id="nothing"),
        pytest.param([(CHINA, 0, 0), (WEST, 1, 1)], Limit(0, 0), 0, ["", "central"], id="zero"),
        pytest.param([(CHINA, 11, 11), (WEST, 0, 1000)], None, 0, [], id="no limit"),
        pytest.param([(CHINA, 11, 11), (WEST, 0, 1000)], Limit(30, 10), 11, [], id="allowed"),
        pytest.param(
            [(CHINA, 11, 11), (WEST, 0, 1000)], Limit(30, 10), 10, ["china"], id="not all allowed"
        ),
        pytest.param(
            [(CHINA, 11, 11), (WEST, 9, 1000)], Limit(30, 10), 19, ["china"], id="of the whole run"
        ),
        pytest.param([(CHINA, 11, 11), (WEST, 9, 1000)], Limit(30, 10), 20, [], id="the whole run"),
    ],
)
def test_each_registry_has_the_limits_of_the_run(
    amounts: list[tuple[RegistryScope, int, int]],
    limit: Limit | None,
    allowed: int,
    refused: list[str],
) -> None:
    made = plan_of(*(Amount(*one) for one in amounts))
    revoking = check(made, Guards(max_revoked=limit), Allowances(revocations=allowed))
    assert [one.guard for one in revoking] == ["max_revoked"] * len(refused)
    assert sorted(one.registry for one in revoking) == refused
    off = Guards(max_revoked=None, max_granted=limit)
    granting = check(made, off, Allowances(grants=allowed))
    assert [one.guard for one in granting] == ["max_granted"] * len(refused)
    assert sorted(one.registry for one in granting) == refused
    assert {one.figure for one in (*revoking, *granting)} <= {sum(n for _, n, _ in amounts)}


def test_a_refusal_of_a_registry_says_what_it_changes_of_the_run() -> None:
    made = plan_of(Amount(CHINA, 11, 11), Amount(WEST, 4, 1000))
    guards = Guards(Limit(30, 10), Limit(30, 10))
    granted, revoked = check(made, guards)
    assert revoked.message == (
        "this would revoke or narrow 11 of 11 grants (15 in the whole run); the limit is 10 and "
        "30 %"
    )
    assert granted.message == (
        "this would add or widen 11 grants (15 in the whole run); 11 grants are live now; the "
        "limit is 10 and 30 %"
    )
    limited = made._replace(changes=made.changes[:1], changed_since=ChangedSince("main", 9))
    granted, revoked = check(limited, guards)
    assert revoked.message == (
        "this would revoke or narrow 11 of 11 grants that were read; the limit is 10 and 30 %"
    )
    assert "11 grants that were read are live now" in granted.message


def test_an_allowance_is_for_its_own_guard() -> None:
    assert check(plan_that(revokes=50), Guards(), Allowances(grants=50))


def test_a_refusal_has_the_figure_and_the_limit() -> None:
    guards = Guards(Limit(12.5, 10), Limit(30, 20))
    granted, revoked = sorted(check(plan_that(revokes=50, grants=60), guards))
    assert revoked.message == (
        "this would revoke or narrow 50 of 100 grants; the limit is 10 and 12.5 %"
    )
    assert granted.message == (
        "this would add or widen 60 grants; 100 grants are live now; the limit is 20 and 30 %"
    )
    assert (revoked.figure, granted.figure) == (50, 60)
    assert (revoked.limit, granted.limit) == (Limit(12.5, 10), Limit(30, 20))


@pytest.mark.parametrize(
    ("found", "emptied"),
    [
        ([allow(ROLE, PULL)], 1),
        ([allow("*", PULL)], 1),
        ([allow(ROLE, PULL), deny("*", "ecr:PutImage")], 1),
        ([allow(GONE, PULL)], 0),
        ([deny("*", "ecr:PutImage")], 0),
    ],
)
def test_taking_all_access_away(found: list[Json], emptied: int) -> None:
    made = plan(desired(), live(*found))
    assert sum(change.emptied for change in made.changes) == emptied
    assert [refusal.guard for refusal in check(made)] == ["empty"] * emptied
    assert check(made, allowed=Allowances(empty=frozenset({"app"}))) == ()
    assert len(check(made, allowed=Allowances(empty=frozenset({"other"})))) == emptied


@pytest.mark.parametrize(
    "left",
    [
        desired(grant(B)),
        desired(statements=[{"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": PULL}]),
    ],
)
def test_a_policy_in_which_somebody_is_left_is_not_empty(left: Desired) -> None:
    assert only_change(left, live(allow(ROLE, PULL))).emptied == 0


def test_what_only_a_deleted_principal_keeps_is_empty() -> None:
    keeping = rules(default_keep=True)
    found = live({**allow(GONE, PULL), "Sid": "Old"}, {**allow(ROLE, PULL), "Sid": "EcrAccessPull"})
    assert only_change(desired(), found, keeping).emptied == 1


def test_what_has_ended_is_no_loss() -> None:
    ended = grant(condition=OVER, until=UNTIL)
    found = live(
        {
            **allow(ROLE, PULL),
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}},
        }
    )
    assert only_change(desired(expired=[ended]), found).emptied == 0


def test_an_emptied_policy_is_refused_with_its_grants() -> None:
    (refusal,) = check(plan(desired(), live(allow(ROLE, PULL))))
    assert refusal.message == (
        "no principal would keep access to app (us-west-2), which has 1 grant now"
    )
    assert (refusal.target, refusal.figure) == (APP, 1)
    (refusal,) = check(plan(desired(), live(allow(ROLE, PULL), allow("*", PULL))))
    assert "2 grants" in refusal.message


def broken(who: Principal = ROLE_A, *, repaired: bool = False) -> Plan:
    return Plan(violations=(NeverViolation(APP, "push", who, "only CI pushes", repaired=repaired),))


def test_a_never_rule_that_stays_broken_is_refused() -> None:
    (refusal,) = check(broken())
    assert refusal == Refusal(
        "never",
        f"{ROLE} has push on app (us-west-2). The plan does not remove it, although a never rule "
        'forbids it: "only CI pushes"',
        APP,
    )
    assert check(broken(), allowed=Allowances(never=frozenset({"app"}))) == ()
    assert check(broken(repaired=True)) == ()


def test_a_never_rule_that_is_broken_by_rewriting_says_so() -> None:
    (rule,) = broken().violations
    (refusal,) = check(Plan(violations=(replace(rule, by_rewriting=True),)))
    assert refusal.message.startswith(
        f"{ROLE} can rewrite the policy and so give itself push on app (us-west-2). The plan does "
        "not remove it"
    )


def test_a_never_rule_broken_by_a_statement_without_principal() -> None:
    assert check(broken(MISSING))[0].message.startswith(
        "(no principal) has push on app (us-west-2)"
    )


SHIELD = deny("*", "ecr:*", Sid="EcrAccessShield")
OTHERS = allow("*", PULL, Sid="Others")


@pytest.mark.parametrize(
    ("found", "asked", "opens"),
    [
        ([OTHERS, SHIELD], [], True),
        ([OTHERS, SHIELD], [deny("*", "ecr:PutImage", Sid="EcrAccessShield")], True),
        ([OTHERS, SHIELD], [SHIELD], False),
        ([allow(ROLE, PULL, Sid="Others"), SHIELD], [], False),
    ],
)
def test_to_take_the_deny_from_what_is_public_is_to_open_it(
    found: list[Json], asked: list[Json], opens: bool
) -> None:
    keeping = PlanInputs(ownership=Ownership(default="keep"))
    made = plan(desired(grant(), statements=asked), live(*found), keeping)
    guards = [refusal.guard for refusal in check(made)]
    assert ("public" in guards) is opens
    for own in ("*", "app", "a??"):
        assert "public" not in [r.guard for r in check(made, Guards(public=(own,)))]
    others = check(made, Guards(public=("apps", "ap", "app/*")))
    assert ("public" in [r.guard for r in others]) is opens
    allowed = Allowances(public=frozenset({"app"}))
    assert "public" not in [refusal.guard for refusal in check(made, allowed=allowed)]


def test_what_nobody_understands_may_let_anyone_in() -> None:
    change = replace(only_change(desired(grant()), live()), after_text="{")
    (refusal,) = check_public([change], frozenset())
    assert refusal.message == (
        "the new policy of app (us-west-2) is not understood, so it may be public"
    )
    assert not list(check_public([change], frozenset({"app"})))


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (Limit(0, 3), "; the limit is 3"),
        (Limit(20, 0), "; the limit is 20 %"),
        (Limit(0, 0), "; the limit is 0"),
        (Limit(12.5, 3), "; the limit is 3 and 12.5 %"),
    ],
)
def test_a_limit_is_told_as_it_was_given(limit: Limit, told: str) -> None:
    (refusal,) = check(plan_that(grants=50, of=1), Guards(max_granted=limit))
    assert refusal.message.endswith(told)
    assert "50 grants; 1 grant is live now;" in refusal.message


def test_who_calls_is_asked_only_where_it_matters() -> None:
    made = plan(desired(grant()), live(allow(ROLE, PULL, "ecr:PutImage")))
    assert check_guards(made, Guards(), NOTHING, nobody, {}) == ()


@pytest.mark.parametrize(
    ("denied", "emptied"),
    [
        (deny("*", "ecr:*"), 1),
        (deny("*", PULL), 1),
        (deny("*", PULL[:2]), 0),
        (deny("*", "ecr:*", {"Bool": {"aws:SecureTransport": "false"}}), 0),
        (deny(ROLE, "ecr:*"), 1),
        (deny("444455556666", "ecr:*"), 1),
        (deny("*", None, NotAction=["ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy"]), 1),
        (deny("*", None, NotAction="ecr:BatchGetImage"), 0),
        (deny(None, "ecr:*", NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}), 1),
        (deny(None, "ecr:*", NotPrincipal={"AWS": ROLE}), 0),
        (deny(None, "ecr:*", NotPrincipal={"AWS": [ROLE, "444455556666"]}), 0),
        (deny("arn:aws:iam::444455556666:role/nobody", "ecr:*"), 0),
    ],
)
def test_a_deny_of_all_that_is_allowed_empties_too(denied: Json, emptied: int) -> None:
    change = only_change(desired(grant(), statements=[denied]), live(allow(ROLE, PULL)))
    assert change.emptied == emptied


def test_an_allowance_that_no_change_needs_is_told() -> None:
    unneeded = Allowances(
        empty=frozenset({"app", "b"}), lock_out=frozenset({"c"}), never=frozenset({"app"})
    )
    unused = unused_allowances(plan_that(revokes=1), unneeded)
    assert [(one.guard, one.repository) for one in unused] == [
        (RuleId.EMPTY, "b"),
        (RuleId.LOCK_OUT, "c"),
        (RuleId.NEVER, "app"),
    ]
    assert unused_allowances(broken(), Allowances(never=frozenset({"app"}))) == ()
