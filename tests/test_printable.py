"""What becomes of a text from outside before it is shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.printable import inert_json, printable, printable_json, printable_name

ORDERS = [
    ("::error::x", r"\x3a:error::x"),
    ("  ::error::x", r"  \x3a:error::x"),
    ("##[error]x", r"\x23#[error]x"),
    ("a ##vso[task.x]", r"a \x23#vso[task.x]"),
    ("###[x]", r"#\x23#[x]"),
    ("a\n::error::x", r"a\x0a::error::x"),
]
PLAIN = ["arn:aws:iam::111122223333:root", "::1", "::/0", "# x", "## x", "é ü", "a::error::b", ""]


@pytest.mark.parametrize(("text", "shown"), ORDERS)
def test_what_orders_something_from_ci_is_disarmed(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_what_orders_nothing_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text", [*(text for text, _ in ORDERS), *PLAIN, "\\##[x]", '"##[', "\ud800"]
)
def test_json_says_the_same_and_orders_nothing(text: str) -> None:
    written = printable_json({text: [text]})
    assert json.loads(written) == {text: [text]}
    assert written.isascii()
    assert "##[" not in written
    assert "##vso[" not in written


@pytest.mark.parametrize("name", ["payments/api", "a--b_c.d", "payments/*", "x?"])
def test_a_name_stays(name: str) -> None:
    assert printable_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("refused: x", '"refused: x"'),
        ("Plan: 0", '"Plan: 0"'),
        ("", '""'),
        ('a"b', r'"a\"b"'),
        ("a\nb", r'"a\nb"'),
        ("\x1b##[x]", r'"\u001b\x23#[x]"'),
    ],
)
def test_what_is_no_name_is_quoted(name: str, shown: str) -> None:
    assert printable_name(name) == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(st.text(), parts, max_size=3)
    ),
)


@given(JSON)
def test_json_is_indented_as_the_standard_library_does(document: object) -> None:
    expected = json.dumps(document, indent=2, default=str) + "\n"
    assert printable_json(document) == inert_json(expected)
