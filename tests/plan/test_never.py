"""The file's `never` rules, held against what is live."""

from dataclasses import replace

from reconciler.model.registry import ReadFailure, RepositorySettings, Target
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import NeverViolation, Plan, merge_plans
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.keep import KeepRule
from reconciler.policy.meaning.never import NeverRule, Outside
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.plan.making import (
    APP,
    OVER,
    ROLE_A,
    SCOPE,
    UNTIL,
    B,
    desired,
    grant,
    live,
    plan,
    registry,
    rules,
)
from tests.policy.making import ACCOUNT, PULL, PUT, ROLE, ROLE_B, Json, allow, condition, doc

NO_PUSH = NeverRule("push", BUILT_IN_TIERS["push"], (NamedPrincipal(B),), "b only runs")
OUTSIDE = NO_PUSH._replace(to=(Outside(frozenset({ACCOUNT})),), because="theirs alone")
NO_PULL = NeverRule("pull", BUILT_IN_TIERS["pull"], (NamedPrincipal(EVERYONE),), "secret")
NOT_UNDERSTOOD = '{"Statement": 1}'
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def never(*given: NeverRule, base: PlanInputs | None = None) -> PlanInputs:
    return (base or PlanInputs())._replace(never=given)


def told(made: Plan) -> list[str]:
    return [finding.message for finding in made.findings if finding.rule == "never"]


def a_break(*, repaired: bool, target: Target = APP) -> NeverViolation:
    return NeverViolation(target, "push", B, "b only runs", repaired)


def lived(*statements: Json, given: PlanInputs, want: tuple[str, ...] = ("push",)) -> Plan:
    """Plan `app`, on which role a is to have some tiers, and on which this is live."""
    return plan(desired(*(grant(ROLE_A, tier) for tier in want)), live(*statements), given)


def test_a_change_that_takes_it_away_repairs_it() -> None:
    made = lived(allow(ROLE_B, PUT), given=never(NO_PUSH))
    assert made.violations == (a_break(repaired=True),)
    assert told(made) == [
        f'{ROLE_B} has push, which it must never have: "b only runs"; an apply fixes this'
    ]


def test_one_that_a_keep_rule_keeps_stays_broken() -> None:
    theirs = allow(ROLE_B, PUT, Sid="Theirs")
    kept = rules(KeepRule("Theirs", B))
    made = lived(theirs, given=never(NO_PUSH, base=kept))
    assert made.changes
    assert made.violations == (a_break(repaired=False),)
    in_sync = lived(theirs, given=never(NO_PUSH, base=kept), want=())
    assert (in_sync.in_sync, in_sync.violations) == (1, (a_break(repaired=False),))


def test_one_that_cannot_be_planned_stays_broken() -> None:
    statement = allow(ROLE_B, PUT, {"StringEquals": {"aws:x": "${aws:y}"}}, Sid="Theirs")
    base = rules(KeepRule("Theirs", B))
    made = plan(desired(grant(ROLE_A)), live(statement, version=None), never(NO_PUSH, base=base))
    assert [error.rule for error in made.errors] == ["kept-statement"]
    assert made.violations == (a_break(repaired=False),)


def test_it_is_not_repaired_by_moving_it() -> None:
    """What was given to the role itself is now its account's, whose admins may pass it on."""
    made = plan(desired(statements=[allow(ACCOUNT, PUT)]), live(allow(ROLE_B, PUT)), never(NO_PUSH))
    assert made.violations == (a_break(repaired=False),)


def test_what_breaks_no_rule() -> None:
    assert lived(allow(ROLE, PUT), given=never(NO_PUSH, OUTSIDE)).violations == ()
    elsewhere = NO_PUSH._replace(repositories=("tools/*",))
    assert lived(allow(ROLE_B, PUT), given=never(elsewhere)).violations == ()
    assert lived(allow(ROLE_B, PUT), given=PlanInputs()).violations == ()


def test_an_expired_grant_of_the_file_does_not_count() -> None:
    over = grant(B, "push", OVER, until=UNTIL)
    statement = allow(ROLE_B, PUT, {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}})
    assert plan(desired(expired=[over]), live(statement), never(NO_PUSH)).violations == ()
    assert plan(desired(), live(statement), never(NO_PUSH)).violations == (a_break(repaired=True),)


def test_drift_keeps_what_is_broken() -> None:
    made = lived(allow(ROLE_B, PUT), given=never(NO_PUSH))
    assert without_expired(made).violations == made.violations
    assert merge_plans([made, Plan()]).violations == made.violations


def test_a_missing_repository_and_one_to_create_break_nothing() -> None:
    wanted = desired(grant(ROLE_A))
    missing = compute_plan([wanted], registry(), never(NO_PUSH))
    created = compute_plan(
        [wanted], registry(), never(NO_PUSH)._replace(to_create={"app": RepositorySettings()})
    )
    assert (missing.violations, created.violations) == ((), ())
    assert created.changes[0].change == "create"


def test_the_names_of_the_file_are_used() -> None:
    named = rules(names={"b": B, "organization": EVERYONE})
    bounded = condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")
    (who,) = (p for p in named.display_names.principals if p.name == "organization")
    display_names = replace(named.display_names, principals=(who._replace(condition=bounded),))
    given = never(OUTSIDE, base=named._replace(display_names=display_names))
    until = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    made = lived(allow("*", PUT, ORG), allow("*", PUT, {**ORG, **until}), given=given)
    assert told(made) == [
        'organization has push, which it must never have: "theirs alone"; an apply fixes this'
    ]
    assert made.violations == (
        NeverViolation(APP, "push", EVERYONE, "theirs alone", True, bounded),
    )


def test_an_unreadable_policy_is_said_where_a_rule_is_about_it() -> None:
    wanted = desired(grant(ROLE_A))
    made = plan(wanted, registry(app=NOT_UNDERSTOOD), never(NO_PUSH, NO_PULL, NO_PUSH))
    assert made.violations == ()
    assert told(made) == [
        "the live policy is not understood, so it is unknown whether it breaks a never rule on "
        "pull, push"
    ]
    elsewhere = NO_PUSH._replace(repositories=("tools/*",))
    assert told(plan(wanted, registry(app=NOT_UNDERSTOOD), never(elsewhere))) == []


def test_an_unmanaged_repository_that_was_read() -> None:
    found = registry(app=doc(allow("*", PULL)), other=doc(allow(ROLE_B, PUT)), _unread=None)
    made = compute_plan([], found, never(NO_PUSH))
    other = Target("other", SCOPE)
    assert made.violations == (a_break(repaired=False, target=other),)
    assert [finding.repository for finding in made.findings] == ["other"]
    assert [target.repository for target in made.unmanaged] == ["app", "other", "unread"]
    assert (made.errors, made.in_sync) == ((), 0)


def test_an_unmanaged_repository_of_which_nothing_is_known_is_an_error() -> None:
    found = registry(
        bad=NOT_UNDERSTOOD,
        denied=ReadFailure("access-denied", "no"),
        deleted=ReadFailure("missing-repository", "gone"),
        empty=None,
    )
    made = compute_plan([], found, never(NO_PUSH))
    assert [(e.target.repository, e.rule) for e in made.errors] == [
        ("bad", "unreadable-policy"),
        ("denied", "access-denied"),
    ]
    assert (made.violations, made.findings) == ((), ())
    assert compute_plan([], found, PlanInputs()).errors == ()


def test_what_adds_up_only_here_is_not_planned() -> None:
    theirs = allow(ROLE_B, PULL[:2], Sid="Theirs")
    secret = NO_PULL._replace(to=(NamedPrincipal(B, name="b"),))
    given = never(secret, base=rules(KeepRule("Theirs", B), names={"b": B}))
    wanted = desired(grant(ROLE_A), statements=[allow(ROLE_B, PULL[2:])])
    made = plan(wanted, live(theirs), given)
    assert made.changes == made.violations == ()
    (error,) = made.errors
    assert (error.rule, error.message) == (
        "never",
        'b would have pull, which it must never have: "secret"',
    )
    assert plan(wanted, live(theirs), rules(KeepRule("Theirs", B))).errors == ()
    unread = plan(wanted, registry(app=NOT_UNDERSTOOD), given)
    assert unread.errors == ()
    creating = never(NO_PUSH)._replace(to_create={"app": RepositorySettings()})
    asked = desired(grant(ROLE_A), grant(B, "push"))
    created = compute_plan([asked], registry(), creating)
    assert [e.message for e in created.errors] == [
        f'{ROLE_B} would have push, which it must never have: "b only runs"'
    ]


def test_who_may_rewrite_the_policy_breaks_every_rule_on_it() -> None:
    rewrite = "ecr:SetRepositoryPolicy"
    made = lived(allow(ROLE_B, rewrite), given=never(NO_PUSH))
    assert made.violations == (replace(a_break(repaired=True), by_rewriting=True),)
    could = (
        'can rewrite the policy and so give itself push, which it must never have: "b only runs"'
    )
    assert told(made) == [f"{ROLE_B} {could}; an apply fixes this"]
    kept = never(NO_PUSH, base=rules(KeepRule("Theirs", B)))
    stays = lived(allow(ROLE_B, rewrite, Sid="Theirs"), given=kept)
    assert stays.violations == (replace(a_break(repaired=False), by_rewriting=True),)
    asked = plan(desired(statements=[allow(ROLE_B, rewrite)]), live(), never(NO_PUSH))
    assert [e.message for e in asked.errors] == [f"{ROLE_B} {could.replace('can', 'could', 1)}"]


def test_the_public_of_two_conditions_is_told_once() -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    tomorrow = {"DateLessThan": {"aws:CurrentTime": "2031-01-01T00:00:00Z"}}
    made = lived(allow("*", PULL, until), allow("*", PULL, tomorrow), given=never(NO_PULL))
    assert told(made) == [
        'everyone has pull, which it must never have: "secret"; an apply fixes this'
    ]
