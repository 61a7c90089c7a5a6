"""The step that installs reconcile, run as it is; what pip needs is in this environment."""

import subprocess
import sys
from pathlib import Path

import reconciler
from tests.cli.conftest import clean_environment
from tests.pipelines.conftest import ACTION, GIVEN, INSTALL
from tests.pipelines.platform import Runner


def test_the_action_installs_the_reconcile_of_its_own_commit(tmp_path: Path) -> None:
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        **clean_environment(),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # the opposite of what it says
        "PIP_NO_COMPILE": "1",
        "PYTHONPATH": packages,
    }
    install = [step for step in ACTION["runs"]["steps"] if step["name"] == INSTALL]
    action = {**ACTION, "runs": {"steps": install}}
    (tmp_path / "venv.py").write_text("raise SystemExit(9)")
    ran = Runner(tmp_path, tmp_path, environment).run(action, {}, GIVEN)
    assert ran.code == 0, ran.log
    version = subprocess.run(
        [tmp_path / "reconcile" / "bin" / "reconcile", "--version"],
        env={"PYTHONPATH": packages},
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    assert version.stdout.split()[-1] == reconciler.__version__
