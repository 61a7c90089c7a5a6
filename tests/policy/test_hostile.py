"""Input that was made to hurt: it is read without an error, and never taken for something else."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.document import Document, Unreadable, read_policy
from reconciler.policy.meaning.facts import facts_of, same_meaning
from reconciler.policy.meaning.public import public_access
from tests.effort import examples
from tests.policy.making import ACCOUNT, GET, ROLE, Json, allow, doc, read
from tests.policy.random_policies import policies

bounded = examples(50)
words = st.sampled_from(
    ["Statement", "Version", "Effect", "Allow", "Principal", "AWS", "*", "Action", "Condition"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
GOOD = read(allow())


def check(text: str) -> None:
    policy = read_policy(text)
    assert same_meaning(policy, read_policy(text))
    if isinstance(policy, Unreadable):
        assert str(policy).startswith("$")
        assert not same_meaning(policy, GOOD)
        assert not same_meaning(policy, read_policy(text + " "))
        return
    public_access(facts_of(policy.statements))


@bounded
@given(values)
def test_any_json(value: object) -> None:
    check(json.dumps(value))


@bounded
@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    check(content.decode("utf-8", "surrogateescape"))
    check(content.decode("latin-1"))


@bounded
@given(values, st.sampled_from(["Sid", "Effect", "Principal", "NotPrincipal", "Action",
                                "NotAction", "Resource", "Condition", "Other"]))  # fmt: skip
def test_any_value_of_any_element(value: object, element: str) -> None:
    check(doc({**allow(), element: value}))


@bounded
@given(policies, st.integers(0, 2**32).map(Random))
def test_policies_with_a_few_letters_changed(policy: list[Json], random: Random) -> None:
    letters = list(doc(*policy))
    for _ in range(random.randint(1, 4)):
        letters[random.randrange(len(letters))] = random.choice('{}[]",:*?$\\\x00eE0 \u212a')
    check("".join(letters))


@bounded
@given(policies, st.integers(0, 2**32).map(Random))
def test_policies_with_a_value_changed(policy: list[Json], random: Random) -> None:
    mutated = json.loads(doc(*policy))
    container, key = random.choice(places(mutated))
    container[key] = random.choice([None, [], {}, "", 0, -1.5, True, ["*"], {"AWS": "*"}, "*"])
    check(json.dumps(mutated))


def places(value: Any) -> list[tuple[Any, str | int]]:
    """Give every place in a JSON value, as its container and the key or index there."""
    keys = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"Statement":' * 100_000, '[{"a":' * 100_000])
def test_nesting_without_end(text: str) -> None:
    check(text)


def test_nesting_that_json_can_still_read() -> None:
    deep = "[" * 500 + "]" * 500
    check('{"Statement": {"Effect": "Allow", "Principal": "*", "Action": ' + deep + "}}")


@pytest.mark.parametrize(
    "statement",
    [
        allow(Sid="s" * 1_000_000),
        allow("p" * 1_000_000),
        allow(f"arn:aws:iam::{ACCOUNT}:role/" + "p" * 1_000_000),
        allow("AROA" + "A" * 1_000_000),
        allow(do="ecr:" + "a" * 1_000_000),
        allow(do="*" * 1_000_000),
        allow(when={"StringLike": {"aws:" + "k" * 1_000_000: "*" * 1_000_000}}),
        allow(when={"IpAddress": {"aws:SourceIp": "1" * 1_000_000}}),
        allow(when={"NumericEquals": {"aws:x": "1" * 1_000_000}}),
        allow(when={"DateEquals": {"aws:x": "2" * 1_000_000 + "x"}}),
        allow(when={"BinaryEquals": {"aws:x": "A" * 1_000_000 + "@"}}),
        allow("*", when={"ArnLike": {"aws:PrincipalArn": ":" * 1_000_000}}),
        allow("*", when={"StringLike": {"aws:PrincipalOrgID": "*/" * 500_000 + "x"}}),
        allow(**{"x" * 1_000_000: 1}),
    ],
    ids=range(14),
)
def test_a_megabyte_of_text(statement: Json) -> None:
    check(doc(statement))


def test_a_fraction_of_a_megabyte() -> None:
    check('{"Statement": 0.' + "1" * 1_000_000 + "}")


def test_fifty_thousand_principals() -> None:
    names = [f"{ROLE}{number}" for number in range(50_000)]
    left, right = read(allow(names)), read([allow(names[::-1]), allow(names[:9])])
    assert isinstance(left, Document)
    assert same_meaning(left, right)
    assert not same_meaning(left, read(allow(names[1:])))


def test_thousands_of_principals_times_thousands_of_actions() -> None:
    names = [f"{ROLE}{number}" for number in range(5_000)]
    actions = [f"ecr:Action{number}" for number in range(5_000)]
    policy = read(allow(names, actions))
    assert isinstance(policy, Unreadable)
    assert same_meaning(policy, read(allow(names, actions)))


def test_thousands_of_statements_with_conditions_of_their_own() -> None:
    many = [
        allow(when={"StringEquals": {"aws:PrincipalTag/team": str(number)}})
        for number in range(3_000)
    ]
    assert same_meaning(read(many), read(many[::-1]))
    assert not same_meaning(read(many), read(many[1:]))


def test_thousands_of_patterns() -> None:
    assert isinstance(read(allow(do=[f"ecr:*{n}*" for n in range(5_000)])), Unreadable)
    patterns = [f"ecr:*x{number}*" for number in range(300)]
    assert same_meaning(read(allow(do=patterns)), read(allow(do=patterns[::-1])))


def test_thousands_of_exceptions() -> None:
    patterns = [f"ecr:*{number}*" for number in range(5_000)]
    assert isinstance(read(allow(do=None, NotAction=patterns)), Unreadable)
    names = [f"ecr:Action{number}" for number in range(6_000)]
    some = allow([f"{ROLE}{number}" for number in range(1_000)], None, NotAction=names)
    assert same_meaning(read(some), read({**some, "NotAction": [*names, "s3:*"]}))


def test_patterns_that_take_long_to_match() -> None:
    slow = ["ecr:*" + "?" * 120 + "a" * number for number in range(130)]
    assert isinstance(read(allow(do=slow)), Unreadable)
    assert same_meaning(read(allow(do=slow[:20])), read(allow(do=slow[19::-1])))


def test_a_condition_of_thousands_of_values() -> None:
    values = [str(number) for number in range(20_000)]
    left = allow(do=GET, when={"StringEquals": {"aws:x": values}})
    right = allow(do=GET, when={"StringEquals": {"aws:x": values[::-1]}})
    assert same_meaning(read(left), read(right))
