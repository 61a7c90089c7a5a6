"""Text to nodes: what scalars are, where things stand, and what hostile text costs."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document import source
from reconciler.access_file.document.problems import Problem, ProblemList
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import MAX_DEPTH, Node, child, place_at, plain


def read(text: str | bytes) -> tuple[object, list[str]]:
    problems = ProblemList()
    content = text if isinstance(text, bytes) else text.encode()
    root = read_source(content, "f", problems).root
    return (None if root is None else plain(root)), [p.rule for p in problems.found]


def node_of(text: str) -> Node:
    root = read_source(text.encode(), "f", ProblemList()).root
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("12", 12),
        ("yes", "yes"),
        ("on", "on"),
        ("no", "no"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("2027-03-31", "2027-03-31"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("1.5", "1.5"),
        ("017", "017"),
        ("0o17", "0o17"),
        ("+1", "+1"),
        (".inf", ".inf"),
        ("12:30", "12:30"),
        ('"true"', "true"),
        ("'7'", "7"),
        ("!!str 7", "7"),
        ("!!str null", "null"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_read_as_they_are_written(written: str, value: object) -> None:
    data, problems = read(f"key: {written}\n")
    assert data == {"key": value}
    assert type(data["key"]) is type(value)
    assert problems == []


@pytest.mark.parametrize("written", ["444455556666", "012345670123", "012345678901"])
def test_an_unquoted_account_id_is_refused_and_read_as_text(written: str) -> None:
    assert read(f"key: {written}\n") == ({"key": written}, ["unquoted-account-id"])
    assert read(f"{written}: x\n") == ({written: "x"}, ["unquoted-account-id"])


def test_places_count_from_one_in_characters() -> None:
    root = node_of('"é": 1\nlist:\n  - a\n  - {key: value}\n')
    assert place_at(root, ("é",))[1:] == (1, 6)
    assert place_at(root, ("list",))[1:] == (2, 1)
    assert place_at(root, ("list", 1))[1:] == (4, 5)
    assert place_at(root, ("list", 1, "key"))[1:] == (4, 11)


def test_a_path_is_followed_as_far_as_it_goes() -> None:
    assert place_at(node_of("a: {b: c}\n"), ("a", "nope", 3))[1:] == (1, 1)


def test_an_alias_keeps_the_place_of_what_it_stands_for() -> None:
    root = node_of("a: &x {k: v}\nb: *x\n")
    assert child(root, "a") is child(root, "b")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: 1\n---\n", "several-documents"),
        ("", "empty-file"),
        ("---\n...\n", None),
        ("\ufeffa: 1\n", None),
        ("a: \ufeff\n", "control-character"),
        ("a: 1\r\nb: 2\r\n", None),
        ("a: \x00\n", "control-character"),
        ("# a comment\u2028a: b\n", "control-character"),
        ("# a comment\u2029a: b\n", "control-character"),
        ("# a comment\x85a: b\n", "control-character"),
        ("# a comment\ra: b\n", "control-character"),
        ("a: b\r\n", None),
        ("a: b\u200bc\n", "control-character"),
        ("a: b\u00adc\n", "control-character"),
        ("a: b\U000e0041\n", "control-character"),
        ("a: \x7f\n", "control-character"),
        ('a: "\\x1b"\n', "control-character"),
        ('a: "\\u202e"\n', "control-character"),
        ("a: !x y\n", "explicit-tag"),
        ("a: !!set {}\n", "explicit-tag"),
        ("<<: {}\n", "merge-key"),
        ("*/a: 1\n", "yaml-syntax"),
        ("&a b: *a\n", None),
    ],
)
def test_what_yaml_allows_and_a_file_does_not(text: str, rule: str | None) -> None:
    assert read(text)[1] == ([rule] if rule else [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_other_encodings_are_refused(encoding: str) -> None:
    data, problems = read("a: é\n".encode(encoding))
    assert data is None
    assert problems == ["not-utf-8"] or "control-character" in problems


def test_nesting_is_bounded() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []
    assert read("[" * (MAX_DEPTH + 1))[1] == ["too-deep"]
    assert read("[" * 200_000)[1] == ["too-deep"]


def test_aliases_are_bounded_by_what_they_add_up_to() -> None:
    laughs = "".join(f"- &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 30))
    assert read(f"- &l0 lol\n{laughs}")[1] == ["too-many-aliases"]
    assert read("- &a [x, y]\n" + "- *a\n" * 3000)[1] == []


def test_both_builds_of_the_parser_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        "a: {b\n",
        "a: 'x\n",
        "a: @x\n",
        "a: *\n",
        "a: b: c\n",
        "\ta: 1\n",
        "a:\n - b\n c: d\n",
    ]

    def problems() -> list[list[Problem]]:
        collected = []
        for text in texts:
            problems = ProblemList()
            read_source(text.encode(), "f", problems)
            collected.append(list(problems.found))
        return collected

    usual = problems()
    monkeypatch.setattr(source, "_LOADER", yaml.SafeLoader)
    assert problems() == usual


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_raise_and_places_stay_inside(content: bytes) -> None:
    problems = ProblemList()
    read = read_source(content, "f", problems)
    assert read.root is not None or problems.found
    for problem in problems.found:
        assert 1 <= problem.place.line <= len(read.lines)
        assert 1 <= problem.place.column <= len(read.lines[problem.place.line - 1]) + 1
