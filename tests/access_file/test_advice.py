"""What is said of slips, and what is left out because it only follows from them."""

import pytest

from reconciler.closest import did_you_mean
from reconciler.policy.language.document import parse_document
from reconciler.policy.language.json_text import MalformedError
from tests.access_file.files import NOW, load, load_access, of_principal, of_statement, only, rules

STAGING = 'accounts: {staging: "444455556666"}\n'


@pytest.mark.parametrize(
    ("definition", "key", "meant"),
    [
        ("{roel: role2-2, account: staging}", "roel", "role"),
        ("{role: role2-2, acount: staging}", "acount", "account"),
        ("{role: role2-2, acounts: [staging]}", "acounts", "accounts"),
        ('{servce: lambda.amazonaws.com, source_accounts: ["444455556666"]}', "servce", "service"),
        ('{organisation: o-a1b2c3d4e5, paths: ["o-a1b2c3d4e5/*"]}', "organisation", "organization"),
    ],
)
def test_a_misspelt_key_is_the_only_problem(definition: str, key: str, meant: str) -> None:
    problem = only(of_principal(definition, accounts=STAGING))
    assert (problem.rule, problem.hint) == ("unknown-key", f"did you mean '{meant}'?")
    assert f"'{key}'" in problem.message


def test_a_misspelt_key_hides_no_other_problem() -> None:
    found = rules(of_principal("{roel: x, account: staging, service: y.amazonaws.com}"))
    assert {"unknown-key", "clashing-keys"} <= set(found)
    text = b"version: 1\nregistry: {region: us-west-2}\nrepositories: {}\n"
    problems = load_access(text, "f.yaml", now=NOW).problems
    assert [p.message for p in problems] == [
        "missing key 'account'",
        "unknown key 'region'",
    ]


def test_an_unknown_key_that_is_close_to_nothing_leaves_the_missing_one() -> None:
    one = "{reason: x, nonsense: pull}"
    found = rules(load(f"repositories: {{tools/one: {{access: {{'444455556666': {one}}}}}}}"))
    assert sorted(found) == ["missing-key", "unknown-key"]


def test_a_mapping_without_a_known_key_is_one_mistake() -> None:
    one = "{nonsense: pull, xyz: x}"
    (problem,) = load(
        f"repositories: {{tools/one: {{access: {{'444455556666': {one}}}}}}}"
    ).problems
    assert (problem.rule, problem.message) == (
        "unknown-key",
        "unknown keys 'nonsense', 'xyz'",
    )
    assert "{tier: TIER, until: DATE}" in (problem.hint or "")


@pytest.mark.parametrize("key", ["Efect", "Principle", "Acton"])
def test_a_misspelt_element_of_a_statement_is_the_only_problem(key: str) -> None:
    elements = {"Efect": "Deny", "Principle": '"*"', "Acton": '"ecr:PutImage"'}
    good = {"Effect": "Deny", "Principal": '"*"', "Action": '"ecr:PutImage"'}
    good.pop({"Efect": "Effect", "Principle": "Principal", "Acton": "Action"}[key])
    pairs = ", ".join(f"{k}: {v}" for k, v in {key: elements[key], **good}.items())
    assert rules(of_statement(f"{{{pairs}}}")) == ["unknown-key"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("IpAdress", "IpAddress"),
        ("StringEqual", "StringEquals"),
        ("ForAnyValue:StringLikes", "ForAnyValue:StringLike"),
        ("StringEqualIfExists", "StringEqualsIfExists"),
        ("ipaddress", "IpAddress"),
    ],
)
def test_an_unknown_operator_is_named(written: str, meant: str) -> None:
    condition = f'{{"{written}": {{"aws:SourceIp": 203.0.113.0/24}}}}'
    principal = of_principal(f"{{role: x, account: workloads, when: {condition}}}")
    statement = of_statement(
        f'{{Effect: Deny, Principal: "*", Action: "ecr:*", Condition: {condition}}}'
    )
    for loaded in (principal, statement):
        problem = only(loaded)
        assert problem.rule == "bad-condition"
        assert problem.message == f"'{written}' is not a condition operator"
        assert problem.hint == f"did you mean '{meant}'?"


def test_a_short_name_is_suggested() -> None:
    assert did_you_mean("c1", ["ci", "runtime"]) == "did you mean 'ci'?"
    assert did_you_mean("zz", ["ci", "runtime"]) is None


@pytest.mark.parametrize("day", ["2024-02-30", "2023-02-29", "2027-13-01", "2027-00-10"])
def test_a_day_that_does_not_exist_is_no_matter_of_form(day: str) -> None:
    given = f"{{'444455556666': {{tier: pull, until: {day}}}}}"
    problem = only(load(f"repositories: {{tools/one: {{access: {given}}}}}"))
    assert problem.rule == "bad-date"
    assert problem.message == f"'{day}' is not a valid date"
    assert problem.hint is None


@pytest.mark.parametrize(
    "action",
    ["ecr:${aws:username}", "ecr:G\N{CYRILLIC SMALL LETTER IE}t*", "ecr:", f"ecr:{'A' * 253}"],
)
def test_an_action_that_a_policy_can_not_hold_is_refused_in_its_place(action: str) -> None:
    tier = f"tiers: {{odd: {{actions: ['{action}']}}}}\n"
    loaded = load(f"{tier}repositories: {{tools/one: {{access: {{'444455556666': odd}}}}}}\n")
    problem = only(loaded)
    assert (problem.rule, problem.place.line) == ("bad-action", 3)


def test_the_same_action_is_what_a_plan_refuses() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:${aws:username}"}]}'
    with pytest.raises(MalformedError):
        parse_document(text)
