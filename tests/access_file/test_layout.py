"""The canonical layout: what holds of every file."""

from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given

from reconciler.access_file.document.problems import Place
from reconciler.access_file.layout.canonical import canonical
from reconciler.access_file.load import Loaded
from reconciler.access_file.model import AccessFile
from reconciler.errors import ReconcileError
from tests.access_file.files import load_access
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
        case AccessFile():
            return [without_places(getattr(value, field.name)) for field in fields(value)]
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


@examples(25)
@given(untidy_files())
def test_the_file_says_the_same(text: str) -> None:
    before, after = loaded(text), loaded(canonical(text, "file"))
    assert before.parts, before.problems
    assert without_places(after.parts) == without_places(before.parts)
    assert Counter(one.rule for one in after.problems) == Counter(
        one.rule for one in before.problems
    )


@examples(25)
@given(untidy_files())
def test_the_layout_of_the_result_is_canonical(text: str) -> None:
    once = canonical(text, "file")
    assert canonical(once, "file") == once


@examples(25)
@given(untidy_files())
def test_no_comment_is_lost_and_no_value_changes(text: str) -> None:
    found = canonical(text, "file")
    assert comments_of(found) == comments_of(text)
    assert yaml.load(found, yaml.BaseLoader) == yaml.load(text, yaml.BaseLoader)


FILE = """\
version: 1

registry:
  account: "111122223333"
  regions: [us-west-2]

principals:
  ci: {role: role2-1, account: "444455556666"}

repositories:
  payments/api:
    access:
      ci: push-pull
"""


def test_the_order_is_that_of_the_schema() -> None:
    sections = FILE.split("\n\n")
    other = "\n\n".join(reversed([part.rstrip("\n") for part in sections])) + "\n"
    assert canonical(other.replace("push-pull\n\n", "push-pull\n"), "file") == FILE


def test_an_alias_stays_behind_its_anchor() -> None:
    text = FILE.replace("    access:\n      ci: push-pull\n", "    access: &same {ci: pull}\n")
    text += "  tools/builder:\n    access: *same\n"
    assert canonical(text, "file") == text
    first, _, rest = text.partition("registry:")
    moved = (
        f"{first}guards:\n  rules: [{{never: push, to: &id x, because: *id}}]\n\nregistry:{rest}"
    )
    assert canonical(moved, "file").index("guards") > canonical(moved, "file").index("registry")
    needed = moved.replace('"111122223333"', "*id")
    assert canonical(needed, "file").index("guards") < canonical(needed, "file").index("registry")


def test_a_directive_is_refused() -> None:
    with pytest.raises(ReconcileError, match="directive"):
        canonical(f"%YAML 1.1\n---\n{FILE}", "file")


def test_a_result_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (FILE.replace("role2-1", "role2-2"), f"{FILE}# new\n"):
        monkeypatch.setattr(
            "reconciler.access_file.layout.canonical.write_canonical", lambda *_, text=wrong: text
        )
        with pytest.raises(ReconcileError, match="would not say the same"):
            canonical(FILE, "file")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("? guards # c\n# d\n: # e\n  public: forbid\n", None),
        ("x: &a |\n  t\ny: *a\n", "x: &a |\n  t\n\ny: *a\n"),
        ("x: !!str 012\ny: &q !!str 'a'\n", 'x: !!str 012\n\ny: &q !!str "a"\n'),
        ("x: 'a\n\n    b' # c\n", "x: 'a\n\n  b'  # c\n"),
        ("x: { # c\n }\n", "x: {}  # c\n"),
        ("x: [a: b]\n", "x: [{a: b}]\n"),
        ("x: {a, b: }\n", "x:\n  a:\n  b:\n"),
        ("x:\n# c\n", "x:\n# c\n"),
        ("x:\n- - a # 1\n  # 2\n-   # 3\n  - b\n", None),
        ("x:\n  # c\n  v  # d\n", "# c\nx: v  # d\n"),
        ("x: | # c\n   t\n   # in\n# out\ny: 1\n", "x: |  # c\n  t\n  # in\n\n# out\ny: 1\n"),
        (f"x: {'v' * 20_000} # c\n", f"x: {'v' * 20_000}  # c\n"),
    ],
)
def test_rare_spellings(text: str, expected: str | None) -> None:
    found = canonical(f"{FILE}{text}", "file")
    assert canonical(found, "file") == found
    if expected is not None:
        assert found == f"{FILE}\n{expected}"


@pytest.mark.parametrize("text", ["x: >2\n    a\n  b\n", "x: |+\n  a\n\n\ny: 1\n"])
def test_what_depends_on_indents_or_blank_lines_is_refused(text: str) -> None:
    with pytest.raises(ReconcileError, match="would not say the same"):
        canonical(f"{FILE}{text}", "file")
