"""Grants as facts, and the file's words for what a policy says."""

from reconciler.model.access import DisplayNames, Grant, grant_facts
from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.principals import EVERYONE, Principal, service_principal
from reconciler.policy.meaning.facts import Holder, NamedPrincipal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from tests.policy.making import ROLE, USER, condition

A, ALICE = Principal("AWS", (ROLE,)), Principal("AWS", (USER,))
ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
PATHS = condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*")
PULL, PUSH = BUILT_IN_TIERS["pull"], BUILT_IN_TIERS["push"]


def test_tiers_of_one_principal_add_up() -> None:
    grants = [Grant(A, "a", "pull", PULL, ()), Grant(A, None, "push", PUSH, ())]
    assert grant_facts(grants) == {Holder(A, "Allow", NO_CONDITION): PULL | PUSH}


def test_what_another_grant_covers_is_left_out() -> None:
    grants = [Grant(A, "a", "push", PUSH, ORG), Grant(A, "a", "admin", frozenset({"ecr:*"}), ())]
    assert grant_facts(grants) == {Holder(A, "Allow", NO_CONDITION): {"ecr:*"}}
    assert grant_facts([]) == {}


def test_who_is_meant() -> None:
    words = DisplayNames(
        principals=(
            NamedPrincipal(A, name="z-role"),
            NamedPrincipal(A, name="a-role"),
            NamedPrincipal(EVERYONE, ORG, "org"),
            NamedPrincipal(EVERYONE, tuple(sorted((*ORG, *PATHS))), "unit"),
        )
    )
    assert words.name_of(A, NO_CONDITION) == "a-role"
    assert words.name_of(A, ORG) == "a-role"
    assert words.name_of(EVERYONE, ORG) == "org"
    assert words.name_of(EVERYONE, (*ORG, *PATHS)) == "unit"
    assert words.name_of(EVERYONE, NO_CONDITION) is None
    assert words.name_of(ALICE, NO_CONDITION) is None
    assert words.find(EVERYONE, PATHS) is None
    assert words.find(EVERYONE, ORG) == NamedPrincipal(EVERYONE, ORG, "org")


def test_without_a_file_there_are_only_the_built_in_tiers() -> None:
    assert DisplayNames().tiers == BUILT_IN_TIERS
    assert DisplayNames().find(service_principal("lambda.amazonaws.com"), NO_CONDITION) is None
