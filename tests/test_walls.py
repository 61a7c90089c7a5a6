"""The walls between the rooms: who may import whom, and what must not load early."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "reconciler"

FLOORS = (
    {"policy", "registry", "sandbox"},
    {"access", "plan"},
    {"report", "apply", "adopt"},
    {"cli"},
)
GROUND = {"closest", "errors", "printable", "redaction"}
PURE = {"access", "policy", "plan", "report"}
IMPURE = {
    "boto3", "botocore", "io", "os", "pathlib", "random", "secrets", "socket",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib", "http",
}  # fmt: skip
ONLY_IN = {"boto3": {"registry"}, "botocore": {"registry", "sandbox"}, "moto": {"sandbox"}}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else module.stem


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imports_of(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.relative_to(PACKAGE)))
def test_a_room_uses_only_rooms_below(module: Path) -> None:
    room = room_of(module)
    if room in {"__init__", "__main__"}:
        return
    for name in imports_of(module):
        parts = name.split(".")
        if parts[0] != "reconciler" or parts[1] in {room, "__version__", *GROUND}:
            continue
        assert room not in GROUND, f"{module}: the ground knows no room, yet imports {name}"
        assert floor_of(parts[1]) < floor_of(room), f"{module} imports {name}"


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.relative_to(PACKAGE)))
def test_what_is_kept_to_a_room_stays_there(module: Path) -> None:
    for name in imports_of(module):
        top = name.split(".")[0]
        assert room_of(module) in ONLY_IN.get(top, {room_of(module)}), f"{module} imports {name}"


@pytest.mark.parametrize("module", modules(), ids=lambda m: str(m.relative_to(PACKAGE)))
def test_pure_rooms_reach_for_nothing(module: Path) -> None:
    if room_of(module) not in PURE:
        return
    for name in imports_of(module):
        assert name.split(".")[0] not in IMPURE, f"{module} imports {name}"
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"now", "today", "utcnow"}, f"{module} asks for the time"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["validate", "--help"], ["validate"], ["iam", "caller"]]
)
def test_what_is_offline_loads_nothing_heavy(arguments: list[str]) -> None:
    sample = PACKAGE.parent / "ecr_access.yaml"
    program = (
        "import sys\n"
        "from reconciler.cli.main import main\n"
        f"sys.argv = ['reconcile', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'boto3', 'botocore', 'deepdiff', 'moto', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'reconciler.cli.main' in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"ECR_ACCESS_FILE": str(sample), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
