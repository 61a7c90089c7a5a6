"""The text that is written is read as what was meant, by YAML 1.1 and by the file's own loader."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import plain
from reconciler.access_file.layout.writing import WIDTH
from reconciler.adopt.yaml_text import Value, entry, flow, scalar

MISREAD = [
    "yes", "No", "ON", "off", "y", "null", "Null", "~", "true", "FALSE", "", " a", "a ", "a: b",
    "a #b", "- a", "*", "*a", "&a", "!a", "%a", "@a", "`a", "{a", "[a", "a]", "'a", '"a"', "?", "-",
    "012345678901", "444455556666", "12", "1e3", "0x1f", "1_000", "12:30", "1.5", ".inf", ".nan",
    "2027-03-31", "2027-03-31T12:00:00Z", "<<", "=", "a\\b", "\u00fc", "a,b", "arn:aws:iam::1:root",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(MISREAD),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=200),
)
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(texts, st.booleans()),
    lambda parts: st.one_of(
        st.lists(parts, max_size=4), st.dictionaries(texts.filter(bool), parts, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("text", MISREAD)
def test_what_could_be_misread_is_quoted(text: str) -> None:
    assert scalar(text).startswith('"')


@pytest.mark.parametrize(
    "text", ["payments/api", "ecr:PutImage", "ci@workloads", "a.b-c_d", "ForAnyValue"]
)
def test_plain_words_are_plain(text: str) -> None:
    assert scalar(text) == text


@given(texts.filter(bool), values)
def test_a_value_is_read_as_it_was_meant(key: str, value: Value) -> None:
    for opened in (False, True):
        text = "\n".join(entry(key, value, opened=opened)) + "\n"
        assert yaml.safe_load(text) == {key: value}, text
        root = read_source(text.encode(), "file", ProblemList()).root
        assert root is not None
        if "<<" not in text:
            assert plain(root) == {key: value}, text


def test_lines_are_short_where_values_are() -> None:
    short = {"a": ["b", "c"]}
    assert entry("k", short, 2) == ["  k: {a: [b, c]}"]
    assert entry("k", short, 2, opened=True) == ["  k:", "    a: [b, c]"]
    long: Value = {"a": ["b" * 70, "c" * 70], "d": [{"e": "f" * 70, "g": "h" * 70}, "i"]}
    lines = entry("k", long)
    assert lines == [
        "k:",
        "  a:",
        f"    - {'b' * 70}",
        f"    - {'c' * 70}",
        "  d:",
        f"    - e: {'f' * 70}",
        f"      g: {'h' * 70}",
        "    - i",
    ]
    assert max(map(len, lines)) <= WIDTH


def test_lists_in_lists() -> None:
    value = [["a" * 70, "b" * 70], "c"]
    assert yaml.safe_load("\n".join(entry("k", value))) == {"k": value}
    assert flow(value[1:]) == "[c]"


@pytest.mark.parametrize(
    "text", ["##vso[task.setvariable]x", "a ##[error] b", "## [x]", "::error::x"]
)
def test_no_line_is_a_command_to_a_ci_system(text: str) -> None:
    (line,) = entry("k", {text: text})
    assert yaml.safe_load(line) == {"k": {text: text}}
    assert "##vso[" not in line
    assert "##[" not in line
    assert not line.lstrip().startswith("::")


def test_half_a_character_is_escaped() -> None:
    assert scalar("a\ud800") == '"a\\ud800"'


def test_what_can_not_be_seen_is_escaped() -> None:
    text = "a\u0600\U000110bd\x7f\u3000"
    assert scalar(text) == '"a\\u0600\\U000110bd\\u007f\\u3000"'
    assert yaml.safe_load(scalar(text)) == text
