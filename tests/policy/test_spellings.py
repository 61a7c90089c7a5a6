"""Operators that say the same: asked of the evaluator one by one, they answer the same."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.condition_keys import ARN_KEYS
from reconciler.policy.language.conditions import Clause, condition_json, parse_condition
from reconciler.policy.language.operators import equivalent_operators
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.evaluate import clause_holds
from tests.policy.making import ACCOUNT, ROLE, ROLE_B

TAG = "aws:principaltag/team"
FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:f"
BASES = [
    f"{kind}{negation}{name}"
    for kind, negation, name in product(("String", "Arn"), ("", "Not"), ("Equals", "Like"))
]
WITHIN = [("", ""), ("", "IfExists"), ("ForAnyValue:", ""), ("ForAllValues:", "IfExists")]

odd_texts = st.text("arnsw:*?${}/-12é\ufdd0\ufdd1", max_size=6)
fields = st.sampled_from(["", "aws", "lambda", "us-west-2", ACCOUNT, "*", "?", "é", "a:b", "${*}"])
arns = st.builds(
    lambda scheme, rest, end: ":".join([scheme, *rest, end]),
    st.sampled_from(["arn", "ARN", "a*n", ""]),
    st.lists(fields, min_size=3, max_size=5),
    st.sampled_from(["", "function:f", "function:*", "f?", "f:é", "*", "function"]),
)
near = st.builds(lambda end: FUNCTION + end, st.sampled_from(["", ":live", "*", "?", "é", "1"]))
texts = st.one_of(odd_texts, arns, near)
keys = st.sampled_from([TAG, "aws:tagkeys", *sorted(ARN_KEYS)])


@given(
    st.sampled_from(BASES),
    keys,
    st.lists(texts, min_size=1, max_size=3),
    st.one_of(st.none(), st.lists(texts, max_size=2)),
)
def test_they_answer_the_same_for_every_request(
    base: str, key: str, values: list[str], actual: list[str] | None
) -> None:
    # What the clause names is what a request is most likely to have.
    requests = [actual, *([value] for value in values)]
    same = equivalent_operators(base, key, values)
    assert base in same
    for (qualifier, end), request in product(WITHIN, requests):
        known = {} if not request else {key: tuple(request)}
        caller = Caller((), known, frozenset({key} if request == [] else ()))
        found = {
            clause_holds(Clause(f"{qualifier}{name}{end}", key, tuple(values)), caller)
            for name in same
        }
        assert len(found) == 1, (same, request)


@given(st.sampled_from(BASES), keys, st.lists(texts, min_size=1, max_size=3))
def test_each_of_them_gives_the_same(base: str, key: str, values: list[str]) -> None:
    same = equivalent_operators(base, key, values)
    assert {equivalent_operators(name, key, values) for name in same} == {same}


@pytest.mark.parametrize(
    ("base", "key", "value", "same"),
    [
        ("StringLike", TAG, "a", ("StringEquals", "StringLike")),
        ("StringNotLike", TAG, "a", ("StringNotEquals", "StringNotLike")),
        ("StringEquals", TAG, "a*", ("StringEquals",)),
        ("StringEqualsIgnoreCase", TAG, "a", ("StringEqualsIgnoreCase",)),
        ("NotIpAddress", TAG, "192.0.2.1/32", ("NotIpAddress",)),
        ("Null", "aws:sourcearn", "true", ("Null",)),
        ("ArnEquals", TAG, ROLE, ("ArnLike", "ArnEquals")),
        ("StringLike", "aws:principalarn", f"{ROLE}*", ("ArnLike", "ArnEquals", "StringLike")),
        ("ArnLike", "aws:sourcearn", f"{FUNCTION}*", ("StringLike", "ArnLike", "ArnEquals")),
        ("ArnLike", "aws:sourcearn", f"{FUNCTION}é", ("ArnLike", "ArnEquals")),
        ("ArnLike", "aws:sourcearn", "arn:aws:s3:::", ("ArnLike", "ArnEquals")),
        ("ArnLike", "aws:sourcearn", "arn::s3:::b", ("ArnLike", "ArnEquals")),
        ("ArnLike", "aws:sourcearn", "*:aws:s3:::b", ("ArnLike", "ArnEquals")),
        ("ArnLike", "aws:sourcearn", "arn:aws:s3:::${a}", ("ArnLike", "ArnEquals")),
        ("StringEquals", "aws:sourcearn", "a", ("StringLike", "StringEquals")),
    ],
)
def test_what_says_the_same(base: str, key: str, value: str, same: tuple[str, ...]) -> None:
    assert equivalent_operators(base, key, [value]) == same


@pytest.mark.parametrize(
    "block",
    [
        {"StringEquals": {TAG: "a"}, "StringLike": {TAG: "b"}},
        {"StringEquals": {TAG: "a*"}, "StringLike": {TAG: "b"}},
        {"StringEquals": {TAG: "b"}, "StringLike": {TAG: "a*"}},
        {
            f"{name}IfExists": {"aws:PrincipalArn": value}
            for name, value in zip(
                ["ArnLike", "ArnEquals", "StringLike", "StringEquals"],
                [ROLE, ROLE_B, f"{ROLE}2", f"{ROLE}3"],
                strict=True,
            )
        },
        {
            "ArnLike": {"aws:SourceArn": FUNCTION},
            "StringLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:function:f"},
            "ArnEquals": {"aws:SourceArn": f"arn:aws:lambda:us-*:{ACCOUNT}:function:f"},
            "StringEquals": {"aws:SourceArn": f"{FUNCTION}*"},
        },
    ],
)
def test_all_names_of_one_operator_survive_as_json(block: dict[str, object]) -> None:
    read = parse_condition(block)
    assert len(read) == len(block)
    assert parse_condition(condition_json(read)) == read
