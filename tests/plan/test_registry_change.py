"""The change of the registry's own policy: what it says, what it counts, and what relies on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Desired, DesiredRegistryPolicy, Grant
from reconciler.model.guards import Allowances, Guards, Limit
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    ReadFailure,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.plan.checks.guards import Refusal, check_guards, check_lock_out, check_public
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change, Plan
from reconciler.plan.registry_policy.effect import touched_repositories
from reconciler.policy import PolicyScope
from reconciler.policy.language.principals import EVERYONE
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.keep import Ownership
from reconciler.policy.meaning.never import NeverRule
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, REGISTRY_TIERS
from tests.plan.making import GONE, OVER, ROLE_A, SCOPE, UNTIL, B, desired, grant, registry
from tests.policy.making import GET, PULL, ROLE, ROLE_B, Json, allow, condition, deny, doc

POLICY = registry_target(SCOPE)
PULLS = doc(allow(ROLE, PULL))
ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")
OTHERS = allow(ROLE_B, PULL, Sid="OfOthers")
REPLICATES = Grant(B, None, "replicate", REGISTRY_TIERS["replicate"], ())
READ_FAILED = ReadFailure(RuleId.READ_FAILED, "no connection")
UNTIL_PAST: Json = {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}
MALFORMED = '{"Statement": [{"Effect": "Perhaps"}]}'
DENIED = ReadFailure(RuleId.ACCESS_DENIED, "not allowed")


def at(name: str) -> str:
    return f"arn:aws:ecr:us-west-2:111122223333:repository/{name}"


def on(name: str, statement: Json) -> Json:
    return {**statement, "Resource": at(name)}


def ours(name: str, who: str = ROLE, sid: str = "EcrAccessPull") -> Json:
    return on(name, allow(who, PULL, Sid=sid))


def having(
    found: LiveRegistry, *statements: Json, scope: PolicyScope | ReadFailure = "V2"
) -> LiveRegistry:
    """Say what the registry's own policy is; without statements there is none."""
    return found._replace(
        policy=LiveRegistryPolicy(doc(*statements) if statements else None, scope)
    )


def asking(
    *grants: tuple[str, Grant],
    expired: tuple[tuple[str, Grant], ...] = (),
    statements: tuple[Json, ...] = (),
    remove: bool = False,
) -> PlanInputs:
    """Ask for grants by pattern, and raw statements."""
    by_pattern = tuple((pattern, (one,)) for pattern, one in grants)
    over = tuple((pattern, (one,)) for pattern, one in expired)
    return PlanInputs(
        registry_policy=DesiredRegistryPolicy(by_pattern, over, statements),
        registry_ownership=Ownership("remove" if remove else "keep"),
    )


def planned(found: LiveRegistry, inputs: PlanInputs, *wanted: Desired) -> Plan:
    return compute_plan(wanted, found, inputs)


def change_of(plan: Plan) -> Change:
    (change,) = (one for one in plan.changes if one.target == POLICY)
    return change


def carried(repository: str, *grants: Grant, by_registry: Grant) -> Desired:
    return desired(*grants, repository=repository)._replace(by_registry=(by_registry,))


def test_a_file_that_does_not_manage_it_changes_nothing() -> None:
    plan = planned(having(registry(app=None), ours("*")), PlanInputs())
    assert (plan.changes, plan.live_grants) == ((), 0)


@pytest.mark.parametrize(
    ("statements", "inputs", "touched"),
    [
        ([ours("*")], PlanInputs(), ""),
        ([ours("*")], asking(("*", grant())), ""),
        ([], asking(("a*", grant())), "app"),
        ([ours("*")], asking(("a*", grant())), "web"),
        ([ours("*"), on("web", OTHERS)], asking(("*", grant())), ""),
        ([ours("*"), on("web", OTHERS)], asking(("*", grant()), remove=True), "web"),
        ([ours("*"), on("w*", deny("*", GET))], asking(("*", grant()), remove=True), "web"),
        (
            [on("*", allow(ROLE, PULL, UNTIL_PAST))],
            asking(expired=(("*", grant(condition=OVER, until=UNTIL)),), remove=True),
            "",
        ),
    ],
)
def test_which_repositories_it_touches(
    statements: list[Json], inputs: PlanInputs, touched: str
) -> None:
    live = having(registry(app=None, web=None), *statements)
    assert touched_repositories(live, inputs) == frozenset(touched.split())


def test_a_policy_that_is_not_understood_touches_all_that_it_may_be_about() -> None:
    live = registry(app=None, web=None)
    inputs = asking(("app", grant()), remove=True)
    malformed = live._replace(policy=LiveRegistryPolicy(MALFORMED, "V2"))
    assert touched_repositories(malformed, inputs) == {"app", "web"}
    unread = live._replace(policy=LiveRegistryPolicy(READ_FAILED, "V2"))
    assert touched_repositories(unread, inputs) == frozenset()


def test_where_nobody_read_it_nothing_is_planned() -> None:
    assert planned(registry(app=None), asking(("*", grant()))).changes == ()


def test_a_missing_policy_is_written() -> None:
    change = change_of(planned(having(registry(app=None)), asking(("a*", grant()))))
    assert (change.change, change.before_text) == ("set", None)
    assert POLICY.same(change.after_text, doc(ours("a*")))
    assert [(str(one.on), one.kind) for one in change.access] == [("a*", "granted")]


@pytest.mark.parametrize(
    "live",
    [
        [ours("*")],
        [{**ours("*"), "Resource": "*"}],
        [ours("*"), on("app", allow(ROLE, GET, Sid="Covered"))],
        [on("*", allow([ROLE], PULL[:2])), {**ours("*"), "Resource": [at("*"), at("app")]}],
    ],
)
def test_the_same_meaning_is_no_change(live: list[Json]) -> None:
    plan = planned(having(registry(app=None), *live), asking(("*", grant())))
    assert (plan.changes, plan.errors) == ((), ())


def test_the_last_statement_removes_the_policy() -> None:
    change = change_of(planned(having(registry(app=None), ours("*")), asking()))
    assert (change.change, change.after_text, change.revoked, change.emptied) == (
        "delete",
        None,
        1,
        1,
    )


def test_statements_of_others_are_kept_and_ours_replaced() -> None:
    live = having(registry(app=None), ours("*", ROLE_B), on("x", OTHERS))
    change = change_of(planned(live, asking(("*", grant()))))
    assert change.kept == ("OfOthers",)
    assert POLICY.same(change.after_text, doc(ours("*"), on("x", OTHERS)))


def test_statements_of_others_are_removed_where_the_file_says_so() -> None:
    live = having(registry(app=None), ours("*"), on("x", OTHERS))
    change = change_of(planned(live, asking(("*", grant()), remove=True)))
    assert POLICY.same(change.after_text, doc(ours("*")))


def test_a_statement_of_the_file_is_not_kept_a_second_time() -> None:
    raw = on("x", OTHERS)
    live = having(registry(app=None), raw, raw)
    change = change_of(planned(live, asking(("*", grant()), statements=(raw,))))
    assert (change.after_text or "").count("OfOthers") == 1
    assert change.kept == ()


def test_an_unreadable_policy_is_not_written_over() -> None:
    live = registry(app=None)._replace(policy=LiveRegistryPolicy('{"Statement": "?"}', "V2"))
    plan = planned(live, asking(("*", grant())))
    assert [(e.target, e.rule) for e in plan.errors] == [(POLICY, RuleId.UNREADABLE_POLICY)]
    assert "registry_statements" in plan.errors[0].message
    assert plan.changes == ()


def test_an_unreadable_policy_is_replaced_where_others_are_removed_and_counts_fully() -> None:
    text = '{"Statement": ["999900001111", "444455556666"]}'
    live = registry(app=None, web=None)._replace(policy=LiveRegistryPolicy(text, "V2"))
    plan = planned(live, asking(("*", grant()), remove=True))
    change = change_of(plan)
    assert (change.revoked, plan.live_grants) == (4, 4)
    strict = Guards(max_revoked=Limit(30, 3))
    assert [r.guard for r in refused(plan, strict)] == [RuleId.MAX_REVOKED]


def refused(plan: Plan, guards: Guards, allowances: Allowances | None = None) -> list[Refusal]:
    return list(check_guards(plan, guards, allowances or Allowances(), lambda _scope: ROLE, {}))


@pytest.mark.parametrize("scope", ["V1", READ_FAILED])
def test_what_is_not_enforced_is_an_error_that_names_the_setting(
    scope: PolicyScope | ReadFailure,
) -> None:
    plan = planned(having(registry(app=None), scope=scope), asking(("*", grant())))
    errors = [e for e in plan.errors if e.rule is RuleId.REGISTRY_POLICY_SCOPE]
    assert [e.target for e in errors] == [POLICY]
    assert "REGISTRY_POLICY_SCOPE" in errors[0].message
    assert plan.changes == ()


def test_what_every_scope_enforces_is_written_under_each() -> None:
    plan = planned(having(registry(app=None), scope="V1"), asking(("*", REPLICATES)))
    assert plan.errors == ()
    assert change_of(plan).change == "set"


@pytest.mark.parametrize("failure", [READ_FAILED, DENIED])
def test_a_policy_that_was_not_read_is_an_error(failure: ReadFailure) -> None:
    live = registry(app=None)._replace(policy=LiveRegistryPolicy(failure))
    plan = planned(live, asking(("*", grant())))
    assert [(e.target, e.rule) for e in plan.errors] == [(POLICY, failure.rule)]
    assert plan.changes == ()


def test_a_denied_scope_is_a_finding_where_it_makes_no_difference() -> None:
    plan = planned(having(registry(app=None), scope=DENIED), asking(("*", REPLICATES)))
    assert plan.errors == ()
    assert [f.rule for f in plan.findings] == [RuleId.REGISTRY_POLICY_UNREAD]


def test_a_bad_statement_is_an_error() -> None:
    bad = {**on("*", allow(ROLE)), "Effect": "Perhaps"}
    plan = planned(having(registry(app=None)), asking(statements=(bad,)))
    assert [e.rule for e in plan.errors] == [RuleId.BAD_STATEMENT]


def test_a_policy_that_is_too_large_is_an_error() -> None:
    many = tuple((f"team-{n:03}/*", grant()) for n in range(200))
    plan = planned(having(registry(app=None)), asking(*many))
    assert [e.rule for e in plan.errors] == [RuleId.POLICY_TOO_LARGE]


def test_a_kept_statement_that_would_change_its_meaning_is_an_error() -> None:
    old = doc({**allow(ROLE, GET, Sid="Old"), "Resource": at("${x}")}, version="2008-10-17")
    live = registry(app=None)._replace(policy=LiveRegistryPolicy(old, "V2"))
    plan = planned(live, asking(("*", grant())))
    assert [e.rule for e in plan.errors] == [RuleId.KEPT_STATEMENT]


class TestCounts:
    """A grant counts once for each live repository that it matches, and at least once."""

    def test_of_a_new_grant(self) -> None:
        live = having(registry(app=None, api=None, web=None))
        change = change_of(planned(live, asking(("a*", grant()), ("none/*", grant(B)))))
        assert (change.granted, change.revoked) == (3, 0)

    def test_of_a_removed_grant(self) -> None:
        live = having(registry(app=None, api=None, web=None), ours("a*"), ours("none/*", ROLE_B))
        plan = planned(live, asking(("web", REPLICATES)))
        assert (change_of(plan).revoked, plan.live_grants) == (3, 3)

    def test_of_two_patterns_that_match_one_repository(self) -> None:
        live = having(registry(app=None), ours("a*"), on("*p", allow(ROLE, PULL)))
        assert change_of(planned(live, asking(remove=True))).revoked == 1

    def test_of_a_new_deny(self) -> None:
        live = having(registry(app=PULLS, web=None))
        inputs = asking(statements=(on("*", deny("*", GET)),))
        plan = planned(live, inputs, desired(grant()))
        assert change_of(plan).revoked == 1

    def test_of_a_new_deny_on_repositories_that_were_not_read(self) -> None:
        inputs = asking(statements=(on("*", deny("*", GET)),))
        plan = planned(having(registry(app=READ_FAILED, _web=None)), inputs, desired(grant()))
        assert change_of(plan).revoked == 2

    def test_of_a_new_deny_on_a_repository_that_is_read_and_not_managed(self) -> None:
        inputs = asking(statements=(on("*", deny("*", GET)),))
        live = having(registry(app=None, web=doc(allow([ROLE, ROLE_B], PULL))))
        assert change_of(planned(live, inputs)).revoked == 2

    def test_of_a_removed_deny(self) -> None:
        live = having(registry(app=PULLS, web=None), on("*", deny("*", GET)))
        plan = planned(live, asking(remove=True), desired(grant()))
        assert change_of(plan).granted == 2

    def test_of_a_repositorys_own_deny(self) -> None:
        closed = allow([ROLE, ROLE_B], PULL)
        live = having(registry(app=doc(deny("*", GET)), web=None), on("*", closed))
        wanted = [desired(), desired(statements=[deny("*", GET)], repository="web")]
        app, web = planned(live, PlanInputs(), *wanted).changes
        assert (app.granted, web.revoked) == (2, 2)

    def test_of_others_is_part_of_what_is_live(self) -> None:
        live = having(registry(app=None, web=None), ours("*"), on("*", OTHERS))
        assert planned(live, asking(("*", grant()))).live_grants == 4

    def test_of_deleted_principals(self) -> None:
        live = having(registry(app=None), ours("*", GONE), ours("x", GONE))
        plan = planned(live, asking(("*", grant())))
        assert (change_of(plan).revoked, plan.live_grants) == (0, 0)

    def test_of_an_expired_grant(self) -> None:
        over = grant(condition=OVER, until=UNTIL)
        statement = on("a*", allow(ROLE, PULL, dict_of(over), Sid="EcrAccessPull"))
        live = having(registry(app=None), statement)
        plan = planned(live, asking(expired=(("a*", over),)))
        assert (change_of(plan).revoked, plan.live_grants) == (0, 0)
        assert [f.rule for f in plan.findings] == [RuleId.EXPIRED]
        assert without_expired(plan).changes == ()


def dict_of(one: Grant) -> Json:
    return UNTIL_PAST if one.condition else {}


class TestMoves:
    """Access that moves from one policy to the other is not lost, not even for a moment."""

    def test_to_the_registrys_policy(self) -> None:
        live = having(registry(app=PULLS, web=PULLS))
        wanted = [carried(name, by_registry=grant()) for name in ("app", "web")]
        plan = planned(live, asking(("*", grant())), *wanted)
        own = [one for one in plan.changes if one.target != POLICY]
        assert [(one.revoked, one.emptied, one.relies_on) for one in own] == [(0, 0, (POLICY,))] * 2
        assert change_of(plan).relies_on == ()
        assert refused(plan, Guards()) == []

    def test_to_the_repositories_policies(self) -> None:
        live = having(registry(app=None, web=None), ours("*"))
        wanted = [desired(grant(), repository=name) for name in ("app", "web")]
        plan = planned(live, asking(), *wanted)
        change = change_of(plan)
        assert change.relies_on == (Target("app", SCOPE), Target("web", SCOPE))
        assert (change.revoked, change.emptied) == (0, 0)
        assert all(one.relies_on == () for one in plan.changes if one.target != POLICY)

    def test_a_part_of_a_pattern_of_actions(self) -> None:
        live = having(registry(app=None), ours("*"), on("app", allow(ROLE, "ecr:*")))
        plan = planned(live, asking(("*", grant()), remove=True), desired(grant(tier="push")))
        assert change_of(plan).relies_on == (Target("app", SCOPE),)

    def test_both_ways_at_once_relies_on_the_registrys_policy(self) -> None:
        live = having(registry(app=PULLS), ours("*", ROLE_B))
        plan = planned(live, asking(("*", grant())), carried("app", grant(B), by_registry=grant()))
        (own,) = (one for one in plan.changes if one.target != POLICY)
        assert (own.relies_on, change_of(plan).relies_on) == ((POLICY,), ())

    def test_what_others_give_there_does_not_count(self) -> None:
        live = having(registry(app=PULLS), on("*", allow(ROLE, PULL, Sid="OfOthers")))
        plan = planned(live, asking(), desired(repository="app"))
        (own,) = plan.changes
        assert (own.revoked, own.emptied, own.relies_on) == (1, 1, ())

    @pytest.mark.parametrize(
        ("live", "inputs"),
        [
            pytest.param(having(registry(app=PULLS), scope="V1"), asking(("*", grant())), id="V1"),
            pytest.param(having(registry(app=PULLS)), PlanInputs(), id="not selected"),
            pytest.param(
                registry(app=PULLS)._replace(policy=LiveRegistryPolicy(READ_FAILED, "V2")),
                asking(("*", grant())),
                id="not read",
            ),
        ],
    )
    def test_what_the_registrys_policy_will_not_carry_is_not_taken_away(
        self, live: LiveRegistry, inputs: PlanInputs
    ) -> None:
        plan = planned(live, inputs, carried("app", by_registry=grant()))
        assert plan.changes == ()
        assert [e.rule for e in plan.errors if e.target != POLICY] == [RuleId.NOT_CARRIED]

    def test_what_is_not_to_be_carried_is_taken_away_all_the_same(self) -> None:
        live = having(registry(app=doc(allow(ROLE_B, PULL))))
        (own,) = planned(live, PlanInputs(), carried("app", by_registry=grant())).changes
        assert own.revoked == 1

    @pytest.mark.parametrize("broken", [READ_FAILED, MALFORMED])
    def test_what_a_repositorys_policy_can_not_give_instead_stays(
        self, broken: str | ReadFailure
    ) -> None:
        live = having(registry(app=broken, web=PULLS, api=broken), ours("*"))
        inputs = asking(("web", grant(B)))._replace(ownership=Ownership("keep"))
        wanted = [desired(grant(), repository=name) for name in ("app", "web", "api")]
        plan = planned(live, inputs, *wanted)
        assert plan.changes == ()
        errors = [e.message for e in plan.errors if e.target == POLICY]
        assert [m.startswith("api and 1 more: the registry's policy gives") for m in errors] == [
            True
        ]

    def test_what_moves_there_stays_where_it_is_if_the_registrys_policy_has_to(self) -> None:
        live = having(registry(app=READ_FAILED, web=PULLS), ours("app", ROLE_B))
        wanted = [desired(grant(B)), carried("web", by_registry=grant())]
        plan = planned(live, asking(("web", grant())), *wanted)
        assert plan.changes == ()
        assert [(e.target.repository, e.rule) for e in plan.errors] == [
            ("*", RuleId.NOT_CARRIED),
            ("app", RuleId.READ_FAILED),
            ("web", RuleId.NOT_CARRIED),
        ]

    def test_an_error_on_a_repository_that_loses_nothing_holds_nothing_back(self) -> None:
        live = having(registry(app=READ_FAILED), ours("*", ROLE_B))
        plan = planned(live, asking(), desired(grant()))
        assert [one.target for one in plan.changes] == [POLICY]

    def test_what_is_lost_besides_is_counted(self) -> None:
        live = having(registry(app=doc(allow([ROLE, ROLE_B], PULL))))
        plan = planned(live, asking(("*", grant())), carried("app", by_registry=grant()))
        (own,) = (one for one in plan.changes if one.target != POLICY)
        assert (own.revoked, own.emptied) == (1, 2)


class TestGuards:
    """The guards hold for the registry's policy as for others."""

    def test_public_by_pattern(self) -> None:
        public = grant(EVERYONE)
        plan = planned(having(registry(app=None)), asking(("site/*", public)))
        (refusal,) = check_public(plan.changes, ["other/*"])
        assert refusal.message == (
            "the registry's new policy (us-west-2) is public: it gives access to AWS accounts that "
            "it does not name on site/*"
        )
        assert list(check_public(plan.changes, ["site*"])) == []

    @pytest.mark.parametrize(
        "where", [{"NotResource": at("secret/*")}, {"Resource": "arn:aws:ecr:*"}]
    )
    def test_public_on_what_is_no_pattern_of_names(self, where: Json) -> None:
        inputs = asking(statements=({**allow("*", PULL), **where},))
        changes = planned(having(registry(app=None)), inputs).changes
        assert [r.target for r in check_public(changes, ["a*"])] == [POLICY]
        assert list(check_public(changes, ["*"])) == []

    def test_patterns_of_one_statement_have_the_same_risks(self) -> None:
        public = grant(EVERYONE)
        asked = asking(("site/*", public), ("other/*", public))
        risks = change_of(planned(having(registry(app=None)), asked)).risks
        assert {risk.on for risk in risks if risk.name == RuleId.PUBLIC} == {"other/*", "site/*"}

    def test_a_second_public_pattern(self) -> None:
        public = grant(EVERYONE)
        live = having(registry(app=None), on("site/*", allow("*", PULL)))
        plan = planned(live, asking(("site/*", public), ("app", public)))
        assert [r.target for r in check_public(plan.changes, ["site/*"])] == [POLICY]

    def test_a_removed_deny_that_kept_a_repository_closed(self) -> None:
        public = doc(allow("*", PULL))
        live = having(registry(app=public), on("*", deny("*", PULL)))
        plan = planned(live, asking(remove=True), desired(grant(EVERYONE)))
        assert ["app" in r.message for r in check_public(plan.changes, [])] == [True]
        assert list(check_public(plan.changes, ["app"])) == []

    def test_an_unread_repository_that_a_removed_deny_may_open_is_marked(self) -> None:
        live = having(registry(app=None), on("*", deny("*", PULL)))
        risks = change_of(planned(live, asking(remove=True))).risks
        assert [risk.name for risk in risks] == [RuleId.DENY_REMOVED]

    def test_a_deny_that_locks_the_caller_out(self) -> None:
        inputs = asking(statements=(on("*", deny("*", "ecr:PutRegistryPolicy")),))
        plan = planned(having(registry(app=None)), inputs)
        refusals = list(check_lock_out(plan.changes, frozenset(), lambda _scope: ROLE))
        assert [r.target for r in refusals] == [POLICY]

    def test_emptied(self) -> None:
        plan = planned(having(registry(app=None), ours("*")), asking())
        (refusal,) = refused(plan, Guards(max_revoked=None))
        assert "no principal would keep access by the registry's policy (us-west-2)" in str(refusal)
        assert refused(plan, Guards(max_revoked=None), Allowances(empty=frozenset({"*"}))) == []


NO_PUSH = NeverRule("push", BUILT_IN_TIERS["push"], (NamedPrincipal(ROLE_A),), "a only runs")


class TestNever:
    """A never rule is broken by whichever policy gives the tier."""

    def test_by_what_is_planned(self) -> None:
        inputs = asking(("*", grant(tier="push")))._replace(never=(NO_PUSH,))
        plan = planned(having(registry(app=None)), inputs, carried("app", by_registry=grant()))
        (broken,) = plan.violations
        assert (broken.policy, broken.repaired) == ("planned-registry", False)
        assert "by the registry's policy as planned" in broken.has
        assert any("the plan adds it" in f.message for f in plan.findings)
        assert any("never" in str(r) for r in refused(plan, Guards()))

    def test_what_the_plan_removes_is_repaired(self) -> None:
        live = having(registry(app=None), on("*", allow(ROLE, "ecr:PutImage", Sid="EcrAccessX")))
        inputs = asking()._replace(never=(NO_PUSH,))
        plan = planned(live, inputs, desired(grant(B)))
        assert [(v.policy, v.repaired) for v in plan.violations] == [("registry", True)]

    def test_on_an_unmanaged_repository(self) -> None:
        inputs = asking(("*", grant(tier="push")))._replace(never=(NO_PUSH,))
        plan = planned(having(registry(app=None)), inputs)
        assert [(v.target.repository, v.policy) for v in plan.violations] == [
            ("app", "planned-registry")
        ]


PATTERNS = ["*", "a*", "app", "web", "none/*"]
GRANTS = [
    grant(),
    grant(B),
    grant(tier="push"),
    grant(EVERYONE, condition=ORG),
    REPLICATES,
]
STATEMENTS = [
    *(ours(p, who) for p in PATTERNS for who in (ROLE, ROLE_B)),
    *(on(p, allow(ROLE_B, GET, Sid="OfOthers")) for p in PATTERNS),
    on("a*", deny(ROLE_B, GET, Sid="Closed")),
    {**ours("*"), "Resource": [at("a*"), at("web")]},
]


@given(
    st.lists(st.tuples(st.sampled_from(PATTERNS), st.sampled_from(GRANTS)), max_size=5),
    st.lists(st.sampled_from(STATEMENTS), max_size=5),
    st.booleans(),
)
def test_after_an_apply_nothing_is_left_to_do(
    wanted: list[tuple[str, Grant]], live: list[Json], remove: bool
) -> None:
    grants: dict[str, tuple[Grant, ...]] = {}
    for pattern, one in wanted:
        grants[pattern] = (*grants.get(pattern, ()), one)
    inputs = asking(remove=remove)._replace(
        registry_policy=DesiredRegistryPolicy(tuple(sorted(grants.items(), key=lambda p: p[0]))),
    )
    found = having(registry(app=None, api=None, web=None), *live)
    plan = planned(found, inputs)
    for change in plan.changes:
        applied = found._replace(policy=LiveRegistryPolicy(change.after_text, "V2"))
        again = planned(applied, inputs)
        assert (again.changes, again.errors) == ((), ())
        assert change.access


def test_what_the_file_says_there_is_no_finding() -> None:
    raw = on("*", deny(ROLE_B, GET, Sid="Closed"))
    live = having(registry(app=PULLS), raw, ours("*"))
    plan = planned(live, asking(("*", grant()), statements=(raw,)), desired(grant()))
    assert (plan.changes, plan.findings) == ((), ())


def test_what_others_say_there_is_a_finding() -> None:
    live = having(registry(app=PULLS), on("*", deny(ROLE_B, GET, Sid="Closed")), ours("*"))
    plan = planned(live, asking(("*", grant())), desired(grant()))
    assert [f.rule for f in plan.findings] == [RuleId.REGISTRY_POLICY_DENIES]


@pytest.mark.parametrize(
    ("who", "do", "refuses"),
    [
        (ROLE, "ecr:StartImageScan", False),
        ("*", "ecr:DeleteRepository", False),
        ("*", "ecr:PutRegistryPolicy", True),
        ("*", "ecr:SetRepositoryPolicy", True),
        ("*", "ecr:*", True),
        (ROLE_B, "ecr:*", False),
    ],
)
def test_of_the_registrys_policy_a_deny_counts_that_is_about_the_caller_and_a_policy(
    who: str, do: str, refuses: bool
) -> None:
    inputs = asking(statements=(on("*", deny(who, do)),))
    changes = planned(having(registry(app=None)), inputs).changes
    caller = "arn:aws:iam::111122223333:user/admin"
    assert bool(list(check_lock_out(changes, frozenset(), lambda _scope: caller))) is refuses
