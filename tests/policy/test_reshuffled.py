"""The same policy: by meaning, or, where it is not understood, by its JSON in any order."""

import pytest

from reconciler.policy.language.document import Unreadable
from reconciler.policy.meaning.facts import same_policy
from tests.policy.making import GET, PUT, allow, read


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ('{"a": 1, "b": [1, 2]}', '{"b":[2,1],"a":1}', True),
        ('{"a": ["x"]}', '{"a": "x"}', True),
        ('{"a": [["x"]]}', '{"a": "x"}', True),
        ('{"a": [{"b": 1}, {"c": 2}]}', '{"a": [{"c": 2}, {"b": 1}]}', True),
        ("not JSON", "not JSON", True),
        ("not JSON", "not  JSON", False),
        ('{"a": 1}', '{"a": 2}', False),
        ('{"a": 1}', '{"a": "1"}', False),
        ('{"a": 1.5}', '{"a": 1.50}', False),
        ('{"a": 1.5}', '{"a": "1.5"}', False),
        ('{"a": []}', '{"a": null}', False),
        ('{"a": ["x", "x"]}', '{"a": ["x"]}', False),
        ('{"a": 1, "a": 2}', '{"a": 2}', False),
        ('{"a": "["}', '{"a": ["["]}', True),
        ('{"a": ["x,y"]}', '{"a": ["x", "y"]}', False),
    ],
)
def test_reshuffled(left: str, right: str, same: bool) -> None:
    assert same_policy(Unreadable(left, ""), Unreadable(right, "")) is same
    assert same_policy(Unreadable(right, ""), Unreadable(left, "")) is same


def test_what_is_understood_is_compared_by_meaning() -> None:
    unreadable = read(allow(Unknown="x"))
    assert same_policy(read(allow(do=[GET, PUT])), read(allow(do=[PUT, GET])))
    assert not same_policy(read(allow()), read(allow(do=PUT)))
    assert not same_policy(read(allow()), unreadable)
    assert not same_policy(unreadable, read(allow()))
