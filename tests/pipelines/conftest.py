"""A job of the platform: its runner, its checkout, its registry and its API."""

import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import SEED, sandbox_environment
from tests.pipelines.github import GitHub, serving
from tests.pipelines.platform import ROOT, Ran, Runner, load

ACTION = load(ROOT / "action.yml")
GIVEN = {"python": {"python-path": sys.executable}}
INSTALL = "Install reconcile"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the step that installs reconcile makes, made faster: test_install.py runs the step."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    paths = [*(path for path in sys.path if path.endswith("site-packages")), str(ROOT)]
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "of_the_tests.pth").write_text("\n".join(paths))
    command = home / "bin" / "reconcile"
    start = "from reconciler.__main__ import main; main()"
    command.write_text(f"#!{home}/bin/python\n{start}\n")
    command.chmod(0o755)
    return home


@pytest.fixture
def ecr() -> Iterator[Sandbox]:
    """An embedded ECR with the seed's repository, empty of policies."""
    with Sandbox() as sandbox:
        sandbox.create_repository("payments/api")
        yield sandbox


@pytest.fixture
def github() -> Iterator[GitHub]:
    """The API of GitHub."""
    with serving() as api:
        yield api


class Job:
    """A job whose checkout has the seed's access file; its registry and its API are stand-ins."""

    def __init__(self, folder: Path, installed: Path, ecr: Sandbox, github: GitHub) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.file = self.workspace / "ecr_access.yaml"
        self.file.write_text(SEED)
        self.folder = folder
        self._installed = installed
        self._github = github
        self._runs = 0
        self.environment = sandbox_environment(ecr)
        self.steps: list[subprocess.Popen[str]] = []

    def run(self, command: str, event: Mapping[str, object] | None = None, **inputs: str) -> Ran:
        """Run all steps of the action after the installation."""
        self._runs += 1
        temporary = self.folder / f"temp-{self._runs}"
        temporary.mkdir()
        (temporary / "reconcile").symlink_to(self._installed)
        runner = Runner(
            self.workspace,
            temporary,
            self.environment,
            self._github.url,
            event or {},
            self.steps.append,
        )
        named = {name.replace("_", "-"): text for name, text in inputs.items()}
        return runner.run(ACTION, {"command": command, **named}, GIVEN, skip=[INSTALL])


@pytest.fixture
def job(tmp_path: Path, installed: Path, ecr: Sandbox, github: GitHub) -> Job:
    """A job, ready to run the action."""
    return Job(tmp_path, installed, ecr, github)


def pull_request(number: int = 7, commit: str = "4f" * 20) -> dict[str, object]:
    """The event of a pull request."""
    return {"pull_request": {"number": number, "head": {"sha": commit}}}
