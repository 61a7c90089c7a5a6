"""docs/python.md is true: its example runs without any stream, and it lists the whole API."""

import os
import re
import subprocess
import sys
from pathlib import Path

from reconciler import workflow
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import ROLE_1, SEED, sandbox_environment

GUIDE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
REPORT = "\nPath('report').write_text(repr((said, drift.changes)))\n"
START = (
    "import os, subprocess, sys\n"
    "for number in range(3): os.close(number)\n"
    "os.execv(sys.executable, [sys.executable, 'example.py'])\n"
)


def test_the_example_runs_in_a_process_without_streams(tmp_path: Path) -> None:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    code = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)[0]
    keeps = "said = []\ndef print(*values): said.append(str(values))\n"
    (tmp_path / "example.py").write_text(keeps + code + REPORT)
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        environment = {**sandbox_environment(ecr), "HOME": str(tmp_path)}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        done = subprocess.run(
            [sys.executable, "-c", START], cwd=tmp_path, env=environment, timeout=120, check=False
        )
        assert done.returncode == 0
        assert ROLE_1 in (ecr.policy_text("payments/api") or "")
    report = (tmp_path / "report").read_text()
    assert "payments/api" in report
    assert "'applied'" in report
    assert "in sync" in report
    assert (tmp_path / "apply.jsonl").stat().st_size


def test_every_function_is_in_the_table() -> None:
    functions = {
        name for name in workflow.__all__ if name[0].islower() and not name.startswith("write")
    }
    assert set(re.findall(r"^\| `(\w+)\(", GUIDE, flags=re.MULTILINE)) == functions


def test_every_name_of_the_api_is_there() -> None:
    assert all(hasattr(workflow, name) for name in workflow.__all__)
    code_names = set(re.findall(r"workflow\.(\w+)", GUIDE))
    assert code_names <= set(workflow.__all__)
