"""Statements limited to some facts: what is written of each one."""

import pytest

from reconciler.policy import (
    Resources,
    choose_statements,
    parse_registry_statement,
    registry_facts_of,
)
from reconciler.policy.language.registry_document import RegistryStatement
from tests.policy.making import (
    GET,
    LAMBDA,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    ROLE_B,
    Json,
    allow,
    deny,
    statement,
)
from tests.policy.random_registries import PREFIX, at

BOTH = [GET, PUT]


def read(*found: Json) -> list[RegistryStatement]:
    """Read statements; those without a Resource are those of one repository."""
    return [
        parse_registry_statement(one)
        if "Resource" in one
        else RegistryStatement(statement(one), Resources((REPOSITORY_ARN,)))
        for one in found
    ]


def limited(first: Json, to: list[Json], then: tuple[Json, ...] = ()) -> tuple[object, ...]:
    facts = registry_facts_of(read(*to), PREFIX)
    return choose_statements(facts, read(first), read(*then), [], PREFIX)


@pytest.mark.parametrize(
    ("written", "facts", "expected"),
    [
        pytest.param(allow(ROLE, BOTH), [allow(ROLE, "ecr:*")], [allow(ROLE, BOTH)], id="covered"),
        pytest.param(allow(ROLE, BOTH), [allow(ROLE_B, BOTH)], [], id="gone"),
        pytest.param(allow(ROLE, BOTH), [allow(ROLE, GET)], [allow(ROLE, GET)], id="one action"),
        pytest.param(
            allow([ROLE, ROLE_B], BOTH),
            [allow(ROLE_B, BOTH)],
            [allow(ROLE_B, BOTH)],
            id="one principal, with its actions as they are written",
        ),
        pytest.param(
            allow({**LAMBDA, "AWS": [ROLE, "*"]}, BOTH, Sid="S"),
            [allow("*", BOTH), allow(LAMBDA, GET)],
            [allow("*", BOTH, Sid="S"), allow(LAMBDA, GET, Sid="S2")],
            id="kinds of principals",
        ),
        pytest.param(
            deny({"AWS": [ROLE, ROLE_B]}, None, NotAction=["ecr:Get*"]),
            [deny(ROLE, None, NotAction=["ecr:Get*"])],
            [deny(ROLE, None, NotAction=["ecr:Get*"])],
            id="NotAction stays whole",
        ),
        pytest.param(
            deny(None, BOTH, NotPrincipal={"AWS": [ROLE]}),
            [deny(None, PUT, NotPrincipal={"AWS": [ROLE]})],
            [deny(None, PUT, NotPrincipal={"AWS": [ROLE]})],
            id="NotPrincipal stays whole",
        ),
        pytest.param(
            allow(ROLE, BOTH, Resource=[at("a"), at("b*"), at("c")]),
            [allow(ROLE, BOTH, Resource=at("a")), allow(ROLE, GET, Resource=at("*"))],
            [
                allow(ROLE, BOTH, Resource=at("a")),
                allow(ROLE, GET, Resource=[at("b*"), at("c")]),
            ],
            id="repositories",
        ),
    ],
)
def test_a_statement_keeps_what_the_facts_cover(
    written: Json, facts: list[Json], expected: list[Json]
) -> None:
    found = limited(written, facts)
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_others_are_added_where_something_is_missing() -> None:
    then = (allow([ROLE, ROLE_B], BOTH, Sid="S"), deny(ROLE, GET))
    found = limited(allow(ROLE, GET, Sid="S"), [allow([ROLE, ROLE_B], GET), deny(ROLE, GET)], then)
    assert found == (allow(ROLE, GET, Sid="S"), allow(ROLE_B, GET, Sid="S2"), deny(ROLE, GET))
