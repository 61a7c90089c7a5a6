from reconciler.policy.language.document import NotAction
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.facts import (
    Holder,
    NamedPrincipal,
    facts_of,
    reduce_facts,
    uncovered_actions,
    uncovered_facts,
)
from reconciler.policy.meaning.tiers import action_names
from tests.policy.making import GET, LAMBDA, PUT, ROLE, URL, USER, allow, condition, deny, facts

ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
IN_ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
A = Principal("AWS", (ROLE,))


def test_nothing_means_nothing() -> None:
    assert facts_of([]) == {}
    assert reduce_facts({}) == {}


def test_facts_are_kept_by_holder() -> None:
    found = facts(allow({"AWS": ROLE, **LAMBDA}, [GET, URL]), allow(ROLE, PUT), deny("*", PUT, ORG))
    assert found == {
        Holder(A, "Allow", ()): {GET, URL, PUT},
        Holder(Principal("Service", ("lambda.amazonaws.com",)), "Allow", ()): {GET, URL},
        Holder(EVERYONE, "Deny", IN_ORG): {PUT},
    }


def test_what_the_unconditional_leaves_of_the_conditional() -> None:
    found = facts(allow(do="ecr:Get*"), allow(do=[URL, PUT], when=ORG), allow(USER, PUT, ORG))
    assert found[Holder(A, "Allow", IN_ORG)] == {PUT}
    assert found[Holder(Principal("AWS", (USER,)), "Allow", IN_ORG)] == {PUT}


def test_many_holders_of_the_same_pair_of_sets() -> None:
    roles = [f"{ROLE}{n}" for n in range(3)]
    free = allow(roles, ["ecr:Get*", GET])
    assert facts(free, allow(roles, [URL, PUT], ORG)) == facts(free, allow(roles, PUT, ORG))


def test_uncovered() -> None:
    but_put = NotAction((PUT,))
    assert uncovered_actions(frozenset({GET, PUT}), frozenset({GET})) == {PUT}
    assert uncovered_actions(frozenset({GET, URL, but_put}), frozenset({"ecr:get*"})) == {
        GET,
        but_put,
    }
    assert uncovered_actions(frozenset({"ecr:get*"}), frozenset({"ecr:get*"})) == set()
    assert uncovered_actions(frozenset({but_put}), frozenset({but_put})) == set()
    assert uncovered_actions(frozenset({GET}), frozenset()) == {GET}


def test_each_policy_keeps_its_own_spelling() -> None:
    for written in ("ecr:GET*", "ecr:Get*"):
        found = facts(allow(do=[written, URL, "ecr:FlyAWAY", "ecr:Fly*"]))
        assert set(map(action_names, found.values())) == {("ecr:Fly*", written)}
        only = facts(deny(do=None, NotAction=[written, URL, "s3:*"]))
        assert set(map(action_names, only.values())) == {(f"all but {written}",)}
        left = uncovered_actions(found[Holder(A, "Allow", ())], frozenset({"ecr:fly*"}))
        assert action_names(left) == (written,)


def test_not_covered() -> None:
    free, bound, denied = facts(allow()), facts(allow(when=ORG)), facts(deny())
    assert uncovered_facts(bound, by=free) == {}
    assert uncovered_facts(free, by=bound) == free
    assert uncovered_facts(free, by=denied) == free
    assert uncovered_facts(bound, by=facts(allow(do="ecr:*", when=ORG))) == {}
    assert uncovered_facts(facts(allow(USER)), by=facts(allow("*", "*"))) == facts(allow(USER))


def test_principals_with_a_name_come_first() -> None:
    b, named = NamedPrincipal(A, name="b"), NamedPrincipal(EVERYONE, name="a")
    bare, in_org = NamedPrincipal(EVERYONE), NamedPrincipal(EVERYONE, IN_ORG)
    given = [in_org, b, bare, named]
    assert sorted(given, key=lambda one: one.names_first) == [named, b, bare, in_org]
