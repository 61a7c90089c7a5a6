"""Matching, against a regular expression; and patterns against what patterns stand for."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.glob import (
    glob_includes,
    glob_matches,
    globs_intersect,
    has_wildcard,
)
from tests.effort import examples

patterns = st.text(alphabet="ab*?", max_size=8)
short = st.text(alphabet="ab*?", max_size=4)
texts = st.text(alphabet="abc", max_size=8)
bounded = examples(100)


def as_regex(pattern: str) -> re.Pattern[str]:
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), re.DOTALL
    )


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("a", "", False),
        ("*", "", True),
        ("*", "team/app:1", True),
        ("**", "a", True),
        ("a", "a", True),
        ("a", "A", False),
        ("a*c", "abbc", True),
        ("a*c", "abcb", False),
        ("a*b*c", "axbxbxc", True),
        ("?", "a", True),
        ("?", "", False),
        ("?", "ab", False),
        ("a?c", "a/c", True),
        ("a*", "a\nb", True),
        ("a?*", "a", False),
        ("?", "*", False),
        ("?", "?", True),
        ("*", "a*?", True),
        ("a*", "a?b*", True),
        ("*?", "?*", False),
        ("[a]", "a", False),
    ],
)
def test_matching(pattern: str, text: str, expected: bool) -> None:
    assert glob_matches(pattern, text) is expected


@bounded
@given(patterns, texts)
def test_it_agrees_with_a_regular_expression(pattern: str, text: str) -> None:
    assert glob_matches(pattern, text) == bool(as_regex(pattern).fullmatch(text))


@bounded
@given(wide=patterns, narrow=patterns, data=st.data())
def test_a_pattern_that_matches_another_matches_all_it_stands_for(
    wide: str, narrow: str, data: st.DataObject
) -> None:
    if not glob_matches(wide, narrow):
        return
    stand_for = {"*": st.text(alphabet="abc?*", max_size=4), "?": st.sampled_from("abc")}
    expansion = "".join(
        data.draw(stand_for[char]) if char in stand_for else char for char in narrow
    )
    assert as_regex(wide).fullmatch(expansion)


@bounded
@given(patterns, patterns)
def test_two_different_patterns_never_match_each_other(left: str, right: str) -> None:
    left, right = (re.sub(r"\*+", "*", pattern) for pattern in (left, right))
    assert left == right or not (glob_matches(left, right) and glob_matches(right, left))


def test_many_stars_stay_cheap() -> None:
    assert not glob_matches("*a" * 100 + "b", "a" * 2000)


@pytest.mark.parametrize(("text", "expected"), [("a*", True), ("?", True), ("a/b", False)])
def test_has_wildcard(text: str, expected: bool) -> None:
    assert has_wildcard(text) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("payments/*", "payments/api", True),
        ("payments/*", "*/api", True),
        ("payments/*", "tools/*", False),
        ("a*b", "a*c", False),
        ("a?", "?b", True),
        ("a?", "b*", False),
        ("a**b", "a?b", True),
        ("*a*", "*b*", True),
        ("a?c", "a*", True),
        ("abc", "ab", False),
        ("a", "A", False),
    ],
)
def test_patterns_that_match_one_same_text(left: str, right: str, expected: bool) -> None:
    assert globs_intersect(left, right) is expected
    assert globs_intersect(right, left) is expected


@bounded
@given(patterns, patterns, texts)
def test_patterns_that_both_match_a_text_intersect(left: str, right: str, text: str) -> None:
    if glob_matches(left, text) and glob_matches(right, text):
        assert globs_intersect(left, right)


@bounded
@given(short, short)
def test_patterns_that_intersect_have_a_text(left: str, right: str) -> None:
    shared = any(
        glob_matches(left, text) and glob_matches(right, text)
        for length in range(9)
        for text in map("".join, product("ab", repeat=length))
    )
    assert globs_intersect(left, right) is shared


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("", "", True),
        ("", "*", False),
        ("*", "", True),
        ("*", "*", True),
        ("*", "?*a", True),
        ("?*", "*?", True),
        ("*?", "?*", True),
        ("?*", "*", False),
        ("?*b", "*ab", True),
        ("**", "*", True),
        ("*", "**", True),
        ("payments/*", "payments/api", True),
        ("payments/*", "payments/**", True),
        ("payments/*", "payments/*/x", True),
        ("payments/*", "payments/?", True),
        ("payments/*", "payments/", True),
        ("payments/*", "payments", False),
        ("payments/*", "payments*", False),
        ("payments/*", "pay*", False),
        ("payments/*", "?ayments/x", False),
        ("payments/*", "*ayments/x", False),
        ("payments/*", "*", False),
        ("payments/*", "payment?/x", False),
        ("payments/?", "payments/*", False),
        ("*/api", "*/web-api", False),
        ("*api", "*/web-api", True),
        ("[a]", "a", False),
        ("a", "[a]", False),
    ],
)
def test_a_pattern_inside_of_another(outer: str, inner: str, expected: bool) -> None:
    assert glob_includes(outer, inner) is expected


@bounded
@given(short, short)
def test_a_pattern_includes_another_where_it_matches_all_its_texts(outer: str, inner: str) -> None:
    matched = (
        bool(as_regex(outer).fullmatch(text))
        for length in range(7)
        for text in map("".join, product("abc", repeat=length))
        if as_regex(inner).fullmatch(text)
    )
    assert glob_includes(outer, inner) is all(matched)


def test_long_patterns_are_no_trouble() -> None:
    assert not globs_intersect("a*" * 5_000 + "b", "a*" * 5_000 + "c")
    assert not glob_includes("*a" + "?" * 200, "*a" * 200)
