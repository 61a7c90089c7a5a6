"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself in a git repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import SEED, clean_environment
from tests.cli.test_fmt import TIDY, UNTIDY

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that finds this environment's `reconcile` first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PRE_COMMIT_HOME": str(folder / ".hooks"), "PATH": path, "NO_COLOR": "1"}
    git = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "test")
    git |= dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "test@localhost")
    kept = {k: v for k, v in clean_environment().items() if not k.startswith("GIT_")}
    return subprocess.run(
        command, cwd=folder, env={**kept, **own, **git}, capture_output=True, text=True, check=False
    )


def pre_commit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "pre_commit", *arguments)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with an untidy file, and one of the same content that is not ours."""
    assert run(tmp_path, "git", "init", "-q", "-b", "main").returncode == 0
    (tmp_path / ".gitignore").write_text(".hooks/\n")
    for name in ("ecr_access.yaml", "other.yaml"):
        (tmp_path / name).write_text(UNTIDY)
    assert run(tmp_path, "git", "add", ".").returncode == 0
    return tmp_path


@pytest.fixture
def installed(repository: Path) -> Path:
    """A repository with our hooks, for the `reconcile` that is installed already."""
    hooks = [{**hook, "language": "system"} for hook in yaml.safe_load(HOOKS.read_text())]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    return repository


def test_the_hook_formats_the_file(installed: Path) -> None:
    done = pre_commit(installed, "run", "reconcile-fmt", "--all-files", "--verbose")
    assert done.returncode == 1, done
    assert "ecr_access.yaml was formatted" in done.stdout
    assert (installed / "ecr_access.yaml").read_text() == TIDY
    assert (installed / "other.yaml").read_text() == UNTIDY
    assert pre_commit(installed, "run", "reconcile-fmt", "--all-files").returncode == 0


def test_the_hook_validates_the_file(installed: Path) -> None:
    assert pre_commit(installed, "run", "reconcile-validate", "--all-files").returncode == 0
    (installed / "ecr_access.yaml").write_text(SEED.replace("push-pull", "pushpull"))
    done = pre_commit(installed, "run", "reconcile-validate", "--all-files")
    assert done.returncode == 1
    assert "ecr_access.yaml:13:11: unknown-tier: " in done.stdout


@pytest.mark.skipif(
    os.environ.get("RECONCILE_TEST_HOOKS") != "required",
    reason="pre-commit installs reconcile and its dependencies from the package index",
)
def test_pre_commit_installs_the_hooks_from_the_sources(repository: Path, tmp_path: Path) -> None:
    sources = tmp_path / ".hooks" / "sources"
    listed = run(ROOT, "git", "ls-files", "-z").stdout.split("\0")
    for name in filter(None, listed):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, sources / name)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "sources"]):
        assert run(sources, "git", *command).returncode == 0
    done = pre_commit(repository, "try-repo", str(sources), "reconcile-fmt", "--all-files")
    assert "files were modified by this hook" in done.stdout, done
    assert (repository / "ecr_access.yaml").read_text() == TIDY
