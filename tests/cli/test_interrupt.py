"""Ctrl-C and SIGTERM: reading ends at once; writes under way are finished and told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, sandbox_environment

REPOSITORIES = [f"app/n{number:02}" for number in range(12)]


def start(folder: Path, ecr: Sandbox, *arguments: str) -> subprocess.Popen[str]:
    entries = "".join(
        f"  {name}:\n    access: {{ci: pull, runtime: pull}}\n" for name in REPOSITORIES
    )
    (folder / "ecr_access.yaml").write_text(SEED.split("  payments/api")[0] + entries)
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={
            **sandbox_environment(ecr),
            "PYTHONUNBUFFERED": "1",
            "XDG_STATE_HOME": str(folder / ".state"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_for(ecr: Sandbox, call: str, process: subprocess.Popen[str]) -> None:
    """Wait until a call was served; ends because the process does."""
    while call not in {name for name, _ in ecr.calls()}:
        assert process.poll() is None, process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_plan_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(Behaviour(latency=0.3)) as ecr:
        process = start(tmp_path, ecr, "plan")
        wait_for(ecr, "DescribeRepositories", process)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "", "interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_finishes_and_tells(tmp_path: Path, number: signal.Signals) -> None:
    with Sandbox(Behaviour(latency=0.2)) as ecr:
        for name in REPOSITORIES:
            ecr.create_repository(name)
        process = start(tmp_path, ecr, "apply", "--yes", "--format", "json")
        wait_for(ecr, "SetRepositoryPolicy", process)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
        results = {c["repository"]: c["outcome"] for c in json.loads(out)["changes"]}
        live = {name: ecr.policy_text(name) is not None for name in REPOSITORIES}
    assert process.returncode == 6
    assert "no more are begun" in err
    assert set(results.values()) == {"applied", "skipped"}
    assert live == {name: result == "applied" for name, result in results.items()}
