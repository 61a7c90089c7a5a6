"""What holds of every policy."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.conditions import condition_json, parse_condition
from reconciler.policy.meaning.facts import (
    Facts,
    difference,
    reduce_facts,
    same_meaning,
    uncovered_facts,
)
from tests.effort import examples
from tests.policy.making import Json, document, facts, read
from tests.policy.random_policies import policies, rewritten, statements

bounded = examples(40)
randoms = st.integers(0, 2**32).map(Random)


@bounded
@given(policies, randoms)
def test_the_same_policy_written_otherwise_is_equal(policy: list[Json], random: Random) -> None:
    other = rewritten(policy, random)
    assert same_meaning(read(policy), read(other)), other
    assert difference(facts(*policy), facts(*other)) == ()


@bounded
@given(policies, randoms)
def test_what_a_policy_covers_adds_nothing_to_it(policy: list[Json], random: Random) -> None:
    covered = {**random.choice(policy), "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}
    free = {**covered, "Condition": {}}
    assert facts(*policy, free, covered) == facts(*policy, free)


@bounded
@given(policies, policies)
def test_neither_side_adds_to_the_other_where_they_are_equal_and_only_there(
    left: list[Json], right: list[Json]
) -> None:
    one, other = facts(*left), facts(*right)
    nothing_new = not uncovered_facts(one, by=other) and not uncovered_facts(other, by=one)
    assert nothing_new == (one == other) == (difference(one, other) == ())


@bounded
@given(policies, policies)
def test_a_difference_is_the_other_ones_mirror(left: list[Json], right: list[Json]) -> None:
    there = difference(facts(*left), facts(*right))
    back = difference(facts(*right), facts(*left))
    assert [(c.principal, c.effect, c.gained, c.lost) for c in there] == [
        (c.principal, c.effect, c.lost, c.gained) for c in back
    ]


@bounded
@given(policies)
def test_reducing_twice_is_reducing_once(policy: list[Json]) -> None:
    once = facts(*policy)
    assert reduce_facts(once) == once


@bounded
@given(policies, policies)
def test_reducing_a_union_of_what_was_reduced(left: list[Json], right: list[Json]) -> None:
    assert reduce_facts(_union(facts(*left), facts(*right))) == facts(*left, *right)


@bounded
@given(statements)
def test_a_condition_reads_as_it_is_written(statement: Json) -> None:
    condition = document(statement).statements[0].condition
    assert parse_condition(condition_json(condition)) == condition


@bounded
@given(policies, randoms, st.sampled_from(["effect", "principal", "action", "condition"]))
def test_any_single_change_is_a_difference(policy: list[Json], random: Random, what: str) -> None:
    # Each statement has a principal of its own, so that no other one can make up for the change.
    policy = [_owned(statement, number) for number, statement in enumerate(policy)]
    at = random.randrange(len(policy))
    changed = [*policy[:at], _changed(policy[at], what), *policy[at + 1 :]]
    assert not same_meaning(read(policy), read(changed))
    assert difference(facts(*policy), facts(*changed))


def _union(left: Facts, right: Facts) -> Facts:
    return {h: left.get(h, frozenset()) | right.get(h, frozenset()) for h in {*left, *right}}


def _owned(statement: Json, number: int) -> Json:
    rest = {k: v for k, v in statement.items() if k not in ("Principal", "NotPrincipal")}
    return {**rest, "Principal": {"AWS": f"arn:aws:iam::999900001111:role/r{number}"}}


def _changed(statement: Json, what: str) -> Json:
    match what:
        case "effect":
            return {**statement, "Effect": "Deny" if statement["Effect"] == "Allow" else "Allow"}
        case "principal":
            return {**statement, "Principal": {"AWS": "arn:aws:iam::999900001111:role/other"}}
        case "action":
            rest = {k: v for k, v in statement.items() if k not in ("Action", "NotAction")}
            return {**rest, "Action": "s3:GetObject"}
        case _:
            return {**statement, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
