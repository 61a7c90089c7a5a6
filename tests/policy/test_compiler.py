"""From grants to bytes: always the same ones, and what they say."""

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import permutations
from types import MappingProxyType

import pytest

from reconciler.model.access import Grant, grant_facts
from reconciler.policy.compile import compile_policy, sid_for
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import parse_document
from reconciler.policy.language.json_text import minified
from reconciler.policy.language.principals import (
    EVERYONE,
    Principal,
    account_principal,
    service_principal,
)
from reconciler.policy.meaning.facts import Facts, facts_of
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, Tiers
from tests.policy.making import ACCOUNT, ROLE, ROLE_B, ROOT, USER, Json, condition, deny

TIERS: Tiers = MappingProxyType(
    {
        **BUILT_IN_TIERS,
        "image-scan": frozenset({"ecr:StartImageScan"}),
        "pull2": frozenset({"ecr:ListImages"}),
    }
)
A, B = Principal("AWS", (ROLE,)), Principal("AWS", (ROLE_B,))
LAMBDA = service_principal("lambda.amazonaws.com")
ORG = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
VPC = condition("StringEquals", "aws:SourceVpc", "vpc-1")
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def grant(principal: Principal, tier: str, condition: Condition = ()) -> Grant:
    return Grant(principal, None, tier, TIERS[tier], condition)


def facts(*grants: Grant) -> Facts:
    return grant_facts(grants)


def compiled(*grants: Grant, raw: Iterable[Json] = ()) -> str:
    text = compile_policy(facts(*grants), raw, TIERS)
    assert text is not None
    return text


def statements(*grants: Grant, raw: Iterable[Json] = ()) -> list[dict[str, object]]:
    document = json.loads(compiled(*grants, raw=raw))
    assert list(document) == ["Version", "Statement"]
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def sids(*grants: Grant) -> list[object]:
    return [statement["Sid"] for statement in statements(*grants)]


def test_the_exact_bytes() -> None:
    assert compiled(grant(A, "pull", ORG)) == (
        '{"Version":"2012-10-17","Statement":[{"Sid":"EcrAccessPull","Effect":"Allow",'
        f'"Principal":{{"AWS":"{ROLE}"}},"Action":["ecr:BatchCheckLayerAvailability",'
        '"ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],'
        '"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}'
    )


def test_nothing_to_say_is_no_policy() -> None:
    assert compile_policy({}, [], TIERS) is None


def test_the_same_actions_share_a_statement() -> None:
    assert statements(grant(B, "pull"), grant(A, "pull")) == [
        {
            "Sid": "EcrAccessPull",
            "Effect": "Allow",
            "Principal": {"AWS": [ROLE, ROLE_B]},
            "Action": PULL,
        }
    ]


def test_kinds_share_a_statement_too() -> None:
    account = account_principal(ACCOUNT, "aws")
    (only,) = statements(grant(LAMBDA, "pull"), grant(account, "pull"))
    assert only["Principal"] == {"AWS": ROOT, "Service": "lambda.amazonaws.com"}


def test_everyone_stands_alone() -> None:
    everyone, role = statements(grant(A, "pull", ORG), grant(EVERYONE, "pull", ORG))
    assert everyone["Principal"] == "*"
    assert role["Principal"] == {"AWS": ROLE}


def test_conditions_never_share_a_statement() -> None:
    found = statements(grant(A, "pull"), grant(B, "pull", ORG), grant(B, "pull", VPC))
    assert [statement.get("Condition") for statement in found] == [
        None,
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    ]
    assert [s["Sid"] for s in found] == ["EcrAccessPull", "EcrAccessPull2", "EcrAccessPull3"]


def test_tiers_of_one_principal_become_one_set() -> None:
    (only,) = statements(grant(A, "push"), grant(A, "pull"))
    assert only["Sid"] == "EcrAccessPushPull"
    assert only["Action"] == sorted(TIERS["push-pull"])


def test_one_action_stands_bare() -> None:
    (only,) = statements(grant(A, "admin"))
    assert only["Action"] == "ecr:*"


def test_any_order_gives_the_same_bytes() -> None:
    grants = [
        grant(A, "pull"),
        grant(B, "push-pull"),
        grant(LAMBDA, "lambda", ORG),
        grant(EVERYONE, "pull", ORG),
        grant(A, "push", VPC),
    ]
    raw = [deny(USER, Sid="Two"), deny(ROLE, Sid="One")]
    texts = {compiled(*order, raw=raw) for order in permutations(grants)}
    assert texts == {compiled(*grants, raw=raw[::-1])}


@pytest.mark.parametrize(
    ("actions", "sid"),
    [
        (TIERS["pull"], "EcrAccessPull"),
        (TIERS["push-pull"], "EcrAccessPushPull"),
        (TIERS["admin"], "EcrAccessAdmin"),
        (TIERS["image-scan"], "EcrAccessImageScan"),
        (TIERS["pull"] | TIERS["image-scan"], "EcrAccessPullImageScan"),
        (TIERS["push"] - TIERS["pull"], "EcrAccessPush"),
        (TIERS["pull"] | {"ecr:PutImage"}, "EcrAccessPushPull"),
        (TIERS["pull"] | {"ecr:TagResource"}, "EcrAccessPullCustom"),
        (frozenset({"ecr:TagResource"}), "EcrAccessCustom"),
    ],
)
def test_sids(actions: frozenset[str], sid: str) -> None:
    assert sid_for(actions, TIERS) == sid


@pytest.mark.parametrize(
    ("tier", "sid"),
    [("a-b_c.d", "ABCD"), ("deployTeam", "DeployTeam"), ("1st", "1st"), ("lectură", "Lectur")],
)
def test_sids_hold_letters_and_digits_only(tier: str, sid: str) -> None:
    actions = frozenset({"ecr:TagResource"})
    assert sid_for(actions, {tier: actions}) == f"EcrAccess{sid}"


def test_no_two_of_our_sids_are_the_same() -> None:
    pulls = [grant(A, "pull", ORG), grant(A, "pull", VPC)]
    assert sids(*pulls) == ["EcrAccessPull", "EcrAccessPull2"]
    assert sids(*pulls, grant(LAMBDA, "pull2")) == [
        "EcrAccessPull",
        "EcrAccessPull3",
        "EcrAccessPull2",
    ]


def test_raw_statements_come_last_and_as_they_are() -> None:
    raw = deny("*", "ecr:DeleteRepository", Sid="Guard", Resource="*")
    found = statements(grant(A, "pull"), raw=[raw])
    assert found[-1] == raw
    assert [statement["Sid"] for statement in found] == ["EcrAccessPull", "Guard"]
    assert statements(raw=[raw]) == [raw]


def test_a_fraction_is_written_as_it_is() -> None:
    raw = deny(when={"NumericLessThan": {"aws:MultiFactorAuthAge": Decimal("0.50")}})
    assert '"0.50"' in compiled(raw=[raw])


def test_what_is_written_reads_as_what_was_meant() -> None:
    meant = facts(grant(A, "pull"), grant(LAMBDA, "lambda", ORG), grant(EVERYONE, "read", VPC))
    text = compile_policy(meant, [], TIERS)
    assert text is not None
    assert facts_of(parse_document(text).statements) == meant


def test_text_is_neither_spaced_nor_escaped() -> None:
    assert minified({"a": ["ä", 1], "b": None}) == '{"a":["ä",1],"b":null}'


def test_our_sids_give_way_to_those_that_the_file_carries() -> None:
    raw = {"Sid": "EcrAccessPull", "Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}
    sids = [
        s["Sid"]
        for s in json.loads(compile_policy(facts(grant(A, "pull")), [raw], TIERS))["Statement"]
    ]
    assert sorted(sids) == ["EcrAccessPull", "EcrAccessPull2"]


def test_a_raw_statement_is_carried_once() -> None:
    raw = {"Sid": "X", "Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}
    again = dict(reversed(raw.items()))
    assert len(json.loads(compile_policy({}, [raw, again], TIERS))["Statement"]) == 1
