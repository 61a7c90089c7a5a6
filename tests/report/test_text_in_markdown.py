"""Everything that the text of a plan or of drift tells is in its comment, too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden import case_folders, is_limited
from tests.report.gfm import read_as_text

SPLITS = re.compile(
    r" {2,}|: finding: |: error: |^error: |^refused: |\[|\]"
    r"|\): (?=\d)| \((?=[a-z]+-[a-z]+-\d\))|(?<=-\d)\)$"
    r"|^\d+ unmanaged (?:repository|repositories): "
    r"|^\d+ (?:repository|repositories) without an entry here: "
)
"""What stands in text between phrases that are cells, headings or lists of Markdown."""

SIGN = re.compile(r"^ *[-+~*!|] ")
RULED = re.compile(r"^([a-z]+(?:[-_][a-z]+)*|[A-Z]\w+): ")
"""A rule, guard or kind of failure before its message; each is a cell of its own."""


def phrases(text: str) -> Iterator[str]:
    """Yield what each line of text tells, in the order of the text."""
    for line in text.splitlines():
        for phrase in filter(None, SPLITS.split(SIGN.sub("", line))):
            yield from filter(None, RULED.split(phrase.strip()))


REPORTS = [
    (folder, name)
    for folder in case_folders()
    for name in ("plan", "drift")
    if name == "plan" or not is_limited(folder)
]


@pytest.mark.parametrize(("folder", "name"), REPORTS, ids=lambda part: getattr(part, "name", part))
def test_the_comment_of_a_case_tells_all_of_its_text(folder: Path, name: str) -> None:
    comment = read_as_text((folder / f"{name}.md").read_text(encoding="utf-8")).casefold()
    text = (folder / f"{name}.txt").read_text(encoding="utf-8")
    assert [phrase for phrase in phrases(text) if phrase.casefold() not in comment] == []
