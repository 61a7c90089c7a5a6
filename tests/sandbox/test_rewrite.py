"""A rewritten policy has the same meaning."""

import json
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.policies.text import rewrite_policy

words = st.text(max_size=4)
accounts = st.sampled_from(["111122223333", "444455556666"])
arns = accounts.map(lambda account: f"arn:aws:iam::{account}:role/a")
scalars = st.one_of(words, st.booleans(), st.integers(), accounts)


def one_or_many(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=4))


principals = st.one_of(
    st.just("*"),
    st.fixed_dictionaries(
        {"AWS": one_or_many(st.one_of(accounts, arns, st.just("*")))},
        optional={"Service": one_or_many(words)},
    ),
)
conditions = st.dictionaries(words, st.dictionaries(words, one_or_many(scalars), max_size=2))
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": words,
        "Principal": principals,
        "NotPrincipal": principals,
        "Action": one_or_many(words),
        "NotAction": one_or_many(words),
        "Condition": conditions,
    },
)
documents = st.fixed_dictionaries(
    {"Statement": st.one_of(statements, st.lists(statements, max_size=3))},
    optional={"Version": words, "Id": accounts},
)
behaviours = st.builds(Behaviour, rewrite=st.booleans(), shuffle=st.booleans())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def unordered(values: Any) -> list[str]:
    return sorted(json.dumps(each) for each in listed(values))


def meaning(document: dict[str, Any]) -> list[Any]:
    """A policy without the order of its lists and the spelling of accounts and lists of one."""

    def principal(value: Any, partition: str) -> Any:
        if not isinstance(value, dict):
            return value
        roots = [
            f"arn:{partition}:iam::{name}:root" if name.isdigit() and len(name) == 12 else name
            for name in listed(value["AWS"])
        ]
        return {kind: unordered(names) for kind, names in (value | {"AWS": roots}).items()}

    def statement(value: dict[str, Any]) -> dict[str, Any]:
        result = dict(value)
        for name in ("Principal", "NotPrincipal"):
            if name in value:
                result[name] = principal(value[name], "aws-cn")
        for name in ("Action", "NotAction"):
            if name in value:
                result[name] = unordered(value[name])
        if "Condition" in value:
            result["Condition"] = {
                operator: {key: listed(values) for key, values in keys.items()}
                for operator, keys in value["Condition"].items()
            }
        return result

    whole = document | {
        "Statement": unordered([statement(each) for each in listed(document["Statement"])])
    }
    return [json.dumps(whole, sort_keys=True)]


def sort_keys(value: Any) -> Any:
    return json.loads(json.dumps(value, sort_keys=True))


@given(document=documents, behaviour=behaviours, seed=st.integers())
def test_a_read_has_the_meaning_of_what_was_written(
    document: dict[str, Any], behaviour: Behaviour, seed: int
) -> None:
    text = rewrite_policy(json.dumps(document), behaviour, "aws-cn", Random(seed))
    assert meaning(sort_keys(json.loads(text))) == meaning(sort_keys(document))
