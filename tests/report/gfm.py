"""Markdown as GitHub reads it, taken apart: its tags, and the text inside of code and outside."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

_HARMLESS = re.compile(
    r"(?!.*[@#<>&*_~`\[\]\\])(?!.*:\w+:)(?!.*\b[0-9a-fA-F]{7,}\b)(?!.*\w[./:]\w)(?!.*\w-\d).*"
)
"""Text that is no mention, reference, commit, emoji, address or markup, whoever looks for them."""


class Text(NamedTuple):
    """A text; `is_tagged` where it is code by an HTML tag."""

    content: str
    is_code: bool
    is_tagged: bool = False


def parts_of(markdown: str) -> tuple[set[str], list[Text]]:
    """Return the tags of what a text means, and its text; HTML of its own as `html: TEXT`."""
    tags: set[str] = set()
    texts: list[Text] = []
    in_code = False
    for token in _flat(_PARSER.parse(markdown)):
        match token.type:
            case "text":
                texts.append(Text(token.content, in_code, in_code))
            case "code_inline" | "fence" | "code_block":
                tags.add(token.type)
                texts.append(Text(token.content, True))
            case "html_inline" if token.content in ("<code>", "</code>"):
                in_code = token.content == "<code>"
            case "html_inline" | "html_block":
                tags.add(f"html: {token.content}")
            case _:
                tags.add(token.tag or token.type)
    return tags, texts


def is_safe(part: Text) -> bool:
    """Whether nothing can be found in a text: GitHub looks into code that is made by a tag."""
    if part.is_tagged:
        return not {*part.content} - {*"`|\\"}
    return part.is_code or _HARMLESS.fullmatch(part.content) is not None


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children is None:
            yield token
        else:
            yield from _flat(token.children)


def read_as_text(markdown: str) -> str:
    """Return what a reader sees of Markdown, a block or a cell of a table in each line."""
    return "\n".join(
        "".join(_shown(child) for child in token.children or [token])
        for token in _PARSER.parse(markdown)
        if token.children or token.content
    )


def _shown(token: Token) -> str:
    return "" if token.type == "html_inline" else token.content or "\n"
