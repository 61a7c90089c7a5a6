"""Registry policies that are the same, held against what they answer on every repository."""

from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.document import Document
from reconciler.policy.language.registry_document import RegistryDocument
from reconciler.policy.meaning.registry_facts import same_registry_policy
from reconciler.policy.meaning.registry_policy import answers_on, statements_on
from tests.effort import examples
from tests.policy.making import GET, PUT, ROLE, Json
from tests.policy.random_callers import Request, answers, panel, requests
from tests.policy.random_registries import (
    NAMES,
    PREFIX,
    WORLDS,
    at,
    patterns,
    read_registry,
    registry_policies,
    rewritten_registry,
    statements_about,
)

bounded = examples(15)
randoms = st.integers(0, 2**32).map(Random)
few_patterns = st.lists(patterns, min_size=1, max_size=3)
near: st.SearchStrategy[list[Json]] = st.lists(
    st.builds(
        lambda effect, actions, found: {
            "Effect": effect,
            "Principal": {"AWS": ROLE},
            "Action": actions,
            "Resource": found,
        },
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from([GET, PUT, [GET, PUT], "ecr:*"]),
        few_patterns,
    ),
    min_size=1,
    max_size=3,
)
"""Policies that are often the same, or nearly so."""


def is_alike(left: RegistryDocument, right: RegistryDocument, request: Request) -> bool:
    """Whether both answer alike: in each world, and as this program judges one repository."""
    callers = panel(request)
    pairs = [
        (statements_about(left, name, world), statements_about(right, name, world))
        for name, world in product(NAMES, WORLDS)
    ]
    pairs += [(_counting(left, name), _counting(right, name)) for name in NAMES]
    distinct: list[tuple[Document, Document]] = []
    for pair in pairs:
        if pair not in distinct:
            distinct.append(pair)
    return all(answers(one, callers) == answers(other, callers) for one, other in distinct)


def _counting(document: RegistryDocument, name: str) -> Document:
    found = statements_on(document, answers_on(document, at(name))).counting
    return Document(document.version, tuple(one.statement for one in found))


@bounded
@given(registry_policies, randoms, requests)
def test_what_is_written_otherwise_answers_alike(
    policy: list[Json], random: Random, request: Request
) -> None:
    left, right = read_registry(policy), read_registry(rewritten_registry(policy, random))
    assert same_registry_policy(left, right, PREFIX)
    assert is_alike(left, right, request)


@pytest.mark.parametrize("kind", ["one statement less", "one pattern more", "another policy"])
def test_what_is_equal_answers_alike_and_what_answers_otherwise_is_not_equal(kind: str) -> None:
    seen: Counter[str] = Counter()

    @examples(30)
    @given(near, near, randoms, patterns, requests)
    def check(
        policy: list[Json], other: list[Json], random: Random, pattern: str, request: Request
    ) -> None:
        changed = other
        at_change = random.randrange(len(policy))
        before, after = policy[:at_change], policy[at_change + 1 :]
        if kind == "one statement less":
            changed, policy = [*before, *after, *other], [*policy, *other]
        elif kind == "one pattern more":
            one = policy[at_change]
            written = one["Resource"]
            assert isinstance(written, list)
            changed = [*before, {**one, "Resource": [*written, pattern]}, *after]
        left, right = read_registry(policy), read_registry(changed)
        equal, alike = same_registry_policy(left, right, PREFIX), is_alike(left, right, request)
        seen["equal"] += equal
        seen["answers otherwise"] += not alike
        assert alike or not equal

    check()
    least = 0 if kind == "another policy" else 1
    assert seen["answers otherwise"] >= 1, seen
    assert seen["equal"] >= least, seen
