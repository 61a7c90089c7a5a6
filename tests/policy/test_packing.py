"""Policies over the service's limit are packed tighter, and mean the same."""

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Grant, grant_facts
from reconciler.policy.compile import compile_policy, group_facts, tighter_groups
from reconciler.policy.language.actions import KNOWN_ACTIONS
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS, parse_document
from reconciler.policy.language.principals import EVERYONE, Principal, account_principal
from reconciler.policy.meaning.facts import facts_of
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.effort import examples

UNTIL = (("DateLessThan", "aws:currenttime", ("2027-01-01T00:00:00Z",)),)
TIERS = {
    **BUILT_IN_TIERS,
    "scan": frozenset({"ecr:DescribeImageScanFindings"}),
    "look": frozenset({"ecr:get*", "ecr:GetDownloadUrlForLayer"}),
}


def role(number: int) -> Principal:
    return Principal("AWS", (f"arn:aws:iam::444455556666:role/a-rather-long-name-{number:04}",))


def grant(principal: Principal, tier: str, condition: tuple = ()) -> Grant:
    return Grant(principal, None, tier, TIERS[tier], condition)


def many(principals: int, *tiers: str) -> list[Grant]:
    return [grant(role(n), tiers[n % len(tiers)]) for n in range(principals)]


def meaning(text: str | None):
    assert text is not None
    return facts_of(parse_document(text).statements)


def test_a_tier_with_a_pattern_is_not_written_with_what_it_covers() -> None:
    facts = grant_facts([grant(role(1), "look"), grant(role(1), "push"), grant(role(2), "look")])
    groups = tighter_groups(group_facts(facts), TIERS, lambda g: len(g.actions))
    assert {group.actions for group in groups} == {frozenset({"ecr:get*"}), TIERS["push"]}


def test_what_fits_keeps_the_readable_form() -> None:
    text = compile_policy(grant_facts(many(10, "pull", "push-pull")), [], TIERS)
    assert [s["Sid"] for s in json.loads(text)["Statement"]] == [
        "EcrAccessPull",
        "EcrAccessPushPull",
    ]


def test_accounts_become_bare_ids_only_where_room_is_short() -> None:
    accounts = [account_principal(f"{number:012}", "aws") for number in range(500)]
    few = compile_policy(grant_facts(grant(a, "pull") for a in accounts[:9]), [], TIERS)
    assert "arn:aws:iam::000000000000:root" in few
    facts = grant_facts(grant(a, "pull") for a in accounts)
    packed = compile_policy(facts, [], TIERS)
    assert '"000000000000"' in packed
    assert len(packed) <= MAX_POLICY_CHARACTERS
    assert meaning(packed) == facts


def test_sids_go_unless_our_statements_are_known_by_them() -> None:
    facts = grant_facts(many(200, "pull", "push-pull"))
    free = json.loads(compile_policy(facts, [], TIERS))["Statement"]
    owned = json.loads(compile_policy(facts, [], TIERS, owned_by_sid=True))["Statement"]
    assert all("Sid" not in statement for statement in free)
    assert [statement["Sid"] for statement in owned] == ["EcrAccess", "EcrAccess2"]
    assert [{**s, "Sid": 0} for s in owned] == [{**s, "Sid": 0} for s in free]


def test_raw_statements_are_carried_as_they_are() -> None:
    raw = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}
    text = compile_policy(grant_facts(many(200, "pull")), [raw], TIERS)
    assert raw in json.loads(text)["Statement"]


def test_many_combinations_of_tiers_share_statements() -> None:
    """Every combination spelled out would not fit; naming a principal more than once does."""
    actions = sorted(KNOWN_ACTIONS)
    tiers = {f"t{n}": frozenset(actions[4 * n : 4 * n + 4]) for n in range(7)}
    facts = grant_facts(
        Grant(role(number), None, tier, tiers[tier], ())
        for number, mix in enumerate(combinations(tiers, 3))
        for tier in mix
    )
    packed = compile_policy(facts, [], tiers)
    assert len(packed) <= MAX_POLICY_CHARACTERS
    assert meaning(packed) == facts
    assert len(json.loads(packed)["Statement"]) == 7
    assert len(group_facts(facts)) == 35


def test_a_group_of_few_is_dissolved_into_others() -> None:
    """One principal's push-pull costs more to spell out than to name it under pull and push."""
    grants = [
        *(grant(role(number), "pull") for number in range(90)),
        *(grant(role(number), "push") for number in range(90, 180)),
        *(grant(role(number), "lambda") for number in range(180, 184)),
        grant(role(500), "push-pull"),
    ]
    facts = grant_facts(grants)
    packed = compile_policy(facts, [], TIERS)
    assert len(json.loads(packed)["Statement"]) == 3
    assert meaning(packed) == facts


def test_actions_of_no_tier_are_packed_too() -> None:
    facts = grant_facts(many(180, "pull", "push"))
    packed = compile_policy(facts, [], {"pull": TIERS["pull"]})
    assert meaning(packed) == facts


def test_everyone_and_conditions_stay_apart() -> None:
    facts = grant_facts(
        [
            *many(180, "pull", "push"),
            grant(EVERYONE, "pull", UNTIL),
            *(grant(role(n), "read", UNTIL) for n in range(300, 303)),
        ]
    )
    packed = compile_policy(facts, [], TIERS)
    assert meaning(packed) == facts


def test_the_order_of_grants_makes_no_difference() -> None:
    grants = many(180, "pull", "push-pull", "read")
    one = compile_policy(grant_facts(grants), [], TIERS)
    other = compile_policy(grant_facts(reversed(grants)), [], TIERS)
    assert one == other


@examples(30)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(sorted(TIERS)), st.sampled_from([(), UNTIL])),
        min_size=1,
        max_size=24,
    ),
    st.randoms(use_true_random=False),
)
def test_regrouping_keeps_the_meaning_and_saves(parts, random) -> None:
    grants = [
        grant(EVERYONE if who == 0 else role(who), tier, condition)
        for who, tier, condition in parts
    ]
    groups = group_facts(grant_facts(grants))
    weights = {}

    def cost(group) -> int:
        return weights.setdefault(group, random.randint(1, 300) + 50 * len(group.principals))

    tighter = tighter_groups(groups, TIERS, cost)
    assert sum(map(cost, tighter)) <= sum(map(cost, groups))
    regrouped = [
        Grant(principal, None, "", group.actions, group.condition)
        for group in tighter
        for principal in group.principals
    ]
    assert grant_facts(regrouped) == grant_facts(grants)
    assert all(EVERYONE not in g.principals or len(g.principals) == 1 for g in tighter)


@pytest.mark.parametrize("principals", [400, 1000])
def test_what_can_not_fit_is_given_as_it_is(principals: int) -> None:
    text = compile_policy(grant_facts(many(principals, "pull")), [], TIERS)
    assert len(text) > MAX_POLICY_CHARACTERS
