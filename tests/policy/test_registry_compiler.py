"""The policy of a registry that is written: the same access gives the same bytes."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Grant, grant_facts
from reconciler.policy.compile import compile_registry_policy
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS
from reconciler.policy.language.principals import EVERYONE, Principal, account_principal
from reconciler.policy.language.registry_document import RegistryDocument, read_registry_policy
from reconciler.policy.meaning.registry_facts import (
    RegistryFacts,
    facts_by_pattern,
    registry_facts_of,
)
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, REGISTRY_TIERS
from tests.effort import examples
from tests.policy.making import Json, allow, condition, deny
from tests.policy.random_registries import ALL, PREFIX, at

TIERS = {**BUILT_IN_TIERS, **REGISTRY_TIERS, "look": frozenset({"ecr:get*"})}
UNTIL = condition("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z")
IN_ORGANIZATION = condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")

Asked = tuple[str, Principal, str, Condition]
"""A pattern of names, and who has which tier on these repositories."""


def role(number: int) -> Principal:
    return Principal("AWS", (f"arn:aws:iam::444455556666:role/a-rather-long-name-{number:04}",))


def account(number: int) -> Principal:
    return account_principal(f"{number:012}", "aws")


def facts_of(asked: list[Asked]) -> RegistryFacts:
    grants = [
        (pattern, grant_facts([Grant(principal, None, tier, TIERS[tier], condition)]))
        for pattern, principal, tier, condition in asked
    ]
    return facts_by_pattern(grants, PREFIX)


def compiled(asked: list[Asked], *raw: Json) -> str:
    text = compile_registry_policy(facts_of(asked), raw, TIERS)
    assert text is not None
    return text


def statements(text: str) -> list[Json]:
    found = json.loads(text)
    assert found.keys() == {"Version", "Statement"}
    return list(found["Statement"])


def meaning(text: str) -> RegistryFacts:
    found = read_registry_policy(text)
    assert isinstance(found, RegistryDocument), found
    return registry_facts_of(found.statements, PREFIX)


def test_principals_and_repositories_share_statements() -> None:
    text = compiled(
        [
            ("shared/*", account(1), "pull", ()),
            ("base/*", account(2), "pull", ()),
            ("base/*", account(1), "pull", ()),
            ("shared/*", account(2), "pull", ()),
            ("*", EVERYONE, "pull", IN_ORGANIZATION),
            ("payments/*", account(1), "push-pull", ()),
        ]
    )
    pull, push_pull = sorted(TIERS["pull"]), sorted(TIERS["push-pull"])
    accounts = [f"arn:aws:iam::{number:012}:root" for number in (1, 2)]
    organization = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert statements(text) == [
        allow("*", pull, organization, Sid="EcrAccessPull", Resource=ALL),
        allow(accounts, pull, Sid="EcrAccessPull2", Resource=[at("base/*"), at("shared/*")]),
        allow(accounts[0], push_pull, Sid="EcrAccessPushPull", Resource=at("payments/*")),
    ]
    assert list(statements(text)[0]) == [
        "Sid", "Effect", "Principal", "Action", "Resource", "Condition",
    ]  # fmt: skip


def test_what_a_wider_pattern_gives_is_not_written_twice() -> None:
    text = compiled(
        [
            ("*", account(1), "pull", ()),
            ("app/*", account(1), "pull", ()),
            ("app/*", account(1), "lambda", UNTIL),
            ("app/x", account(1), "push", ()),
        ]
    )
    assert [(one["Sid"], one["Resource"]) for one in statements(text)] == [
        ("EcrAccessPull", ALL),
        ("EcrAccessPush", at("app/x")),
    ]


def test_the_tiers_of_a_registry_have_sids() -> None:
    text = compiled([("a/*", account(1), "replicate", ()), ("b/*", account(1), "cache", ())])
    assert [one["Sid"] for one in statements(text)] == ["EcrAccessCache", "EcrAccessReplicate"]


def test_raw_statements_are_carried_once_as_they_are_and_keep_their_sids() -> None:
    theirs = deny("*", "ecr:PutImage", Sid="EcrAccessPull", NotResource=at("app"))
    other = allow("999900001111", "ecr:*", Sid="Theirs", Resource="*")
    text = compiled([("*", account(1), "pull", ())], theirs, other, dict(theirs))
    assert [one["Sid"] for one in statements(text)] == ["EcrAccessPull2", "Theirs", "EcrAccessPull"]
    assert statements(text)[1:] == [other, theirs]
    assert text == compiled([("*", account(1), "pull", ())], other, theirs)
    alone = compile_registry_policy({}, [other], TIERS)
    assert alone is not None
    assert statements(alone) == [other]


def test_without_a_statement_there_is_no_policy() -> None:
    assert compile_registry_policy({}, [], TIERS) is None


def test_no_resource_is_empty() -> None:
    assert facts_by_pattern([("a/*", {})], PREFIX) == {}
    text = compiled([("a/*", account(1), "pull", ())])
    assert [one["Resource"] for one in statements(text)] == [at("a/*")]


def _shared_by_all(teams: int) -> list[Asked]:
    """Many accounts on every pattern, and a team of its own on each: patterns are joined first."""
    patterns = [f"team-{number}/*" for number in range(teams)]
    return [
        *((pattern, account(number), "pull", ()) for pattern in patterns for number in range(40)),
        *((pattern, role(number), "pull", ()) for number, pattern in enumerate(patterns)),
    ]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (_shared_by_all(20), 21),
        ([("*", account(number), "pull", ()) for number in range(300)], 1),
        # Two of them have both tiers: it is shorter to name these in both statements.
        (
            [
                (pattern, role(number), tier, ())
                for pattern in ("a/*", "b/*")
                for tier, numbers in (("pull", range(82)), ("push", range(80, 162)))
                for number in numbers
            ],
            2,
        ),
        # Those with both tiers have them on other repositories.
        (
            [
                *(("a/*", account(number), "pull", ()) for number in range(200)),
                *(("a/*", account(number), "push", ()) for number in range(200, 400)),
                ("b/*", account(400), "push-pull", ()),
            ],
            3,
        ),
    ],
)
def test_what_is_too_large_is_packed_and_keeps_its_sids(asked: list[Asked], number: int) -> None:
    raw = allow("999900001111", "ecr:*", Sid="EcrAccess", NotResource=at("app"))
    text = compiled(asked, raw)
    assert len(text) <= MAX_POLICY_CHARACTERS
    sids = [one["Sid"] for one in statements(text)]
    assert sids == [*(f"EcrAccess{n}" for n in range(2, number + 2)), "EcrAccess"]
    assert meaning(text) == {**facts_of(asked), **meaning(compiled([], raw))}


def test_what_can_not_fit_is_given_as_it_is() -> None:
    asked: list[Asked] = [("*", role(number), "pull", ()) for number in range(400)]
    text = compiled(asked)
    assert len(text) > MAX_POLICY_CHARACTERS
    assert meaning(text) == facts_of(asked)


asked_of = st.tuples(
    st.sampled_from(["*", "app", "app/*", "a*", "b/*", "b/c/*", "?*", "**"]),
    st.sampled_from([EVERYONE, account(1), account(2), role(1), role(2)]),
    st.sampled_from(sorted(TIERS)),
    st.sampled_from([(), UNTIL, IN_ORGANIZATION]),
)


@examples(10)
@given(st.lists(asked_of, min_size=1, max_size=10), st.booleans(), st.integers(0, 2**32))
def test_it_reads_back_as_it_was_asked_whatever_the_order(
    asked: list[Asked], is_large: bool, seed: int
) -> None:
    if is_large:
        asked = [
            (pattern, principal if principal == EVERYONE else role(number), tier, when)
            for at_place, (pattern, principal, tier, when) in enumerate(asked)
            for number in range(at_place % 3, 90, at_place % 3 + 1)
        ]
    text = compiled(asked)
    assert meaning(text) == facts_of(asked)
    shuffled = Random(seed).sample(asked, k=len(asked))
    assert compiled([*shuffled, *shuffled[:3]]) == text
    sids = [one["Sid"] for one in statements(text)]
    assert len({*sids}) == len(sids)
    assert all(one["Resource"] for one in statements(text))
