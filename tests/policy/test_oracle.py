"""Comparing, rewriting and compiling, held against what the policies answer to random callers."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.compile import compile_policy
from reconciler.policy.language.document import Document, parse_document
from reconciler.policy.meaning.facts import Facts, difference, facts_of, same_meaning
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.effort import examples
from tests.policy.making import (
    GET,
    LAMBDA,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    ROLE_B,
    ROOT,
    Json,
    document,
    facts,
)
from tests.policy.random_callers import Request, answers, panel, rebuilt, requests
from tests.policy.random_policies import CLAUSES, policies, rewritten

bounded = examples(50)
randoms = st.integers(0, 2**32).map(Random)

WHO: list[object] = ["*", {"AWS": [ROLE]}, {"AWS": [ROLE, ROLE_B]}, {"AWS": ROOT}, LAMBDA]
WHAT = [GET, PUT, [GET, PUT], "ecr:Put*", "ecr:*"]
WHEN: list[dict[str, dict[str, list[object]]]] = [
    {},
    *({operator: {key: values}} for operator, key, values in CLAUSES),
]


def canonical(policy: Document) -> list[Json]:
    return rebuilt(facts_of(policy.statements))


@bounded
@given(policies, requests)
def test_what_the_facts_say_answers_as_the_policy_does(
    policy: list[Json], request: Request
) -> None:
    read = document(*policy)
    callers = panel(request)
    assert answers(document(*canonical(read)), callers) == answers(read, callers)


@bounded
@given(policies)
def test_canonical_twice_is_canonical_once(policy: list[Json]) -> None:
    once = canonical(document(*policy))
    assert canonical(document(*once)) == once
    assert facts(*once) == facts(*policy)


@bounded
@given(policies, randoms, requests)
def test_what_the_service_rewrites_is_in_sync(
    policy: list[Json], random: Random, request: Request
) -> None:
    read, other = document(*policy), document(*rewritten(policy, random))
    callers = panel(request)
    assert same_meaning(read, other)
    assert answers(read, callers) == answers(other, callers)


def test_what_is_equal_answers_alike_and_what_answers_otherwise_is_not_equal() -> None:
    seen: Counter[str] = Counter()

    @bounded
    @given(policies, randoms, requests)
    def check(policy: list[Json], random: Random, request: Request) -> None:
        read, other = document(*policy), document(*nearly(policy, random))
        callers = panel(request)
        alike = answers(read, callers) == answers(other, callers)
        equal = same_meaning(read, other)
        seen["equal"] += equal
        seen["answers otherwise"] += not alike
        assert alike or not equal
        assert equal == (difference(facts_of(read.statements), facts_of(other.statements)) == ())

    check()
    assert min(seen["equal"], seen["answers otherwise"]) >= 2, seen


@pytest.mark.parametrize("what", ["effect", "principal", "action", "condition"])
def test_a_single_change_that_changes_an_answer_is_seen(what: str) -> None:
    seen: Counter[bool] = Counter()

    @examples(75)
    @given(policies, randoms, requests)
    def check(policy: list[Json], random: Random, request: Request) -> None:
        at = random.randrange(len(policy))
        changed = [*policy[:at], CHANGES[what](policy[at], random), *policy[at + 1 :]]
        read, other = document(*policy), document(*changed)
        callers = panel(request)
        changes_an_answer = answers(read, callers) != answers(other, callers)
        seen[changes_an_answer] += 1
        if changes_an_answer:
            assert not same_meaning(read, other)
            assert difference(facts_of(read.statements), facts_of(other.statements))

    check()
    assert min(seen[True], seen[False]) >= 1, seen


@bounded
@given(policies, requests)
def test_what_is_compiled_answers_as_what_was_asked_for(
    policy: list[Json], request: Request
) -> None:
    asked, raw = split(facts(*policy))
    text = compile_policy(asked, raw, BUILT_IN_TIERS)
    if text is None:
        assert not asked
        assert not raw
        return
    read = parse_document(text, arn=REPOSITORY_ARN)
    callers = panel(request)
    assert answers(read, callers) == answers(document(*rebuilt(asked), *raw), callers)
    assert facts_of(read.statements) == facts(*policy)


def split(found: Facts) -> tuple[Facts, list[Json]]:
    """Tell what grants can say from what takes a raw statement."""
    grants = {
        holder: actions
        for holder, actions in found.items()
        if holder.effect == "Allow"
        and holder.principal.kind != "NotPrincipal"
        and all(isinstance(action, str) for action in actions)
    }
    return grants, rebuilt({h: actions for h, actions in found.items() if h not in grants})


def nearly(policy: list[Json], random: Random) -> list[Json]:
    """Write a policy otherwise, or change one thing in it, or add what is already covered."""
    at = random.randrange(len(policy))
    one, rest = policy[at], policy[:at] + policy[at + 1 :]
    match random.randrange(4):
        case 0:
            return rewritten(policy, random)
        case 1:
            return [*policy, {**one, "Condition": random.choice(WHEN)}]
        case 2 if rest:
            return rest
        case _:
            return [*rest, random.choice(list(CHANGES.values()))(one, random)]


def effect(statement: Json, _: Random) -> Json:
    return {**statement, "Effect": "Deny" if statement["Effect"] == "Allow" else "Allow"}


def principal(statement: Json, random: Random) -> Json:
    rest = {k: v for k, v in statement.items() if k not in ("Principal", "NotPrincipal")}
    return {**rest, random.choice(["Principal", "Principal", "NotPrincipal"]): random.choice(WHO)}


def action(statement: Json, random: Random) -> Json:
    rest = {k: v for k, v in statement.items() if k not in ("Action", "NotAction")}
    return {**rest, random.choice(["Action", "Action", "NotAction"]): random.choice(WHAT)}


def condition(statement: Json, random: Random) -> Json:
    now = json.dumps(statement["Condition"])
    return {**statement, "Condition": random.choice([w for w in WHEN if json.dumps(w) != now])}


CHANGES: dict[str, Callable[[Json, Random], Json]] = {
    "effect": effect,
    "principal": principal,
    "action": action,
    "condition": condition,
}
