"""One spelling of a Resource pattern, and which one covers another: held against brute force."""

from functools import lru_cache
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.glob import glob_matches
from reconciler.policy.language.resources import Resources
from reconciler.policy.meaning.registry_facts import HeldFacts
from tests.effort import examples
from tests.policy.making import allow, facts
from tests.policy.random_registries import (
    ALL,
    NAMES,
    PREFIX,
    TEAM,
    WORLDS,
    World,
    at,
    is_about,
    patterns,
)

bounded = examples(80)
elements = st.builds(
    Resources, st.lists(patterns, min_size=1, max_size=3).map(tuple), st.booleans(), st.booleans()
)


def part(pattern: str, *, has_variables: bool = True) -> Resources:
    (found,) = Resources((pattern,), has_variables=has_variables).split(PREFIX)
    return found


@lru_cache(maxsize=4_096)
def about(resources: Resources) -> frozenset[tuple[str, World]]:
    found = product(NAMES, WORLDS)
    return frozenset((name, world) for name, world in found if is_about(resources, name, world))


@pytest.mark.parametrize(
    ("pattern", "spelled"),
    [
        ("*", ALL),
        (f"{PREFIX}:***", ALL),
        (at("**/a**b", "arn:*:ecr:*:1111*"), at("*/a*b")),
        (at("*", "arn:aws:ecr:eu-**:1"), at("*", "arn:aws:ecr:eu-*:1")),
        ("arn:aws:ecr:us-west-2:**", "arn:aws:ecr:us-west-2:*"),
        (at(f"**{TEAM}", "arn:aws:ecr:*:*"), at(f"**{TEAM}", "arn:aws:ecr:*:*")),
    ],
)
def test_a_pattern_has_one_spelling(pattern: str, spelled: str) -> None:
    assert part(pattern).patterns == (spelled,)


def test_a_prefix_writes_the_pattern_of_names() -> None:
    assert PREFIX.repositories("payments/*") == at("payments/*")
    assert PREFIX.every_repository == ALL


def covers(one: Resources, other: Resources) -> bool:
    """Whether what is said of one part holds of the other."""
    said = facts(allow())
    return HeldFacts({one: said}).on(other) == said


@bounded
@given(elements)
def test_patterns_of_names_match_what_may_be_meant_or_certainly_is(resources: Resources) -> None:
    may, certain = (resources.names(PREFIX, certain=one) for one in (False, True))
    for name in NAMES:
        answer = resources.include(at(name))
        assert answer is False or any(glob_matches(pattern, name) for pattern in may)
        assert answer is True or not any(glob_matches(pattern, name) for pattern in certain)


@bounded
@given(elements)
def test_the_parts_are_about_the_same_repositories_as_the_whole(resources: Resources) -> None:
    parts = resources.split(PREFIX)
    together = frozenset[tuple[str, World]]().union(*map(about, parts))
    assert together == about(resources)
    assert len(parts) == 1 or not resources.excluded
    answers = {name: {one.include(at(name)) for one in parts} for name in NAMES}
    for name, found in answers.items():
        expected = resources.include(at(name))
        assert expected in found
        assert expected is True or True not in found
    assert [again for one in parts for again in one.split(PREFIX)] == [*parts]


def test_a_pattern_that_covers_another_is_about_all_that_it_is_about() -> None:
    seen = {True: 0, False: 0}

    @bounded
    @given(st.lists(elements, min_size=3, max_size=3))
    def check(found: list[Resources]) -> None:
        parts = [one for resources in found for one in resources.split(PREFIX)]
        for one, other in permutations(parts, 2):
            covered = covers(one, other)
            seen[covered and one != other] += 1
            if covered:
                assert about(other) <= about(one)
                assert one == other or not covers(other, one)
            if covered and one != other:
                # What is not certain of the other is certain of the one.
                may = [name for name in NAMES if other.include(at(name)) is not False]
                assert all(one.include(at(name)) for name in may)

    check()
    assert min(seen.values()) >= 5, seen


@bounded
@given(st.lists(patterns, min_size=3, max_size=3))
def test_covering_is_an_order(found: list[str]) -> None:
    one, two, three = map(part, found)
    assert covers(one, one)
    assert not (covers(one, two) and covers(two, three)) or covers(one, three)
