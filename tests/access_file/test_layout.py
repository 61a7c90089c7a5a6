"""The canonical layout: what holds of every file."""

from collections import Counter
from datetime import UTC, datetime

import yaml
from hypothesis import given

from reconciler.access_file.document.problems import Place
from reconciler.access_file.layout.canonical import canonical
from reconciler.access_file.load import Loaded, load_access
from tests.access_file.random_texts import untidy_files
from tests.effort import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOWHERE = Place("", 0, 0)


def loaded(text: str) -> Loaded:
    return load_access(text.encode(), "file", now=NOW)


def without_places(value: object) -> object:
    """A model without the places of what it says, and without the order of what has none."""
    match value:
        case Place():
            return NOWHERE
        case tuple():
            return tuple(map(without_places, value))
        case frozenset():
            return frozenset(map(without_places, value))
        case dict():
            return {key: without_places(part) for key, part in value.items()}
        case _:
            return value


def comments_of(text: str) -> Counter[str]:
    """The comments of a file whose values have no `#` at the start of a line or behind a blank.

    The one value of `random_texts` that has it is taken out.
    """
    lines = text.replace("# 17, or: no", "").replace("\r\n", "\n").split("\n")
    found = (line[line.index("#") :].rstrip() for line in lines if "#" in line)
    return Counter(found)


@examples(60)
@given(untidy_files())
def test_the_file_says_the_same(text: str) -> None:
    before, after = loaded(text), loaded(canonical(text, "file"))
    assert before.parts, before.problems
    assert without_places(after.parts) == without_places(before.parts)
    assert Counter(one.rule for one in after.problems) == Counter(
        one.rule for one in before.problems
    )


@examples(60)
@given(untidy_files())
def test_the_layout_of_the_result_is_canonical(text: str) -> None:
    once = canonical(text, "file")
    assert canonical(once, "file") == once


@examples(60)
@given(untidy_files())
def test_no_comment_is_lost_and_no_value_changes(text: str) -> None:
    found = canonical(text, "file")
    assert comments_of(found) == comments_of(text)
    assert yaml.load(found, yaml.BaseLoader) == yaml.load(text, yaml.BaseLoader)
