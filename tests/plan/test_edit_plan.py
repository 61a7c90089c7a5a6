"""A plan of an edit alone: what is live and the edit, without drift.

The oracle is a three-way merge of facts: what the earlier version and the live policies agree on
becomes what is desired, all else stays.
"""

import json
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.access import Desired, DesiredRegistryPolicy
from reconciler.model.registry import (
    LiveRegistry,
    LiveRegistryPolicy,
    ReadFailure,
    RepositorySettings,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import CreationTemplate, read_template
from reconciler.plan.causes import ComparedWith, LeftOut
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.edits.edit_plan import Earlier, compute_edit_plan
from reconciler.plan.model import Plan
from reconciler.policy import (
    BUILT_IN_TIERS,
    Facts,
    HeldFacts,
    Holder,
    NamedPrincipal,
    NeverRule,
    Ownership,
    RegistryFacts,
    facts_of_policy,
    read_registry_policy,
    registry_facts_of,
    uncovered_facts,
)
from tests.effort import examples
from tests.plan.making import (
    ALICE,
    APP,
    SCOPE,
    B,
    desired,
    grant,
    live,
    registry,
)
from tests.plan.test_causes import OF_ONE, subsets
from tests.plan.test_templates import having, live_template, wanted
from tests.policy.making import GET, PULL, PUT, ROLE, ROLE_B, USER, Json, allow, deny, doc
from tests.policy.random_policies import policies
from tests.policy.random_registries import PREFIX, at, registry_policies

bounded = examples(60)
VERSION = ComparedWith("main", "9c" * 20, "ef" * 32)
OURS = registry_target(SCOPE)
SIDS = st.sampled_from([{}, {"Sid": "EcrAccessPull"}, {"Sid": "Other"}])
KEEPING = PlanInputs(Ownership("keep"))
SOME_ACTIONS = (GET, PUT, "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy")


def with_sids(found: st.SearchStrategy[list[Json]]) -> st.SearchStrategy[list[Json]]:
    return found.flatmap(
        lambda drawn: st.lists(SIDS, min_size=len(drawn), max_size=len(drawn)).map(
            lambda sids: [{**one, **sid} for one, sid in zip(drawn, sids, strict=True)]
        )
    )


def edit_plan(
    found: LiveRegistry,
    asked: Iterable[Desired],
    base: Iterable[Desired],
    given_: PlanInputs | None = None,
    base_inputs: PlanInputs | None = None,
) -> Plan:
    """Plan what `asked` changes since `base`."""
    inputs = given_ or PlanInputs()
    older = tuple(base)

    def plan_of(seen: LiveRegistry) -> Plan:
        return compute_plan(older, seen, base_inputs or inputs)

    return compute_edit_plan(asked, found, inputs, earlier=Earlier(VERSION, plan_of))


def raw(statements: Iterable[Json]) -> Desired:
    return desired(statements=statements)


def after(plan: Plan, found: LiveRegistry) -> Facts:
    """Return what the policy of `app` means once a plan is applied."""
    for change in plan.changes:
        return facts_of_policy(change.after)
    return facts_of_policy(APP.read(found.repositories["app"].policy_text))  # type: ignore[arg-type]


def has(facts: Facts, holder: Holder, action: object) -> bool:
    return not uncovered_facts({holder: frozenset({action})}, by=facts)  # type: ignore[arg-type]


def merged(live_: bool, base: bool, asked: bool) -> bool:
    return asked if base == live_ else live_


def is_refused(plan: Plan) -> bool:
    """Whether the edit and drift are about the same access; nothing is written then."""
    assert not plan.errors or (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])
    return bool(plan.errors)


@bounded
@given(subsets(with_sids(policies | OF_ONE)), st.sampled_from([PlanInputs(), KEEPING]))
def test_the_policy_to_come_is_a_three_way_merge(
    drawn: tuple[list[Json], ...], inputs: PlanInputs
) -> None:
    found_, base, asked = drawn
    found = live(*found_)
    plan = edit_plan(found, [raw(asked)], [raw(base)], inputs)
    assume(not is_refused(plan))
    assert plan.causes is not None
    assert {one.whole for one in plan.causes.by_target.values()} <= {"edit"}
    old, new = (after(compute_plan([raw(one)], found, inputs), found) for one in (base, asked))
    is_live, result = after(Plan(), found), after(plan, found)
    known = {(h, a) for facts in (is_live, new) for h, actions in facts.items() for a in actions}
    for holder, action in known:
        sides = (has(facts, holder, action) for facts in (is_live, old, new))
        assert has(result, holder, action) == merged(*sides), (holder, action)
    of_all = {h for facts in (is_live, old, new) for h in facts}
    for holder, action in product(of_all, SOME_ACTIONS):
        if all(has(facts, holder, action) for facts in (is_live, old, new)):
            assert has(result, holder, action), (holder, action)
    assert {(h, a) for h, actions in result.items() for a in actions} <= known


@bounded
@given(subsets(with_sids(policies | OF_ONE)))
def test_without_drift_it_is_the_whole_plan_and_without_an_edit_nothing(
    drawn: tuple[list[Json], ...],
) -> None:
    found, asked = live(*drawn[0]), raw(drawn[1])
    whole = compute_plan([asked], found, PlanInputs())
    in_force = raw(drawn[0])
    assert edit_plan(found, [asked], [in_force]).changes == whole.changes
    nothing = edit_plan(found, [asked], [asked])
    assert nothing.changes == ()
    assert nothing.causes is not None
    assert nothing.causes.left_out == LeftOut(len(whole.changes), 0)
    assert (nothing.in_sync, nothing.live_grants) == (whole.in_sync, whole.live_grants)


def having_policy(*statements: Json) -> LiveRegistry:
    text = doc(*statements) if statements else None
    return registry(app=None)._replace(policy=LiveRegistryPolicy(text, "V2"))


def of_registry(statements: Iterable[Json], *, keep: bool = False) -> PlanInputs:
    return PlanInputs(
        registry_policy=DesiredRegistryPolicy(statements=tuple(statements)),
        registry_ownership=Ownership("keep" if keep else "remove"),
    )


def registry_after(plan: Plan, found: LiveRegistry) -> RegistryFacts:
    assert found.policy is not None
    text = next((c.after_text for c in plan.changes if c.target == OURS), found.policy.text)
    policy = read_registry_policy(text)  # type: ignore[arg-type]
    return registry_facts_of(policy.statements, PREFIX)  # type: ignore[union-attr]


@bounded
@given(subsets(with_sids(registry_policies)), st.booleans())
def test_the_registrys_policy_is_a_three_way_merge_as_well(
    drawn: tuple[list[Json], ...], keep: bool
) -> None:
    found_, base, asked = drawn
    found = having_policy(*found_)
    older, newer = (of_registry(one, keep=keep) for one in (base, asked))
    plan = edit_plan(found, [], [], newer, older)
    assume(not is_refused(plan))
    old, new = (registry_after(compute_plan([], found, one), found) for one in (older, newer))
    is_live, result = registry_after(Plan(), found), registry_after(plan, found)
    known = {
        (part, holder, action)
        for facts in (is_live, new)
        for part, own in facts.items()
        for holder, actions in own.items()
        for action in actions
    }
    held = [HeldFacts(facts) for facts in (is_live, old, new)]
    of_result = HeldFacts(result)
    for part, holder, action in known:
        sides = (has(facts.on(part), holder, action) for facts in held)
        assert has(of_result.on(part), holder, action) == merged(*sides), (part, holder, action)
    assert {(p, h, a) for p, own in result.items() for h, aa in own.items() for a in aa} <= known


def statements_of(plan: Plan) -> list[Json]:
    (change,) = plan.changes
    found: list[Json] = json.loads(change.after_text or '{"Statement": []}')["Statement"]
    return found


def test_a_statement_that_is_not_split_stays_as_it_is_written() -> None:
    by_hand = allow([ROLE_B], GET, Sid="By hand")
    found = live(by_hand, allow([ROLE, USER], [GET, PUT], Sid="EcrAccessBoth"))
    base = raw([allow([ROLE, USER], [GET, PUT])])
    asked = raw([allow(ROLE, GET), allow(USER, [GET, PUT])])
    plan = edit_plan(found, [asked], [base])
    written = {one["Sid"]: one for one in statements_of(plan)}
    assert written["By hand"] == by_hand
    assert sorted(written) == ["By hand", "EcrAccessBoth", "EcrAccessBoth2"]
    assert sorted(one["Principal"]["AWS"] for one in written.values() if "Both" in one["Sid"]) == [
        ROLE,
        USER,
    ]
    assert plan.causes is not None
    assert plan.causes.left_out == LeftOut(0, 1)


MADE_HERE = "Managed by reconcile"
MALFORMED = '{"Statement": [{"Effect": "Perhaps"}]}'
ASKED, BASE = desired(grant(), grant(B)), desired(grant())
"""The edit adds the role `b`."""


def rules_of(plan: Plan) -> list[RuleId]:
    return [error.rule for error in plan.errors]


def left_out(plan: Plan) -> LeftOut | None:
    assert plan.causes is not None
    return plan.causes.left_out


def test_a_policy_that_is_not_understood_is_left_alone_or_an_error() -> None:
    found = registry(app=MALFORMED)
    for base in ([], [BASE]):
        plan = edit_plan(found, [ASKED], base)
        assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])
    assert "not understood" in edit_plan(found, [ASKED], []).errors[0].message
    plan = edit_plan(found, [ASKED], [ASKED])
    assert (plan.changes, plan.errors, left_out(plan)) == ((), (), LeftOut(1, 0))


def test_where_the_earlier_version_can_not_be_planned_it_is_an_error() -> None:
    odd = desired(statements=[{"Effect": "Perhaps"}])
    plan = edit_plan(live(allow(ROLE_B)), [ASKED], [odd])
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])


ACCOUNT = "arn:aws:iam::444455556666:root"
SECURE = {"Bool": {"aws:SecureTransport": "true"}}


@pytest.mark.parametrize(
    ("base", "found", "asked"),
    [
        # Others removed a part of what the edit removes; the rest of it is in all three.
        ([deny(ROLE, "ecr:*Image"), deny(ROLE, "ecr:Put*")], 0, 1),
        ([deny("*", "ecr:Put*", SECURE), deny(ROLE, PUT)], 0, 1),
        ([deny("*", PUT), deny(ROLE, PUT)], 0, 1),
        ([allow(ROLE, "ecr:*", SECURE), allow(ROLE, GET)], 0, 1),
        ([allow(ACCOUNT, GET), allow(ROLE, GET)], 0, 1),
        # Others removed a Deny that limits what the edit gives.
        ([deny(ROLE, PUT)], None, [deny(ROLE, PUT), allow(ACCOUNT, PUT)]),
        # The edit removes a Deny that limits what others gave.
        ([deny(ACCOUNT, PUT)], [deny(ACCOUNT, PUT), allow(ROLE, PUT)], None),
    ],
)
def test_an_edit_that_concerns_the_same_access_as_drift_is_an_error(
    base: list[Json], found: int | list[Json] | None, asked: int | list[Json] | None
) -> None:
    def version(one: int | list[Json] | None) -> list[Json]:
        return [base[one]] if isinstance(one, int) else one or []

    own = allow(USER, GET)
    plan = edit_plan(live(*version(found), own), [raw([*version(asked), own])], [raw([*base, own])])
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])


def test_an_edit_of_others_is_planned_beside_such_drift() -> None:
    base = [deny(ROLE, PUT), allow(USER, [GET, PUT]), allow(ROLE_B, GET)]
    found = live(allow(USER, [GET, PUT]), allow(ROLE_B, GET))
    plan = edit_plan(
        found, [raw([deny(ROLE, PUT), allow(USER, GET), allow(ROLE_B, GET)])], [raw(base)]
    )
    assert (len(plan.changes), plan.errors) == (1, ())


@pytest.mark.parametrize("asked", [[], [desired()]])
def test_an_edit_that_takes_away_is_an_error_on_a_policy_that_is_not_understood(
    asked: list[Desired],
) -> None:
    found = live({**allow(ROLE, sorted(grant().actions)), "Foo": 1})
    plan = edit_plan(found, asked or [desired(grant(B))], [desired(grant(), grant(B))])
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])


@pytest.mark.parametrize(
    ("ours", "theirs", "is_apart"),
    [
        ({"Resource": at("a/*")}, {"Resource": at("*/b")}, False),
        ({"Resource": at("a/*")}, {"Resource": at("b/*")}, True),
        ({"Resource": at("a/*")}, {"NotResource": [at("b"), at("c/*")]}, False),
    ],
)
def test_parts_of_a_registrys_policy_are_apart_by_their_repositories(
    ours: Json, theirs: Json, is_apart: bool
) -> None:
    drifted, edited = ({**deny(ROLE, PUT), **one} for one in (theirs, ours))
    own = allow(USER, GET, Resource=at("*"))
    base, asked = of_registry([drifted, edited, own]), of_registry([drifted, own])
    plan = edit_plan(having_policy(edited, own), [], [], asked, base)
    assert rules_of(plan) == ([] if is_apart else [RuleId.MIXED_WITH_DRIFT])


def test_a_policy_that_our_version_reads_otherwise_is_an_error() -> None:
    team = allow(ROLE_B, PUT, {"StringEquals": {"aws:PrincipalTag/team": "${team}"}})
    in_force = allow(ROLE, [*grant().actions])
    found = live(team, in_force, version="2008-10-17")
    plan = edit_plan(found, [ASKED], [BASE])
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])
    assert len(edit_plan(live(team, in_force), [ASKED], [BASE]).changes) == 1


def test_a_policy_that_would_be_too_long_is_an_error() -> None:
    by_hand = [allow(f"arn:aws:iam::444455556666:role/{n}{'x' * 60}") for n in range(70)]
    found = live(*by_hand[:55], allow(ROLE, [*grant().actions]))
    many = [allow(f"arn:aws:iam::444455556666:role/more-{n}{'x' * 50}") for n in range(20)]
    asked = desired(grant(), statements=many)
    plan = edit_plan(found, [asked], [BASE])
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.POLICY_TOO_LARGE])


def test_a_repository_is_created_only_where_the_edit_alone_does() -> None:
    creating = PlanInputs(to_create={"app": RepositorySettings()})
    none = registry()
    made = edit_plan(none, [ASKED], [ASKED], creating, PlanInputs())
    assert [change.change for change in made.changes] == ["create"]
    left = edit_plan(none, [ASKED], [ASKED], creating)
    assert (left.changes, left.errors, left_out(left)) == ((), (), LeftOut(1, 0))
    mixed = edit_plan(none, [ASKED], [BASE], creating)
    assert (mixed.changes, rules_of(mixed)) == ((), [RuleId.MIXED_WITH_DRIFT])


def test_what_the_whole_plan_can_not_do_stays_an_error() -> None:
    found = registry(app=doc(allow(ROLE_B)), b=None)
    missing = desired(grant(), repository="gone")
    odd = desired(statements=[{"Effect": "Perhaps"}], repository="b")
    plan = edit_plan(found, [ASKED, missing, odd], [])
    assert [change.target.repository for change in plan.changes] == ["app"]
    assert [(e.target.repository, e.rule) for e in plan.errors] == [
        ("b", RuleId.BAD_STATEMENT),
        ("gone", RuleId.MISSING_REPOSITORY),
    ]


def test_never_rules_are_judged_on_the_policy_to_come() -> None:
    rule = NeverRule("push", BUILT_IN_TIERS["push"], (NamedPrincipal(ALICE),), "she only pulls")
    never = PlanInputs(never=(rule,))
    by_hand = allow(USER, sorted(grant(tier="push").actions))
    found = live(allow(ROLE, sorted(grant().actions)), by_hand)
    (whole,) = compute_plan([ASKED], found, never).violations
    (limited,) = edit_plan(found, [ASKED], [BASE], never).violations
    assert (whole.repaired, limited.repaired) == (True, False)


def test_public_access_that_stays_is_a_finding() -> None:
    found = live(allow("*", GET), allow(ROLE, sorted(grant().actions)))
    for base, changes in ((BASE, 1), (ASKED, 0)):
        plan = edit_plan(found, [ASKED], [base])
        assert len(plan.changes) == changes
        assert [one.rule for one in plan.findings] == [RuleId.PUBLIC]
    assert compute_plan([ASKED], found, PlanInputs()).findings == ()


def test_a_kept_statement_is_not_written_twice() -> None:
    kept = allow(ROLE_B, GET, Sid="Other", Resource="*")
    ours = allow([ROLE, USER], sorted(grant().actions), Sid="EcrAccessPull", Resource="*")
    plan = edit_plan(live(kept, ours), [desired(grant(), grant(B))], [desired(grant())], KEEPING)
    (change,) = plan.changes
    assert change.kept == ("Other",)
    sids = [one["Sid"] for one in statements_of(plan)]
    assert sorted(map(str, sids)) == ["EcrAccessPull", "EcrAccessPull2", "Other"]
    assert "Resource" not in (change.after_text or "")


def test_the_registrys_policy_keeps_what_a_repository_will_not_give_instead() -> None:
    # The earlier version moved the access to the repository, which is not in force.
    carries = doc(allow(ROLE, PULL, Resource=at("*"), Sid="EcrAccessPull"))
    found = registry(app=None)._replace(policy=LiveRegistryPolicy(carries, "V2"))
    asked = of_registry([], keep=True)
    base = of_registry([allow(ROLE, PULL, Resource=at("*"))], keep=True)
    own = desired(grant())
    assert len(compute_plan([own], found, asked).changes) == 2
    plan = edit_plan(found, [own], [own], asked, base)
    assert (plan.changes, rules_of(plan)) == ((), [RuleId.NOT_CARRIED])


def test_a_registrys_policy_that_drifted_stays() -> None:
    found = having_policy(allow(ROLE_B, GET, Resource=at("*")))
    asked = of_registry([])
    plan = edit_plan(found, [], [], asked)
    assert (plan.changes, left_out(plan)) == ((), LeftOut(1, 0))
    assert plan.live_grants == compute_plan([], found, asked).live_grants == 1


def test_equal_parts_of_a_registrys_statement_stay_together() -> None:
    def of(who: object, *names: str) -> Json:
        return allow(who, GET, Sid="EcrAccessPull", Resource=[at(name) for name in names])

    found = having_policy(of([ROLE, USER], "a", "b", "x"), allow(ROLE_B, GET, Resource=at("h")))
    base = of_registry([of([ROLE, USER], "a", "b", "x")])
    asked = of_registry([of([ROLE, USER], "x"), of(USER, "a", "b")])
    written = statements_of(edit_plan(found, [], [], asked, base))
    about = {str(one["Resource"]): one["Principal"] for one in written}
    assert about == {
        str([at("a"), at("b")]): {"AWS": USER},
        at("x"): {"AWS": [ROLE, USER]},
        at("h"): {"AWS": ROLE_B},
    }


TEMPLATE = wanted(grant(), grant(B))
BY_HAND = allow(USER, GET, Sid="By hand")
IN_FORCE = allow(ROLE, sorted(grant().actions), Sid="EcrAccessPull")


def of_templates(*found: CreationTemplate, asked: object, base: object) -> Plan:
    newer, older = (PlanInputs(templates=tuple(one)) for one in (asked, base))  # type: ignore[arg-type, var-annotated]
    return edit_plan(having(*found), [], [], newer, older)


def test_a_template_becomes_what_is_live_with_the_edit() -> None:
    events = ("CREATE_ON_PUSH", "REPLICATION")
    found = live_template(BY_HAND, IN_FORCE, applied_for=events, lifecyclePolicy="{}")
    (change,) = of_templates(found, asked=[TEMPLATE], base=[wanted(grant())]).changes
    made = read_template(change.after_text or "")
    assert (made.applied_for, made.rest) == (events, found.rest)
    text = made.policy_text or ""
    assert all(name in text for name in ("By hand", ROLE, ROLE_B))
    # The edit is about when the template applies, too.
    (change,) = of_templates(
        found._replace(applied_for=("CREATE_ON_PUSH",)),
        asked=[TEMPLATE._replace(applied_for=events)],
        base=[wanted(grant())],
    ).changes
    assert read_template(change.after_text or "").applied_for == events


def test_a_template_that_is_not_of_the_edit_stays() -> None:
    found, other = live_template(BY_HAND), live_template(prefix="other")
    asked = [TEMPLATE, wanted(grant(), pattern="other/*")]
    plan = of_templates(found, other, asked=asked, base=[TEMPLATE])
    assert [change.target.repository for change in plan.changes] == ["other"]
    assert left_out(plan) == LeftOut(1, 0)
    ours = live_template(BY_HAND, description=MADE_HERE)
    assert of_templates(ours, asked=[], base=[]).changes == ()


def test_a_template_that_both_versions_make_or_remove_is_an_error() -> None:
    for found, asked, base in (
        ((), [TEMPLATE], [wanted(grant())]),
        ((live_template(IN_FORCE, BY_HAND, description=MADE_HERE),), [], [wanted(grant())]),
        (
            (live_template(IN_FORCE, applied_for=("REPLICATION",)),),
            [TEMPLATE],
            [wanted(grant())._replace(applied_for=("PULL_THROUGH_CACHE",))],
        ),
    ):
        plan = of_templates(*found, asked=asked, base=base)
        assert (plan.changes, rules_of(plan)) == ((), [RuleId.MIXED_WITH_DRIFT])


def test_templates_that_were_not_read_are_an_error() -> None:
    failed = ReadFailure(RuleId.THROTTLED, "slow down")
    found = registry(app=doc(allow(ROLE_B)))._replace(templates=failed)
    plan = edit_plan(found, [ASKED], [], PlanInputs(templates=()))
    assert (len(plan.changes), rules_of(plan)) == (1, [RuleId.THROTTLED])
