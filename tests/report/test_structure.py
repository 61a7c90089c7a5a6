"""The structural difference: DeepDiff explains what changes in a policy's JSON."""

import pytest

from reconciler.report.structure import structural_lines

PULL = {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["x", "y"]}, "Action": ["p", "q"]}


def policy(*statements: object, version: str = "2012-10-17") -> dict[str, object]:
    return {"Version": version, "Statement": list(statements)}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (policy(PULL), policy(PULL), []),
        (policy(PULL), {**policy(), "Statement": PULL}, []),
        (policy(PULL), policy({**PULL, "Action": ["q", "p"]}), []),
        (policy({**PULL, "Action": ["p"]}), policy({**PULL, "Action": "p"}), []),
        (
            policy(PULL),
            policy({**PULL, "Principal": {"AWS": "x"}}),
            ['- Statement.A.Principal.AWS.1: "y"'],
        ),
        (
            policy(PULL),
            policy({**PULL, "Condition": {"Bool": {"k": "true"}}}),
            ['+ Statement.A.Condition: {"Bool":{"k":["true"]}}'],
        ),
        (
            policy(PULL, version="2008-10-17"),
            policy(PULL),
            ['~ Version: "2008-10-17" → "2012-10-17"'],
        ),
        (
            None,
            policy({"Sid": "A", "Effect": "Allow"}),
            ['+ Statement.A: {"Sid":"A","Effect":"Allow"}', '+ Version: "2012-10-17"'],
        ),
        (
            policy({"Effect": "Deny"}, {"Effect": "Deny"}),
            policy({"Effect": "Deny"}),
            ['- Statement.1: {"Effect":"Deny"}'],
        ),
        (policy("odd"), policy("even"), ['~ Statement.0: "odd" → "even"']),
        (
            policy({"Sid": "\x1b[31m", "Effect": "Deny"}),
            policy(),
            ['- Statement.\\x1b[31m: {"Sid":"\\u001b[31m","Effect":"Deny"}'],
        ),
    ],
)
def test_each_difference_is_a_line(before: object, after: object, lines: list[str]) -> None:
    assert list(structural_lines(before, after)) == lines


def test_a_text_that_is_no_policy_is_shown_as_such() -> None:
    assert '- text: "{\\"x\\":1"' in list(structural_lines('{"x":1', policy(PULL)))
