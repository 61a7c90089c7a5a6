"""The files of the pipelines: valid by the platforms' schemas, and without what their linters find.

Nothing is fetched: the schemas come with check-jsonschema.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.platform import ROOT, load

ACTION = ROOT / "action.yml"
FOLDERS = (ROOT / "docs" / "examples" / "github", ROOT / ".github" / "workflows")
WORKFLOWS = sorted(path for folder in FOLDERS for path in folder.glob("*.yml"))


def tool(name: str, *arguments: str | Path) -> str:
    """What a tool of this environment finds: nothing, if it exits with 0."""
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode else ""


def scripts(path: Path) -> list[str]:
    """The text of each `run:`."""
    document = load(path)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_the_action_is_valid() -> None:
    assert tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION) == ""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid(path: Path) -> None:
    assert tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path) == ""


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_zizmor_finds_nothing(path: Path) -> None:
    assert tool("zizmor", "--offline", "--no-progress", "--pedantic", path) == ""


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_shellcheck_finds_nothing_and_nothing_is_filled_into_a_script(
    path: Path, tmp_path: Path
) -> None:
    for number, script in enumerate(scripts(path)):
        assert "${{" not in script
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/bin/bash -e\n{script}")
        assert tool("shellcheck", file) == ""


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    document = load(path)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used
    for one in used:
        assert len(one.partition("@")[2]) == 40
