"""How a policy's JSON changes: a unified diff that is the same however a policy is written."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.model import Change, Plan
from reconciler.policy.language.document import NO_POLICY
from reconciler.report.plan_text import render_plan
from reconciler.report.plan_view import view_plan
from reconciler.report.policy_diff import diff_of_change, policy_diff
from reconciler.report.text import plain
from reconciler.sandbox.policy_text import respell, shuffle
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

TARGET = Target("app", RegistryScope("111122223333", "us-west-2"))
IN_ORG = {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}}


def rendered(before: str, after: str) -> list[str]:
    """Render the diff of two policies as a part of a plan; return its lines."""
    made = Change(TARGET, "set", (), before, after, TARGET.read(before))
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


@pytest.mark.parametrize("side", [1, -1])
def test_no_policy_has_no_lines(side: int) -> None:
    lines = list(policy_diff(*(NO_POLICY, read(allow()))[::side]))
    assert {line[0] for line in lines[3:]} == {"+-"[side < 0]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"Statement":"x","b":[1,2]}', '-  "Statement": "x",'),
        ('{"x":1', '-{"x":1'),
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
