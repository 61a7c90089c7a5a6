"""What stands in place of a report: text from outside stays text, and has a limit."""

import pytest
from markdown_it import MarkdownIt

from action.report import code_block, failure, marker

HOSTILE = [
    "```\n@team",
    "~~~\n<script>",
    "````text\n# head",
    "<!-- x -->",
    "[a](b)",
    "| a |\n|---|",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_messages_stay_one_block_of_code(text: str) -> None:
    first = marker("plan", "ecr_access.yaml", "")
    tokens = MarkdownIt().parse(failure(first, "plan", 1, text))
    assert [token.type for token in tokens if token.level == 0] == [
        "html_block",
        "paragraph_open",
        "paragraph_close",
        "fence",
    ]
    assert tokens[-1].content == f"{text}\n"


def test_a_marker_is_one_comment_of_html_whatever_the_name() -> None:
    for file in ("a-->b.yaml", "--> @team", "\n<!--", "\udcff"):
        for found in (marker("plan", file, ""), marker("plan", "a.yaml", file)):
            assert found.count("-->") == 1
            assert "\n" not in found
    assert len({marker("plan", name, "") for name in ("a--b", "a-%2Db", "a-b", "a%2D-b")}) == 4


def test_no_two_jobs_have_one_marker() -> None:
    jobs = [("ecr_access.yaml", ""), ("x", ""), ("ecr_access.yaml", "x"), ("x", "x"), ("x x", "")]
    assert len({marker("plan", file, name) for file, name in jobs}) == len(jobs)


def test_long_messages_are_cut_at_a_line() -> None:
    block = code_block("a line of text\n" * 10_000)
    assert len(block) < 65_000
    assert block.endswith("a line of text\n[…]\n```\n")
