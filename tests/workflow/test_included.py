"""Included files are found beside the main file, and nowhere else, and read once."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.access_file.document.problems import Place, Problem
from reconciler.access_file.sections.include import Include
from reconciler.model.rules import RuleId
from reconciler.workflow.file import included
from reconciler.workflow.file.included import Child, Content, FileTree, read_included
from reconciler.workflow.file.source import AccessSource, load, validate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
repositories: {}
include:
"""
TEAM = 'repositories: {%s: {access: {"444455556666": pull}}}\n'

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write files, each with a repository of its own name."""

    def write(*names: str) -> Path:
        for name in names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(TEAM % f"of/{name.encode().hex()}")
        return tmp_path

    return write


def main(folder: Path, *files: str) -> Path:
    file = folder / "ecr_access.yaml"
    items = "".join(f"  - {{files: {one!r}}}\n" for one in files)
    file.write_text(HEAD + items)
    return file


def problems(file: Path) -> Sequence[Problem]:
    return validate(file.read_bytes(), file.name, file=file, now=NOW).problems


def names(file: Path) -> list[str]:
    loaded = validate(file.read_bytes(), file.name, file=file, now=NOW)
    assert loaded.parts, loaded.problems
    return [one.name for one in loaded.included]


def source(file: Path) -> AccessSource:
    return load(file.read_bytes(), file.name, file=file, now=NOW)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.d/x.yaml", ["a.d/x.yaml"]),
        ("./a.d//x.yaml", ["a.d/x.yaml"]),
        ("a.d/*.yaml", ["a.d/[x].yaml", "a.d/x.yaml", "a.d/y.yaml"]),
        ("a.d/?.yaml", ["a.d/x.yaml", "a.d/y.yaml"]),
        ("a.d/[x].yaml", ["a.d/[x].yaml"]),
        ("a.d/[x]*", ["a.d/[x].yaml"]),
        ("*.d/x.yaml", ["a.d/x.yaml", "b.d/x.yaml"]),
        ("*/*/x.yaml", ["b.d/c/x.yaml"]),
        ("**/x.yaml", ["a.d/x.yaml", "b.d/c/d/x.yaml", "b.d/c/x.yaml", "b.d/x.yaml", "x.yaml"]),
        ("b.d/**/x.yaml", ["b.d/c/d/x.yaml", "b.d/c/x.yaml", "b.d/x.yaml"]),
        ("b.d/**", ["b.d/c/d/x.yaml", "b.d/c/x.yaml", "b.d/x.yaml"]),
        ("b.d/**/**/d/*", ["b.d/c/d/x.yaml"]),
        ("**/c/**/x.yaml", ["b.d/c/d/x.yaml", "b.d/c/x.yaml"]),
        ("**/**/c/**", ["b.d/c/d/x.yaml", "b.d/c/x.yaml"]),
        ("**/*/*/x.yaml", ["b.d/c/d/x.yaml", "b.d/c/x.yaml"]),
        ("**/*.d/**/*/x.*", ["b.d/c/d/x.yaml", "b.d/c/x.yaml"]),
        (".h/*.yaml", [".h/x.yaml"]),
        ("a.d/.*", ["a.d/.x.yaml"]),
    ],
)
def test_what_a_pattern_finds(put: Put, pattern: str, expected: list[str]) -> None:
    folder = put(
        "x.yaml", "a.d/x.yaml", "a.d/y.yaml", "a.d/[x].yaml", "a.d/.x.yaml", "b.d/x.yaml",
        "b.d/c/x.yaml", "b.d/c/d/x.yaml", ".h/x.yaml",
    )  # fmt: skip
    assert names(main(folder, pattern)) == expected


@pytest.mark.parametrize("pattern", ["a.d/*.yml", "none/*", "a.d/x.yaml/*", "**/none.yaml"])
def test_a_pattern_that_finds_nothing_is_a_warning(put: Put, pattern: str) -> None:
    (found,) = problems(main(put("a.d/x.yaml"), pattern))
    assert (found.rule, found.severity) == (RuleId.INCLUDE_MATCHES_NOTHING, "warning")


def test_a_link_that_leads_out_is_refused(put: Put, tmp_path: Path) -> None:
    folder = put("in/a.d/x.yaml", "out/y.yaml") / "in"
    (folder / "a.d/y.yaml").symlink_to(tmp_path / "out/y.yaml")
    (folder / "b.d").symlink_to(tmp_path / "out")
    for pattern in ("a.d/y.yaml", "a.d/*", "b.d/y.yaml", "b.d/*"):
        (found,) = problems(main(folder, pattern))
        assert (found.rule, found.place.line) == (RuleId.INCLUDE_OUTSIDE, 5)


def test_links_inside_of_the_directory(put: Put) -> None:
    folder = put("a.d/x.yaml")
    (folder / "y.yaml").symlink_to("a.d/x.yaml")
    (folder / "b.d").symlink_to("a.d")
    assert names(main(folder, "y.yaml")) == ["y.yaml"]
    assert names(main(folder, "b.d/*.yaml")) == ["b.d/x.yaml"]
    # A pattern does not follow links to directories.
    assert names(main(folder, "**/x.yaml")) == ["a.d/x.yaml"]
    assert [one.rule for one in problems(main(folder, "y.yaml", "a.d/x.yaml"))] == [
        RuleId.INCLUDED_TWICE
    ]


def test_of_a_main_file_behind_a_link_its_own_directory_counts(put: Put, tmp_path: Path) -> None:
    main(put("in/a.d/x.yaml") / "in", "a.d/x.yaml")
    link = tmp_path / "link.yaml"
    link.symlink_to("in/ecr_access.yaml")
    loaded = validate(link.read_bytes(), "link.yaml", file=link, now=NOW)
    assert [one.path for one in loaded.included] == [str(tmp_path / "in/a.d/x.yaml")]


def test_what_is_no_regular_file(put: Put) -> None:
    folder = put("a.d/x.yaml")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nowhere")
    found = problems(main(folder, "pipe", "a.d", "loop", "gone", "x" * 300))
    assert [(one.rule, one.place.line) for one in found] == [
        (RuleId.INCLUDE_UNREADABLE, 5),
        (RuleId.INCLUDE_UNREADABLE, 6),
        (RuleId.INCLUDE_UNREADABLE, 7),
        (RuleId.INCLUDE_NOT_FOUND, 8),
        (RuleId.INCLUDE_UNREADABLE, 9),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error_never_left_out(put: Put) -> None:
    folder = put("a.d/x.yaml", "b.d/x.yaml")
    (folder / "a.d/x.yaml").chmod(0)
    (folder / "b.d").chmod(0)
    found = problems(main(folder, "a.d/*", "b.d/*"))
    (folder / "b.d").chmod(0o700)
    assert [one.rule for one in found] == [RuleId.INCLUDE_UNREADABLE] * 2
    assert "Permission denied" in found[0].message


@pytest.mark.parametrize(
    "name", ["a\n::error::x.yaml", "a\x1b[2J.yaml", "a\u202e.yaml", "a\udc80.yaml"]
)
def test_a_name_that_can_not_be_shown_is_refused(put: Put, name: str) -> None:
    folder = put("a.d/x.yaml")
    (folder / "a.d" / name).write_text(TEAM % "x/y")
    (found,) = problems(main(folder, "a.d/*"))
    assert found.rule == RuleId.INCLUDE_UNREADABLE
    assert found.message.isprintable()


def test_the_limits(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    file = main(put("a.yaml", "b.yaml", "c.yaml"), "?.yaml")
    size = file.stat().st_size + sum((file.parent / f"{n}.yaml").stat().st_size for n in "abc")
    monkeypatch.setattr(included, "MAX_FILES", 3)
    monkeypatch.setattr(included, "MAX_BYTES", size)
    assert names(file) == ["a.yaml", "b.yaml", "c.yaml"]
    for limit, value in (("MAX_FILES", 2), ("MAX_BYTES", size - 1)):
        with monkeypatch.context() as patch:
            patch.setattr(included, limit, value)
            (found,) = problems(file)
            assert (found.rule, found.place.line) == (RuleId.TOO_LARGE, 5)


class Nested:
    """Directories within each other, each beside empty ones; counts how often one is listed."""

    def __init__(self, depth: int, *, beside: int = 0) -> None:
        self.depth, self.beside = depth, beside
        self.listed = Counter[str]()

    def children(self, folder: str) -> list[Child]:
        self.listed[folder] += 1
        if folder.endswith("b") or folder.count("a") == self.depth:
            return []
        return [Child("a", True), *(Child(f"{number}b", True) for number in range(self.beside))]

    def read(self, name: str, most: int) -> Content:
        raise AssertionError(name, most)


def found_in(tree: FileTree, *patterns: str) -> list[str]:
    includes = [
        Include(pattern, Place("ecr_access.yaml", line, 1), None)
        for line, pattern in enumerate(patterns, 1)
    ]
    return [one.message for one in read_included(includes, tree, Path("x"), 0).problems]


@pytest.mark.parametrize(
    "pattern",
    ["**/" * 50 + "*.yaml", "**/a/" * 12 + "*.yaml", "**/?/*/**/" * 10 + "**", "*/" * 40 + "*"],
)
def test_each_directory_is_looked_into_once(pattern: str) -> None:
    tree = Nested(depth=60)
    (message,) = found_in(tree, pattern)
    assert message.startswith("no file matches")
    assert set(tree.listed.values()) == {1}


def test_directories_within_each_other_are_limited() -> None:
    assert found_in(Nested(100), "**/*.yaml") == ["no file matches '**/*.yaml'"]
    assert found_in(Nested(3_000), "**/*.yaml") == [
        "to find the files of '**/*.yaml', one has to look at directories below more than "
        "100 others"
    ]


def test_names_that_are_looked_at_are_limited_over_all_patterns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(included, "MAX_COMPARISONS", 2_000)
    tree = Nested(100, beside=1)
    assert found_in(tree, *["**/*.yaml"] * 4) == ["no file matches '**/*.yaml'"] * 4
    tree = Nested(100, beside=1)
    *others, last = found_in(tree, *["**/*.yaml"] * 6)
    assert others == ["no file matches '**/*.yaml'"] * 4
    assert last == "to find the files of '**/*.yaml', one has to look at too many names in all"


@pytest.mark.parametrize(
    "name", [".git/x.yaml", "sub/.git/x.yaml", ".git/*.yaml", ".*/*.yaml", "x.yaml"]
)
def test_what_git_keeps_is_not_included(put: Put, name: str) -> None:
    folder = put(".git/x.yaml", "sub/.git/x.yaml")
    (folder / "x.yaml").symlink_to(".git/x.yaml")
    (found,) = problems(main(folder, name))
    assert found.rule == RuleId.INCLUDE_OUTSIDE
    assert found.message.endswith("is in a directory of git")


def test_a_file_without_included_ones_has_its_own_digest(put: Put) -> None:
    file = put("x.yaml") / "ecr_access.yaml"
    file.write_text(HEAD.replace("include:\n", ""))
    assert source(file).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_digest_is_that_of_all_files_and_of_their_paths(put: Put) -> None:
    folder = put("a.d/x.yaml", "a.d/y.yaml")
    file = main(folder, "a.d/*.yaml")
    digests = [source(file).sha256]
    (folder / "a.d/x.yaml").write_text(TEAM % "other/x")
    digests.append(source(file).sha256)
    (folder / "a.d/x.yaml").rename(folder / "a.d/z.yaml")
    digests.append(source(file).sha256)
    (folder / "a.d/z.yaml").unlink()
    digests.append(source(file).sha256)
    file.write_text(file.read_text() + "# edited\n")
    digests.append(source(file).sha256)
    assert len(set(digests)) == len(digests)
