"""How a policy's JSON changes: a unified diff that is the same however a policy is written."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.model.templates import CreationTemplate
from reconciler.plan.model import Change, Plan
from reconciler.policy.language.document import NO_POLICY
from reconciler.report.plans.plan_text import render_plan
from reconciler.report.plans.plan_view import view_plan
from reconciler.report.plans.policy_diff import diff_of_change, policy_diff
from reconciler.report.text import plain
from reconciler.sandbox.policies.text import respell, shuffle
from tests.policy.making import (
    ACCOUNT,
    GET,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    URL,
    Json,
    allow,
    doc,
    read,
    text_of,
)
from tests.policy.random_policies import policies
from tests.report.subjects import MINE, OWN, on, registry_change, template, template_change

TARGET = Target("app", RegistryScope("111122223333", "us-west-2"))
IN_ORG = {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}}


def rendered(before: str, after: str) -> list[str]:
    """Render the diff of two policies as a part of a plan; return its lines."""
    made = Change(TARGET, "set", (), before, after)
    text = render_plan(view_plan(Plan((made,)), DisplayNames()), plain, diff_of_change)
    lines = [line.removeprefix("      ") for line in text.splitlines()]
    return lines[lines.index("--- live") : lines.index("")]


def changed(before: str | Json | list[Json], after: str | Json | list[Json]) -> list[str]:
    """Give the lines that come or go, without their indent."""
    lines = rendered(text_of(before), text_of(after))
    assert lines[:2] == ["--- live", "+++ planned"]
    return [line[0] + line[1:].strip() for line in lines[2:] if line[0] in "+-"]


@given(policies, st.integers(0, 2**32).map(Random))
def test_what_the_service_hands_back_is_no_difference(policy: list[Json], random: Random) -> None:
    text = doc(*policy)
    again = json.dumps(shuffle(respell(json.loads(text), "aws"), random))
    assert list(policy_diff(read(text), read(again))) == []


@pytest.mark.parametrize(
    "other",
    [
        allow(ACCOUNT, [GET, PUT], {"StringEquals": {"AWS:principalorgid": "o-a1b2c3d4e5"}}),
        allow([ROOT, ROOT], [PUT.lower(), GET], IN_ORG),
        {**allow(ROOT, [PUT, GET], IN_ORG), "Resource": "*"},
        doc(allow(ROOT, [PUT, GET], IN_ORG), Id="x"),
    ],
)
def test_spelling_is_no_difference(other: object) -> None:
    assert list(policy_diff(read(allow(ROOT, [GET, PUT], IN_ORG)), read(other))) == []


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (allow([ROLE, ROLE_B]), allow([ROLE_B]), [f'-"{ROLE}",']),
        (allow(ACCOUNT, [GET, URL]), allow(ROOT, [URL, PUT, GET]), [f'+"{PUT}"']),
        (allow("*", when=IN_ORG), allow("*"), ['-"Condition": {', '-"StringEquals": {']),
        (doc(allow(), version="2008-10-17"), allow(), ['-"Version": "2008-10-17"']),
        (allow(Sid="B"), [allow(Sid="A", do=PUT), allow(Sid="B")], ['+"Action": [', f'+"{PUT}"']),
        (
            allow(do=GET),
            {"Effect": "Allow", "Principal": "*", "NotAction": GET},
            ['+"NotAction": ['],
        ),
        (
            {"Effect": "Deny", "NotPrincipal": {"AWS": [ROLE, ROLE_B]}, "Action": "*"},
            {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*"},
            [f'-"{ROLE_B}"'],
        ),
        ({"Effect": "Allow", "Action": GET}, allow(), ['+"Principal": {', '+"AWS": [']),
    ],
)
def test_what_comes_and_what_goes(before: object, after: object, lines: list[str]) -> None:
    shown = changed(before, after)
    assert [line for line in lines if line not in shown] == []


def test_a_policy_variable_stays_as_it_is_written() -> None:
    old = allow(when={"StringLike": {"aws:PrincipalTag/a": "${b}"}})
    assert '-"${b}"' in changed(doc(old, version="2008-10-17"), allow())


def of_change(change: Change) -> list[str]:
    """Give the lines that come or go, without their indent, and the heading of the sides."""
    lines = list(diff_of_change(change))
    return [line[0] + line[1:].strip() for line in lines[2:] if line[0] in "+-"]


def test_the_registrys_policy_is_shown_with_its_resources() -> None:
    before, after = on("b/*", "a/*"), on("a/*", "c/*")
    change = registry_change([{**allow(), **before}], [{**allow(), **after}])
    assert of_change(change) == [f'-"{OWN}b/*"', f'+"{OWN}c/*"']
    change = registry_change([{**allow(), **before}], [{**allow(), "NotResource": f"{OWN}a"}])
    assert '+"NotResource": [' in of_change(change)
    same = registry_change([{**allow(), **before}], [{**allow([ROLE]), **on("a/*", "b/*")}])
    assert of_change(same) == []
    assert '-"Resource": [' in of_change(registry_change([{**allow(), **before}], []))


def test_a_registrys_policy_that_is_not_understood_is_shown_as_it_is() -> None:
    change = registry_change([], [{**allow(), **on("*")}])
    unread = replace(change, before_text=doc(allow()))
    assert f'+"{OWN}*"' in of_change(unread)
    assert '-"Action": "ecr:BatchGetImage",' in of_change(unread)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (
            template("a", ["REPLICATION"], allow(ROLE)),
            template("a", ["CREATE_ON_PUSH"], allow(ROLE)),
            ['-"REPLICATION"', '+"CREATE_ON_PUSH"'],
        ),
        (
            template("a", [], allow([ROLE, ROLE_B])),
            template("a", [], allow(ROLE)),
            [f'-"{ROLE}",', f'-"{ROLE_B}"', f'+"{ROLE}"'],
        ),
        (template("a", []), template("a", [], rest={**MINE, "x": "y"}), ['+"x": "y"']),
        (template("a", [], allow(ROLE)), template("a", [], allow([ROLE])), []),
    ],
)
def test_of_a_template_the_policy_and_what_changes_are_shown(
    before: CreationTemplate, after: CreationTemplate, lines: list[str]
) -> None:
    shown = of_change(template_change(before, after))
    assert [line for line in shown if line not in ("-{", "+{", "-}", "+}")] == lines


def test_a_template_that_comes_or_goes_is_shown_as_a_whole() -> None:
    whole = template("a", ["REPLICATION"], allow(ROLE))
    for change, sign in ((template_change(None, whole), "+"), (template_change(whole, None), "-")):
        lines = of_change(change)
        assert {line[0] for line in lines} == {sign}
        told = json.loads("".join(line[1:] for line in lines))
        statement = {"Effect": "Allow", "Principal": {"AWS": [ROLE]}, "Action": [GET]}
        assert told == {
            **MINE,
            "prefix": "a",
            "appliedFor": ["REPLICATION"],
            "repositoryPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        }


def test_the_policy_of_a_template_that_is_not_understood_is_shown_as_it_is() -> None:
    before = template("a", [])._replace(policy_text="\x1b[31m")
    lines = of_change(template_change(before, template("a", [], allow(ROLE))))
    assert r'-"repositoryPolicy": "\u001b[31m"' in lines


@pytest.mark.parametrize("side", [1, -1])
def test_no_policy_has_no_lines(side: int) -> None:
    lines = list(policy_diff(*(NO_POLICY, read(allow()))[::side]))
    assert {line[0] for line in lines[3:]} == {"+-"[side < 0]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"Statement":"x","b":[1,2]}', '-  "Statement": "x",'),
        ('{"x":1', '-{"x":1'),
        ("null", "-null"),
        ('"x"', '-"x"'),
        ('{"a":"\x1b[31m"', r'-{"a":"\x1b[31m"'),
        ("##vso[task]", r"-\x23#vso[task]"),
    ],
)
def test_what_is_no_policy_is_shown_as_it_is(text: str, line: str) -> None:
    assert line in rendered(text, doc(allow()))


def test_a_statement_without_a_sid_stands_where_the_one_stood_that_it_resembles() -> None:
    before = [allow(ROLE, [GET, URL]), allow(ROLE_B, [GET, PUT, URL])]
    after = [allow(ROLE, [GET, URL, PUT]), {**allow(ROLE_B, [GET, URL]), "Sid": "New"}]
    lines = changed(before, after)
    assert '+"Sid": "New"' in lines
    assert not any("role/" in line for line in lines)


def test_what_is_no_text_can_be_compared() -> None:
    hostile = allow(ROLE, GET, {"StringEquals": {"aws:PrincipalTag/\ud800": "x"}})
    lines = changed(doc(hostile, allow(ROOT, GET)), doc(allow(ROLE_B, GET), allow(ROOT, GET)))
    assert r'-"aws:PrincipalTag/\ud800": [' in lines
