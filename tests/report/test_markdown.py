"""Text from outside stays text, whatever Markdown, HTML or GitHub would make of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.printable import printable
from reconciler.report.markdown import (
    markdown_code,
    markdown_fence,
    markdown_table,
    markdown_words,
)
from tests.cli.hostile import ALL, BREAKING, CONTROLS, LINES, MARKUP
from tests.effort import examples
from tests.report.gfm import Text, is_safe, parts_of

REFERENCES = (
    "@team",
    "@org/team",
    "#123",
    "GH-123",
    "user/repo#1",
    "user@deadbeef",
    "deadbeefcafe",
    "16c999e8c71134401a78d4d46435517b2271d6ac",
    "https://evil.example/",
    "www.evil.example",
    "evil@evil.example",
    "mailto:a@b.example",
    "xmpp:a@b.example",
    "<https://evil.example>",
    "[a](b)",
    "![a](b)",
    "[a]: b",
    "[^1]",
    ":smile:",
    "&amp;",
    "&#64;",
    "# a",
    "1. a",
    "- [ ] a",
    "> [!WARNING]",
    "---",
    "***a***",
    "_a_",
    "~~a~~",
    "$a$",
    "$`a`$",
    "a\\",
    "\\|",
    "a`",
    "``",
    "</code>",
    "<!-- -->",
    "</details>",
    "<details>",
    "    a",
    "'(a)'.",
    "it's",
)
HOSTILE = (*REFERENCES, *MARKUP, *CONTROLS, *BREAKING, *LINES)
TABLE = ("table", "thead", "tbody", "tr", "th", "td")
texts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from([*HOSTILE, "a", " ", '"', "(", ")", ":", ","]), max_size=6).map(
        "".join
    ),
    st.lists(st.sampled_from([*HOSTILE, "a", "of", "7"]), max_size=6).map(" ".join),
)


def shown(parts: list[Text]) -> str:
    return "".join(part.content for part in parts).replace(" ", "")


def as_shown(*texts: str) -> str:
    return "".join(map(printable, texts)).replace(" ", "")


@given(texts, texts)
@example(ALL, "a")
@examples(300)
def test_words_are_their_text_and_only_code_is_more_than_words(one: str, other: str) -> None:
    table = markdown_table(("x", "y"), [(markdown_words(one), markdown_words(other))])
    tags, parts = parts_of(f"{table}\n- {markdown_words(one)}\n")
    assert tags <= {*TABLE, "ul", "li", "p", "code_inline"}
    assert shown(parts) == as_shown("xy", one, other, one)
    assert [part for part in parts if not is_safe(part)] == []


@given(texts)
@example(ALL)
@examples(200)
def test_code_is_its_text(text: str) -> None:
    tags, parts = parts_of(
        f"#### {markdown_code(text)}\n\n| x |\n| - |\n| {markdown_code(text)} |\n"
    )
    assert tags <= {*TABLE, "h4", "code_inline"}
    assert all(is_safe(part) for part in parts)
    assert all(part.is_code or part.content == "x" for part in parts)
    assert shown(parts) == as_shown(text, "x", text)


@given(st.lists(texts, max_size=4))
@example(["```", "````x", "~~~"])
@examples(100)
def test_a_fence_holds_any_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    tags, parts = parts_of(f"- a\n\n{markdown_fence(text, 'json')}\nb\n")
    assert tags <= {"ul", "li", "p", "fence"}
    inner = "\n".join(map(printable, text.split("\n")))
    assert [part.content for part in parts] == ["a", f"{inner}\n", "b"]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("the registry's policy", "the registry's policy"),
        (
            "ci (arn:aws:iam::444455556666:role/a) in x",
            "ci (`arn:aws:iam::444455556666:role/a`) in x",
        ),
        ('of "a b"; 12 of 1,000 → none.', 'of "a b"; 12 of 1,000 → none.'),
        ("defaced faced", "`defaced` faced"),
        ("ask @team:", "ask `@team`:"),
        ("a|b `c`", "`a`<code>&#124;</code>`b` <code>&#96;</code>`c`<code>&#96;</code>"),
    ],
)
def test_plain_words_are_no_code(text: str, markdown: str) -> None:
    assert markdown_words(text) == markdown
