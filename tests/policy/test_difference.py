import pytest

from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.facts import AccessChange, Holding, difference
from tests.policy.making import GET, PUT, ROLE, URL, USER, Json, allow, condition, deny, facts

ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
IN_ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
A = Principal("AWS", (ROLE,))


def only_change(before: list[Json], after: list[Json]) -> AccessChange:
    changes = difference(facts(*before) if before else {}, facts(*after) if after else {})
    assert len(changes) == 1
    return changes[0]


def free(*actions: str) -> tuple[Holding, ...]:
    return (Holding(NO_CONDITION, frozenset(actions)),)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([], [allow()], "granted"),
        ([allow()], [], "revoked"),
        ([allow()], [allow(do=[GET, PUT])], "widened"),
        ([allow(do=[GET, PUT])], [allow()], "narrowed"),
        ([allow()], [allow(do=PUT)], "changed"),
        ([allow(do=GET)], [allow(do="ecr:*")], "widened"),
        ([allow(when=ORG)], [allow()], "widened"),
        ([allow()], [allow(when=ORG)], "narrowed"),
        ([], [deny()], "narrowed"),
        ([deny()], [], "widened"),
        ([deny()], [deny(do=[GET, PUT])], "narrowed"),
        ([deny(do=[GET, PUT])], [deny()], "widened"),
        ([deny()], [deny(when=ORG)], "widened"),
        ([deny()], [deny(do=PUT)], "changed"),
    ],
)
def test_kinds(before: list[Json], after: list[Json], kind: str) -> None:
    assert only_change(before, after).kind == kind


def test_no_difference() -> None:
    assert difference({}, {}) == ()
    assert difference(facts(allow(), deny()), facts(deny(), allow())) == ()


def test_all_that_a_change_says() -> None:
    change = only_change([allow(do=[GET, URL])], [allow(do=[GET, PUT])])
    assert change == AccessChange(
        A, "Allow", free(GET, URL), free(GET, PUT), gained=free(PUT), lost=free(URL)
    )


def test_what_is_covered_is_neither_gained_nor_lost() -> None:
    change = only_change([allow(do=GET)], [allow(do="ecr:*")])
    assert change.gained == free("ecr:*")
    assert change.lost == ()


def test_a_condition_that_is_new_is_a_loss() -> None:
    change = only_change([allow()], [allow(when=ORG)])
    assert change.gained == ()
    assert change.lost == free(GET)
    assert change.after == (Holding(IN_ORG, frozenset({GET})),)


def test_holdings_stand_in_order_and_untouched_ones_are_told_too() -> None:
    change = only_change([allow(when=ORG)], [allow(when=ORG), allow(do=PUT)])
    assert change.after == (*free(PUT), Holding(IN_ORG, frozenset({GET})))
    assert change.gained == free(PUT)
    assert change.kind == "widened"


def test_one_change_for_each_principal_and_effect_in_order() -> None:
    changes = difference(facts(allow(USER)), facts(deny(ROLE), allow([ROLE, USER, "*"])))
    assert [(change.principal, change.effect) for change in changes] == [
        (EVERYONE, "Allow"),
        (A, "Allow"),
        (A, "Deny"),
    ]
