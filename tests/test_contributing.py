"""CONTRIBUTING is true: each path in it exists, and its map has every package."""

import re
from pathlib import Path

from tests.modules import PACKAGE
from tests.test_walls import FLOORS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAP = TEXT.split("```")[3]
TOP = {path.name for path in ROOT.iterdir()}


def paths() -> set[str]:
    """What is written as a path from the top of the project; RULE stands for any."""
    written = re.findall(r"`([\w./-]+/[\w./-]*|[A-Z]+\.md)`", TEXT)
    return {path for path in written if path.partition("/")[0] in TOP and "RULE" not in path}


def sections() -> list[str]:
    return re.findall(r"^### … (.*?)$", TEXT, re.MULTILINE)


def test_each_path_exists() -> None:
    assert [path for path in paths() if not (ROOT / path).exists()] == []
    assert [path for path in paths() if (ROOT / path).is_dir() != path.endswith("/")] == []


def test_it_says_where_to_add_what() -> None:
    assert sections() == [
        "a rule of the file",
        "a kind of principal",
        "a guard",
        "a risk",
        "an output format",
        "a switch of the sandbox",
    ]
    assert len(paths()) > len(sections())


def test_the_map_has_every_package_on_its_floor() -> None:
    floor, told = 0, {}
    for number, name in re.findall(r"^(\d| )  (\w+)/ ", MAP, re.MULTILINE):
        floor = int(number) if number != " " else floor
        told[name] = floor
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages <= set(told)
    floors = {room: number for number, rooms in enumerate(FLOORS, 1) for room in rooms}
    assert {name: floors[name] for name in told} == told
