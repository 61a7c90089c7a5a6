"""A release: its notes, and which job of the workflow may do what."""

import re
import runpy
import subprocess
import sys

from tests.pipelines.platform import ROOT, load

SCRIPT = ROOT / ".github" / "release_notes.py"
NOTES = runpy.run_path(str(SCRIPT))
JOBS = load(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
CHANGELOG = """\
# Changelog

## Unreleased

- next

## 1.1.0 - 2027-03-01

### Added

- [fmt](docs/fmt.md), of [the site](https://example.com), as [above](#added)

## 1.1 - 2027-01-01

- first
"""


def test_the_notes_are_the_section_of_the_version() -> None:
    assert NOTES["section"](CHANGELOG, "1.1.0").startswith("### Added\n\n- [fmt]")
    assert NOTES["section"](CHANGELOG, "1.1") == "- first"
    assert [NOTES["section"](CHANGELOG, one) for one in ("1", "1.1.1", "Unreleased")] == [""] * 3


def test_links_to_files_lead_to_the_files_of_the_tag() -> None:
    linked = NOTES["with_addresses"](CHANGELOG, "https://forge.example/blob/v1.1.0")
    assert re.findall(r"\]\((.*?)\)", linked) == [
        "https://forge.example/blob/v1.1.0/docs/fmt.md",
        "https://example.com",
        "#added",
    ]


def test_the_links_of_the_changelog_lead_to_files() -> None:
    linked = NOTES["with_addresses"]((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), "TREE")
    paths = re.findall(r"\]\(TREE/([^)#]+)", linked)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_a_tag_without_notes_is_no_release() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "v0.0.0"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CHANGELOG.md has nothing under '## 0.0.0 - DATE'\n"


def test_what_is_published_was_checked_built_and_tested() -> None:
    needs = {name: job.get("needs") for name, job in JOBS.items()}
    assert needs == {
        "check": None,
        "build": "check",
        "test": "build",
        "publish": "test",
        "announce": "publish",
    }


def test_a_job_that_may_write_runs_nothing_of_the_tree_and_no_dependency() -> None:
    for name, job in JOBS.items():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        used = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
        if "write" in job["permissions"].values():
            assert "actions/checkout" not in used
            assert [command.partition(" ")[0] for command in commands] in ([], ["gh"])
        else:
            assert "environment" not in job
        assert (name == "publish") == (job.get("environment") == "pypi")


def test_the_check_is_the_one_of_each_change() -> None:
    (check,) = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"].values()
    assert JOBS["check"]["steps"][-1] == check["steps"][-1]
