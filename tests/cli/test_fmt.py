"""`reconcile fmt`: the file in its canonical layout, written in place, or only checked."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.golden_layouts import CASES

ROOT = Path(__file__).parents[2]
UNTIDY, TIDY = (
    (CASES / "small" / name).read_text(encoding="utf-8") for name in ("before.yaml", "after.yaml")
)


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "ecr_access.yaml"
    path.write_text(UNTIDY)
    return path


def test_the_sample_is_canonical(offline: Reconcile) -> None:
    sample = str(ROOT / "ecr_access.yaml")
    assert (done := offline("fmt", "--check", sample)).code == 0, done.out


def test_a_new_file_is_canonical(offline: Reconcile) -> None:
    assert offline("init", "-f", "new.yaml").code == 0
    assert (done := offline("fmt", "--check", "-f", "new.yaml")).code == 0, done.out


def test_a_file_is_written_in_its_canonical_layout(offline: Reconcile, file: Path) -> None:
    done = offline("fmt")
    assert (done.code, done.out) == (0, "")
    assert done.err == "ecr_access.yaml was formatted\n"
    assert file.read_text() == TIDY


def test_a_canonical_file_is_not_written(offline: Reconcile, file: Path) -> None:
    file.write_text(TIDY)
    before = file.stat()
    done = offline("fmt")
    assert (done.code, done.out) == (0, "")
    assert done.err == "ecr_access.yaml is in its canonical layout already\n"
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_shows_a_diff_and_writes_nothing(offline: Reconcile, file: Path) -> None:
    done = offline("fmt", "--check")
    assert (done.code, done.err) == (4, "")
    assert done.out.startswith("--- ecr_access.yaml\n+++ canonical\n@@ ")
    assert "-  account: '111122223333'   # central\n" in done.out
    assert '+  account: "111122223333"  # central\n' in done.out
    assert file.read_text() == UNTIDY


def test_check_as_json(offline: Reconcile, file: Path) -> None:
    text = offline("fmt", "--check").out
    done = offline("fmt", "--check", "--format", "json")
    assert (done.code, done.err) == (4, "")
    shown = json.loads(done.out)
    assert shown == {
        "canonical": False,
        "files": [{"path": "ecr_access.yaml", "canonical": False, "diff": text}],
    }
    file.write_text(TIDY)
    done = offline("fmt", "--check", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["canonical"] is True


def test_stdin_is_formatted_to_stdout(offline: Reconcile) -> None:
    done = offline("fmt", "-", stdin=UNTIDY)
    assert (done.code, done.out, done.err) == (0, TIDY, "")
    assert offline("fmt", "-f", "-", stdin=UNTIDY).out == TIDY
    assert offline("fmt", "--check", "-", stdin=UNTIDY).code == 4


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"{UNTIDY}version: 1\n", "duplicate-key"),
        (UNTIDY.replace("push-pull", "pushpull"), "unknown-tier"),
        (UNTIDY.replace("regions: [", "regions: [["), "yaml-syntax"),
        ("", "empty-file"),
    ],
)
def test_an_invalid_file_is_not_written(
    offline: Reconcile, file: Path, text: str, rule: str
) -> None:
    file.write_text(text)
    for arguments in (["fmt"], ["fmt", "--check"]):
        done = offline(*arguments)
        assert (done.code, done.out) == (3, "")
        assert f": {rule}: " in done.err
        assert file.read_text() == text


def test_nothing_is_written_where_one_file_is_invalid(offline: Reconcile, file: Path) -> None:
    (file.parent / "one.yaml").write_text("version: 1\n")
    (file.parent / "two.yaml").write_text("version: 2\n")
    done = offline("fmt", "one.yaml", file.name, "two.yaml")
    assert done.code == 3
    assert "one.yaml:1:1: " in done.err
    assert "two.yaml:1:10: " in done.err
    assert file.read_text() == UNTIDY


def test_several_files(offline: Reconcile, file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text(TIDY)
    assert offline("fmt", "--check", file.name, other.name).code == 4
    done = offline("fmt", file.name, other.name)
    assert done.code == 0
    assert "ecr_access.yaml was formatted\nother.yaml is in its canonical" in done.err
    assert file.read_text() == other.read_text() == TIDY


@pytest.fixture
def team(file: Path) -> Path:
    """A file that the main one includes; it is no access file itself."""
    head, entries = TIDY.split("repositories:\n")
    file.write_text(f"{head}include:\n  - {{files: access.d/*.yaml, may: [payments/*]}}\n")
    part = file.parent / "access.d" / "team.yaml"
    part.parent.mkdir()
    part.write_text("repositories:\n" + entries.replace("ci: push-pull", "ci:  push-pull"))
    return part


def test_included_files_are_formatted_too(offline: Reconcile, team: Path) -> None:
    before = team.read_text()
    checked = offline("fmt", "--check")
    assert (checked.code, "--- access.d/team.yaml\n+++ canonical" in checked.out) == (4, True)
    done = offline("fmt")
    assert done.code == 0
    assert done.err == (
        "ecr_access.yaml is in its canonical layout already\naccess.d/team.yaml was formatted\n"
    )
    assert team.read_text() == before.replace("ci:  push", "ci: push")
    assert offline("fmt", "--check").code == 0


def test_a_file_that_two_others_include_is_written_once(
    offline: Reconcile, file: Path, team: Path
) -> None:
    other = file.with_name("other.yaml")
    other.write_text(file.read_text())
    done = offline("fmt", file.name, f"./{other.name}", file.name)
    assert (done.code, done.err.count("was formatted"), done.err.count("already")) == (0, 1, 2)
    assert "ci: push-pull" in team.read_text()


def test_a_file_that_is_named_twice_is_written_once(offline: Reconcile, file: Path) -> None:
    done = offline("fmt", file.name, file.name, f"./{file.name}", str(file))
    assert done.code == 0
    assert done.err.count("was formatted") == 1
    assert file.read_text() == TIDY


def test_mode_and_link_are_kept(offline: Reconcile, file: Path) -> None:
    file.chmod(0o640)
    link = file.with_name("link.yaml")
    link.symlink_to(file.name)
    assert offline("fmt", "-f", link.name).code == 0
    assert link.is_symlink()
    assert file.read_text() == TIDY
    assert file.stat().st_mode & 0o7777 == 0o640
    assert not [path for path in file.parent.iterdir() if path.name.startswith(".reconcile.")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_is_kept(offline: Reconcile, file: Path) -> None:
    os.chown(file, 1234, 2345)
    assert offline("fmt").code == 0
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 2345)


def test_wrong_usage(offline: Reconcile, file: Path) -> None:
    assert offline("fmt", "missing.yaml").code == 2
    assert offline("fmt", "-f", file.name, file.name).code == 2
    assert offline("fmt", "-", "-", stdin=UNTIDY).code == 2
    assert offline("fmt", "-", "--format", "json", stdin=UNTIDY).code == 2
    assert file.read_text() == UNTIDY
