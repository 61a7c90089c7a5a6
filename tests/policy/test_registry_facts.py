"""What a registry's policy says as facts, which of them are the same, and how two differ."""

from collections.abc import Mapping
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.document import Unreadable
from reconciler.policy.language.registry_document import NO_REGISTRY_POLICY, read_registry_policy
from reconciler.policy.language.resources import Resources
from reconciler.policy.meaning.facts import AccessChange, Facts
from reconciler.policy.meaning.registry_facts import (
    HeldFacts,
    RegistryFacts,
    facts_by_pattern,
    registry_difference,
    registry_facts_of,
    same_registry_policy,
)
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, describe_actions
from tests.effort import examples
from tests.policy.making import GET, PULL, PUT, ROLE, ROLE_B, URL, Json, allow, deny, doc, facts
from tests.policy.random_callers import rebuilt
from tests.policy.random_policies import policies
from tests.policy.random_registries import (
    ALL,
    PREFIX,
    TEAM,
    at,
    read_registry,
    registry_policies,
    rewritten_registry,
)

bounded = examples(25)
randoms = st.integers(0, 2**32).map(Random)
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
THERE = "arn:aws:ecr:eu-west-1:111122223333"


def meaning(*statements: Json, version: str | None = "2012-10-17") -> RegistryFacts:
    return registry_facts_of(read_registry(statements, version).statements, PREFIX)


def pulls(*patterns: str, element: str = "Resource") -> Json:
    return allow(ROLE, GET, **{element: list(patterns)})


EQUAL: Mapping[str, tuple[list[Json], list[Json]]] = {
    "a bare star and all repositories of this registry": ([pulls("*")], [pulls(ALL)]),
    "every name, and every repository": ([pulls(f"{PREFIX}:*")], [pulls(ALL)]),
    "the start of every name": ([pulls(f"{PREFIX}:repo*")], [pulls(ALL)]),
    "runs of stars": ([pulls("***", at("a**/**"))], [pulls("*", at("a*/*"))]),
    "fields that match this registry": (
        [pulls(at("a*", "arn:*:ecr:us-*:1111*"), at("b", "arn:aws:e?r:*:*"))],
        [pulls(at("a*"), at("b"))],
    ),
    "order and doubles": ([pulls(at("b"), at("a"), at("b"))], [pulls(at("a"), at("b"))]),
    "a string and a list": ([pulls(at("a"))], [allow(ROLE, GET, Resource=at("a"))]),
    "split": ([pulls(at("a"), at("b"))], [pulls(at("a")), pulls(at("b"))]),
    "split in two ways": (
        [allow([ROLE, ROLE_B], [GET, PUT], Resource=[at("a"), at("b")])],
        [
            allow([ROLE, ROLE_B], [GET, PUT], Resource=at("a")),
            allow(ROLE, [GET, PUT], Resource=at("b")),
            allow(ROLE_B, GET, Resource=at("b")),
            allow(ROLE_B, PUT, Resource=at("b")),
        ],
    ),
    "a pattern covers what it matches": ([pulls(at("a*")), pulls(at("a?/*"))], [pulls(at("a*"))]),
    "in one list": ([pulls(at("a*"), at("app"), ALL)], [pulls("*")]),
    "wider actions on wider repositories": (
        [allow(ROLE, "ecr:*", Resource="*"), allow(ROLE, PULL, Resource=at("app"))],
        [allow(ROLE, "ecr:*", Resource="*")],
    ),
    "no condition on wider repositories": (
        [pulls(ALL), allow(ROLE, GET, ORGANIZATION, Resource=at("app"))],
        [pulls(ALL)],
    ),
    "a Deny covers a Deny": (
        [deny(ROLE, GET, Resource="*"), deny(ROLE, GET, ORGANIZATION, Resource=at("app"))],
        [deny(ROLE, GET, Resource="*")],
    ),
    "covered by two": (
        [
            pulls(ALL),
            allow(ROLE, PUT, Resource=at("a*")),
            allow(ROLE, [GET, PUT], Resource=at("ab")),
        ],
        [pulls(ALL), allow(ROLE, PUT, Resource=at("a*"))],
    ),
    "there, and a part of there": (
        [pulls(at("*", "arn:aws:ecr:eu-*:1"))],
        [pulls(at("*", "arn:aws:ecr:eu-*:1"), at("a", "arn:aws:ecr:eu-*:1"))],
    ),
    "a variable is some name": ([pulls(ALL), pulls(at(f"{TEAM}/*"))], [pulls(ALL)]),
    "the order of what is excluded": (
        [pulls(at("b"), at("a"), at("a"), element="NotResource")],
        [pulls(at("a"), at("b", "arn:aws:ecr:*:*"), element="NotResource")],
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_these_are_the_same(case: str) -> None:
    left, right = EQUAL[case]
    assert meaning(*left) == meaning(*right)
    assert registry_difference(meaning(*left), meaning(*right)) == ()
    assert same_registry_policy(read_registry(left), read_registry(right), PREFIX)


NOT_EQUAL: Mapping[str, tuple[list[Json], list[Json]]] = {
    "a name and a longer one": ([pulls(at("app"))], [pulls(at("apps"))]),
    "a name and a pattern of it": ([pulls(at("app"))], [pulls(at("app*"))]),
    "a prefix with and without its slash": ([pulls(at("app*"))], [pulls(at("app/*"))]),
    "all names, and all with a slash": ([pulls(ALL)], [pulls(at("*/*"))]),
    "one pattern less": ([pulls(at("a"), at("b"))], [pulls(at("a"))]),
    "here and in another region": ([pulls(at("a"))], [pulls(at("a", THERE))]),
    "here, and here and there": ([pulls(ALL)], [pulls(ALL, at("a", THERE))]),
    "here and in another account": (
        [pulls(ALL)],
        [pulls(at("*", "arn:aws:ecr:us-west-2:999900001111"))],
    ),
    "an incomplete ARN": ([pulls("arn:aws:ecr:us-west-2:*")], [pulls(ALL)]),
    "an incomplete ARN and a name": (
        [pulls("arn:aws:ecr:*", at("a"))],
        [pulls("arn:aws:ecr:*")],
    ),
    "a star that spans fields": (
        [pulls("arn:aws:ecr:*/app", at("app"))],
        [pulls("arn:aws:ecr:*/app")],
    ),
    "a star for an ARN": ([pulls("arn*", ALL)], [pulls("arn*")]),
    "included and excluded": ([pulls(at("a"))], [pulls(at("a"), element="NotResource")]),
    "one more is excluded": (
        [pulls(at("a"), element="NotResource")],
        [pulls(at("a"), at("b"), element="NotResource")],
    ),
    "what is excluded is not split": (
        [pulls(at("a"), at("b"), element="NotResource")],
        [pulls(at("a"), element="NotResource"), pulls(at("b"), element="NotResource")],
    ),
    "a variable and what it may be": ([pulls(at(TEAM))], [pulls(at("*"))]),
    "two variables": ([pulls(at(TEAM))], [pulls(at("${aws:PrincipalTag/unit}"))]),
    "a variable covers nothing": ([pulls(at(f"{TEAM}*"), at("a"))], [pulls(at(f"{TEAM}*"))]),
    "the name of a variable": ([pulls(at("*/team}"), at(TEAM))], [pulls(at("*/team}"))]),
    "Allow and Deny": (
        [pulls(ALL), deny(ROLE, GET, Resource=at("a"))],
        [pulls(ALL), pulls(at("a"))],
    ),
    "a wider Deny does not cover an Allow": (
        [deny(ROLE, GET, Resource=ALL), pulls(at("a"))],
        [deny(ROLE, GET, Resource=ALL)],
    ),
    "a condition covers nothing": (
        [allow(ROLE, GET, ORGANIZATION, Resource=ALL), pulls(at("a"))],
        [allow(ROLE, GET, ORGANIZATION, Resource=ALL)],
    ),
    "fewer actions on wider repositories": (
        [pulls(ALL), allow(ROLE, PULL, Resource=at("a"))],
        [pulls(ALL)],
    ),
    "a narrower pattern does not cover a wider one": (
        [allow(ROLE, "ecr:*", Resource=at("a*")), pulls(ALL)],
        [allow(ROLE, "ecr:*", Resource=at("a*"))],
    ),
    "another principal on wider repositories": (
        [allow("*", GET, Resource=ALL), pulls(at("a"))],
        [allow("*", GET, Resource=ALL)],
    ),
}


@pytest.mark.parametrize("case", NOT_EQUAL)
def test_these_are_not_the_same(case: str) -> None:
    left, right = NOT_EQUAL[case]
    assert meaning(*left) != meaning(*right)
    assert registry_difference(meaning(*left), meaning(*right))
    assert not same_registry_policy(read_registry(left), read_registry(right), PREFIX)


def test_a_version_makes_a_difference_only_with_a_variable() -> None:
    for plain in (pulls(ALL), pulls(at("a"), element="NotResource")):
        assert (
            meaning(plain) == meaning(plain, version="2008-10-17") == meaning(plain, version=None)
        )
    for varying in (pulls(at(TEAM)), pulls(at(TEAM), element="NotResource")):
        assert meaning(varying) != meaning(varying, version="2008-10-17")
    assert meaning(pulls(ALL, at(TEAM)), version=None) == meaning(pulls(ALL), version=None)


def test_what_is_not_understood_is_only_its_copy() -> None:
    policy = read_registry([pulls(ALL)])
    text = doc({**pulls(ALL), "Effect": "Maybe"})
    reordered = doc({"Effect": "Maybe", "Resource": ALL, "Action": GET, "Principal": {"AWS": ROLE}})
    broken, again = read_registry_policy(text), read_registry_policy(reordered)
    assert isinstance(broken, Unreadable)
    assert same_registry_policy(broken, again, PREFIX)
    assert not same_registry_policy(broken, policy, PREFIX)
    assert not same_registry_policy(policy, broken, PREFIX)
    assert not same_registry_policy(broken, NO_REGISTRY_POLICY, PREFIX)
    assert not same_registry_policy(broken, read_registry_policy("{"), PREFIX)
    assert same_registry_policy(NO_REGISTRY_POLICY, read_registry_policy(None), PREFIX)


def test_facts_of_names_are_those_of_their_patterns() -> None:
    found = facts_by_pattern(
        [
            ("a*", facts(allow(ROLE, GET))),
            ("*", facts(allow(ROLE, URL))),
            ("app", facts(allow(ROLE, [GET, PUT]))),
            ("**", facts(allow(ROLE_B, GET))),
            ("none", {}),
        ],
        PREFIX,
    )
    assert found == meaning(
        allow(ROLE, GET, Resource=at("a*")),
        allow(ROLE, URL, Resource="*"),
        allow(ROLE, PUT, Resource=at("app")),
        allow(ROLE_B, GET, Resource="*"),
    )
    assert facts_by_pattern([], PREFIX) == {}


def test_many_patterns_of_many_principals_share_what_they_mean() -> None:
    """Else the time for a hostile policy grows with their product, some seconds for one."""
    many = [f"{number:012}" for number in range(100)]
    patterns = [at(f"a*{number:02}") for number in range(60)]
    found = meaning(allow(many, "ecr:*", Resource=patterns))
    held = HeldFacts(found)
    assert len(found) == len(patterns)
    assert len({id(own) for own in found.values()}) == 1
    assert len({id(held.on(part)) for part in found}) == 1
    for changes in (registry_difference(found, {}), registry_difference({}, found)):
        assert len(changes) == len(many) * len(patterns)
        assert len({id(change.before or change.after) for change in changes}) == len(many)


def told(change: AccessChange) -> tuple[str, ...]:
    """Say a change as the effect, the repositories, its kind, and what is held before and after."""
    sides = (
        " | ".join(describe_actions(h.actions, BUILT_IN_TIERS) for h in holdings)
        for holdings in (change.before, change.after)
    )
    return (change.effect, str(change.on), change.kind, *sides)


PUSH_PULL = sorted(BUILT_IN_TIERS["push-pull"])


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([], [allow(ROLE, PULL, Resource=at("a/*"))], [("Allow", "a/*", "granted", "", "pull")]),
        ([allow(ROLE, PULL, Resource="*")], [], [("Allow", "*", "revoked", "pull", "")]),
        (
            [allow(ROLE, PULL, Resource=at("a")), allow(ROLE, PULL, Resource=at("b"))],
            [allow(ROLE, PULL, Resource=[at("b"), at("c")])],
            [("Allow", "a", "revoked", "pull", ""), ("Allow", "c", "granted", "", "pull")],
        ),
        # What a wider pattern gives is held on a narrower one, before and after.
        (
            [allow(ROLE, PULL, Resource="*")],
            [allow(ROLE, PULL, Resource="*"), allow(ROLE, PUSH_PULL, Resource=at("a"))],
            [("Allow", "a", "widened", "pull", "push-pull")],
        ),
        (
            [allow(ROLE, PUSH_PULL, Resource=at("a"))],
            [allow(ROLE, PULL, Resource="*")],
            [
                ("Allow", "*", "granted", "", "pull"),
                ("Allow", "a", "narrowed", "push-pull", "pull"),
            ],
        ),
        (
            [allow(ROLE, PULL, Resource=at("a"))],
            [allow(ROLE, PULL, Resource="*")],
            [("Allow", "*", "granted", "", "pull")],
        ),
        (
            [allow(ROLE, PULL, ORGANIZATION, Resource=at("a"))],
            [allow(ROLE, PULL, Resource=at("a"))],
            [("Allow", "a", "widened", "pull", "pull")],
        ),
        (
            [deny(ROLE, PULL, Resource="*")],
            [deny(ROLE, PULL, Resource=at("a"))],
            [("Deny", "*", "widened", "pull", "")],
        ),
        (
            [],
            [deny("*", None, NotAction=GET, NotResource=[at("b"), at("a")])],
            [("Deny", "all but a, b", "narrowed", "", f"all but {GET}")],
        ),
    ],
)
def test_a_difference_is_told_by_repositories(
    before: list[Json], after: list[Json], changes: list[tuple[str, ...]]
) -> None:
    assert [*map(told, registry_difference(_some(before), _some(after)))] == changes


def _some(statements: list[Json]) -> RegistryFacts:
    return meaning(*statements) if statements else {}


@bounded
@given(registry_policies, randoms)
def test_the_same_policy_written_otherwise_is_equal(policy: list[Json], random: Random) -> None:
    other = rewritten_registry(policy, random)
    assert meaning(*policy) == meaning(*other), other
    assert registry_difference(meaning(*policy), meaning(*other)) == ()


@bounded
@given(registry_policies, registry_policies)
def test_a_difference_is_empty_only_where_facts_are_equal(
    left: list[Json], right: list[Json]
) -> None:
    before, after = meaning(*left), meaning(*right)
    there, back = registry_difference(before, after), registry_difference(after, before)
    assert (there == ()) == (before == after)
    assert [(c.on, c.principal, c.effect, c.gained, c.lost) for c in there] == [
        (c.on, c.principal, c.effect, c.lost, c.gained) for c in back
    ]
    assert all(change.gained or change.lost for change in there)
    assert all(_key(one) < _key(other) for one, other in pairwise(there))


def _key(change: AccessChange) -> tuple[object, ...]:
    assert change.on is not None
    return change.on, change.principal, change.effect


@bounded
@given(registry_policies, registry_policies)
def test_facts_of_reduced_statements_are_the_same(left: list[Json], right: list[Json]) -> None:
    """What one policy covers of itself makes no difference beside another."""
    rebuilt = [s for part, own in meaning(*left).items() for s in _written(part, own)]
    assert meaning(*rebuilt) == meaning(*left)
    assert meaning(*rebuilt, *right) == meaning(*left, *right)


def _written(part: Resources, own: Facts) -> list[Json]:
    element = "NotResource" if part.excluded else "Resource"
    return [{**s, element: list(part.patterns)} for s in rebuilt(own)]


APART = [at("app"), at("b*"), at("c/*"), at(TEAM), at("*", THERE), "arn:aws:ecr", "arn:aws:ecr:*/d"]
"""Patterns of which none covers another."""

EDITS = ["effect", "principal", "action", "condition", "element", "one more", "one less"]


@bounded
@given(
    policies,
    st.lists(st.permutations(APART), min_size=5, max_size=5),
    randoms,
    st.sampled_from(EDITS),
)
def test_any_single_edit_is_a_difference(
    policy: list[Json], orders: list[list[str]], random: Random, what: str
) -> None:
    # Each statement has a principal of its own, so that no other one can make up for the edit.
    policy = [
        _owned(statement, number, order[: random.randint(2, 4)])
        for number, (statement, order) in enumerate(zip(policy, orders, strict=False))
    ]
    at_edit = random.randrange(len(policy))
    edited = [*policy[:at_edit], _edited(policy[at_edit], what), *policy[at_edit + 1 :]]
    assert not same_registry_policy(read_registry(policy), read_registry(edited), PREFIX)
    assert registry_difference(meaning(*policy), meaning(*edited))


def _owned(statement: Json, number: int, patterns: list[str]) -> Json:
    rest = {k: v for k, v in statement.items() if k not in ("Principal", "NotPrincipal")}
    owner = {"AWS": f"arn:aws:iam::999900001111:role/r{number}"}
    return {**rest, "Principal": owner, "Resource": patterns}


def _edited(statement: Json, what: str) -> Json:
    patterns = statement["Resource"]
    assert isinstance(patterns, list)
    rest = {k: v for k, v in statement.items() if k not in ("Action", "NotAction", "Resource")}
    edits: dict[str, Json] = {
        "effect": {**statement, "Effect": "Deny" if statement["Effect"] == "Allow" else "Allow"},
        "principal": {**statement, "Principal": {"AWS": ROLE}},
        "action": {**rest, "Action": "s3:GetObject", "Resource": patterns},
        "condition": {**statement, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        "element": {
            **{k: v for k, v in statement.items() if k != "Resource"},
            "NotResource": patterns,
        },
        "one more": {**statement, "Resource": [*patterns, at("one/more")]},
        "one less": {**statement, "Resource": patterns[1:]},
    }
    return edits[what]
