"""The Dockerfile, tested without Docker: its lint, its files, and what it removes."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import botocore
import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, sandbox_environment
from tests.pipelines.platform import ROOT
from tests.pipelines.test_files import tool

DOCKERFILE = ROOT / "Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", "")


def test_hadolint_finds_nothing() -> None:
    assert tool("hadolint", DOCKERFILE) == ""


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE)
    paths = [path for line in copied for path in line.split()]
    assert "reconciler" in paths
    for path in paths:
        assert (ROOT / path).exists()
        assert f"!{path}" in ignored


def test_it_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\d+):\d+$", TEXT, re.MULTILINE) == ["65532"]


@pytest.fixture(scope="module")
def stripped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment whose botocore is without what the image is without."""
    home = tmp_path_factory.mktemp("image")
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/python*/site-packages")
    shutil.copytree(Path(botocore.__file__).parent, packages / "botocore")
    others = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "others.pth").write_text(f"{others}\n{ROOT}\n")
    (removal,) = re.findall(r"^RUN (find .*)$", TEXT, re.MULTILINE)
    subprocess.run(["sh", "-ec", removal.replace("/opt/reconcile", str(home))], check=True)
    assert not (packages / "botocore" / "data" / "ec2").exists()
    return home / "bin" / "python"


@pytest.mark.parametrize("command", ["plan --transport boto3", "import", "iam caller"])
def test_the_commands_need_nothing_of_what_is_removed(
    stripped: Path, ecr: Sandbox, tmp_path: Path, command: str
) -> None:
    (tmp_path / "ecr_access.yaml").write_text(SEED)
    done = subprocess.run(
        [stripped, "-m", "reconciler", *command.split()],
        cwd=tmp_path,
        env=sandbox_environment(ecr),
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
