"""The package as a stranger gets it: a wheel, in an environment of its own."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it alone, and borrow the dependencies of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    home = folder / "env"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
         str(wheel)],
        check=True,
    )  # fmt: skip
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    # A .pth line only adds a path; the editable finder of this checkout is not among them.
    (Path(purelib) / "dependencies.pth").write_text(dependencies + "\n")
    return home / "bin" / "reconcile"


def run(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_validate_schema_and_rule_work_from_a_wheel(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "init").returncode == 0
    assert run(installed, tmp_path, "validate").returncode == 0
    for name, file in (("access", "ecr_access"), ("included",) * 2, ("plan",) * 2, ("rules",) * 2):
        schema = run(installed, tmp_path, "schema", name)
        assert schema.returncode == 0
        assert schema.stdout == (ROOT / "schema" / f"{file}.schema.json").read_text()
    assert run(installed, tmp_path, "rule", "dead-principal").returncode == 0


def test_a_page_is_written_from_a_wheel(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "init").returncode == 0
    page = run(installed, tmp_path, "access", "matrix", "--format", "html")
    assert page.returncode == 0
    assert page.stdout.startswith("<!doctype html>")


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    python = installed.parent / "python"
    where = subprocess.run(
        [python, "-c", "import reconciler; print(reconciler.__file__)"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert str(installed.parents[1]) in where
