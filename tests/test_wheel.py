"""The package as a stranger gets it: a wheel, installed with what its metadata asks for alone."""

import email
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from functools import partial
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import reconciler
from tests.once import made_once

ROOT = Path(__file__).parents[1]
PACKAGES = Path(next(path for path in sys.path if path.endswith("site-packages")))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, as `make dist` builds them."""
    return made_once(tmp_path_factory, "dist", build)


def build(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", folder],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel without extras."""
    home = made_once(tmp_path_factory, "plain", partial(install, wheel))
    return home / "bin" / "reconcile"


@pytest.fixture(scope="module")
def full(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel with the extras that its commands use."""
    make = partial(install, wheel, extras=("html", "sandbox"))
    return made_once(tmp_path_factory, "full", make) / "bin" / "reconcile"


def install(wheel: Path, home: Path, extras: tuple[str, ...] = ()) -> None:
    """Install the wheel in a new environment.

    The dependencies are those of this environment, linked: nothing is downloaded.
    """
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", wheel],
        check=True,
    )  # fmt: skip
    (packages,) = home.glob("lib/python*/site-packages")
    for name in {name for needed in needed_by(wheel, extras) for name in top_level(needed)}:
        (packages / name).symlink_to(PACKAGES / name)


def needed_by(wheel: Path, extras: tuple[str, ...]) -> list[Distribution]:
    """What the wheel requires with these extras, and what that requires, and so on."""
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [one for extra in ("", *extras) for one in applying(metadata(wheel), extra)]
    while waiting:
        wanted = waiting.pop()
        for extra in {"", *wanted.extras}:
            if (wanted.name.lower(), extra) not in found:
                one = found[wanted.name.lower(), extra] = distribution(wanted.name)
                waiting += applying(one.requires or [], extra)
    return list(found.values())


def applying(requirements: list[str], extra: str) -> Iterator[Requirement]:
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def metadata(wheel: Path, field: str = "Requires-Dist") -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name)).get_all(field, [])


def top_level(package: Distribution) -> Iterator[str]:
    """The names of a distribution beside each other in site-packages."""
    for file in package.files or []:
        if file.parts[0] not in {"..", "__pycache__"}:
            yield file.parts[0]


def run(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


def test_it_is_the_wheel_that_runs(plain: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [plain.with_name("python"), "-c", "import reconciler; print(reconciler.__file__)"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert str(plain.parents[1]) in where


def test_the_version_is_in_one_place(built: Path, wheel: Path, plain: Path, tmp_path: Path) -> None:
    version = reconciler.__version__
    assert metadata(wheel, "Version") == [version]
    assert [path.name for path in built.glob("*.tar.gz")] == [f"ecr_reconcile-{version}.tar.gz"]
    assert run(plain, tmp_path, "--version").stdout == f"reconcile {version}\n"


def test_the_commands_without_aws_need_no_extra(plain: Path, tmp_path: Path) -> None:
    for command in ("init", "validate", "fmt --check", "compile", "access matrix", "iam caller"):
        done = run(plain, tmp_path, *command.split())
        assert done.returncode == 0, done.stderr
    for name, file in (("access", "ecr_access"), ("included",) * 2, ("plan",) * 2, ("rules",) * 2):
        schema = run(plain, tmp_path, "schema", name)
        assert schema.stdout == (ROOT / "schema" / f"{file}.schema.json").read_text()
    assert run(plain, tmp_path, "rule", "dead-principal").returncode == 0


def test_the_commands_that_call_aws_need_no_extra(plain: Path, tmp_path: Path) -> None:
    assert run(plain, tmp_path, "init").returncode == 0
    for transport in ("fast", "boto3"):
        plan = run(plain, tmp_path, "plan", "--transport", transport)
        assert "credentials" in plan.stderr


def test_the_wheel_has_the_extras_that_hints_name(wheel: Path) -> None:
    assert {"html", "sandbox"} <= set(metadata(wheel, "Provides-Extra"))


@pytest.mark.parametrize(
    ("command", "what", "extra"),
    [
        ("access matrix --format html", "HTML pages need more packages", "html"),
        ("demo", "the sandbox needs more packages", "sandbox"),
        ("sandbox", "the sandbox needs more packages", "sandbox"),
    ],
)
def test_a_missing_extra_is_named_with_what_installs_it(
    plain: Path, tmp_path: Path, command: str, what: str, extra: str
) -> None:
    assert run(plain, tmp_path, "init").returncode == 0
    done = run(plain, tmp_path, *command.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {what}\nhint: pip install 'ecr-reconcile[{extra}]'\n"


def test_a_page_is_written_from_a_wheel(full: Path, tmp_path: Path) -> None:
    assert run(full, tmp_path, "init").returncode == 0
    page = run(full, tmp_path, "access", "matrix", "--format", "html")
    assert page.returncode == 0
    assert page.stdout.startswith("<!doctype html>")


def test_the_demo_runs_from_a_wheel(full: Path, tmp_path: Path) -> None:
    demo = run(full, tmp_path, "demo")
    assert demo.returncode == 0, demo.stderr
    assert "Plan: 1 policy to set" in demo.stdout


def test_the_manual_page_is_installed(plain: Path) -> None:
    page = plain.parents[1] / "share" / "man" / "man1" / "reconcile.1"
    assert page.read_bytes() == (ROOT / "docs" / "man" / "reconcile.1").read_bytes()


def test_the_sdist_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--no-index", "--wheel-dir", tmp_path, sdist],
        check=True,
    )  # fmt: skip
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
