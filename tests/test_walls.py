"""The walls between the rooms: who may import whom, and what must not load early."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

from tests.modules import MODULES, PACKAGE, nodes_of

FLOORS = (
    {"policy"},
    {"model"},
    {"registry", "access_file", "plan", "sandbox"},
    {"apply", "adopt"},
    {"workflow", "report"},
    {"cli"},
)
ROOMS_INSIDE = {
    "policy": ({"language"}, {"meaning"}, {"compile"}, {"limit"}),
    "access_file": (
        {"document"},
        {"model"},
        {"desired"},
        {"sections"},
        {"checks"},
        {"parts"},
        {"rules_file"},
    ),
    "plan": (
        {"causes", "counts", "origin"},
        {"model"},
        {"checks", "desired_policy", "saved"},
        {"registry_policy", "templates"},
        {"compute"},
        {"edits"},
    ),
    "adopt": (
        {"yaml_text"},
        {"file_text", "live"},
        {"merging"},
        {"naming"},
        {"draft"},
        {"notes", "proof"},
        {"importing"},
    ),
    "registry": (
        {"failures", "permissions", "tasks"},
        {"http", "pace"},
        {"settings"},
        {"transport"},
        {"session"},
        {"reader", "organization"},
        {"reading", "writer"},
    ),
    "sandbox": (
        {"behaviour", "environment", "eventual_consistency", "json_values"},
        {"requests"},
        {"state"},
        {"policies", "profiles"},
        {"registry"},
        {"authorization", "role_trust"},
        {"automatic_repositories"},
        {"operations"},
        {"application"},
    ),
    "workflow": (
        {"listener", "DEFAULT_WAIT"},  # the second is a constant of the package itself
        {"file", "live"},
        {"plans"},
        {"writing", "questions"},
    ),
    "report": (
        {"text", "markdown", "words", "github", "hcl"},
        {"comment", "rules"},
        {"plans", "file", "questions"},
        {"html"},
    ),
}
GROUND = {"closest", "errors", "printable", "schema_checks"}
PURE = {"access_file", "model", "policy", "plan", "adopt", "report"}
IMPURE = {
    "boto3", "botocore", "io", "os", "pathlib", "random", "secrets", "socket",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib", "http",
}  # fmt: skip
TERMINAL = {"click", "curses", "getpass", "readline", "rich", "signal", "typer"}
ENDS_OR_SPEAKS = {"print", "input", "exit", "argv", "stdin", "stdout", "stderr"}
OPTION = re.compile(r"(?<![\w-])--[a-z]|'reconcile [a-z]")
OF_ANOTHER = re.compile(r"`aws |\baws ecr |\bdocker login |^git ")
STARTER = PACKAGE / "access_file" / "starter.py"
ONLY_IN = {"boto3": {"registry"}, "botocore": {"registry", "sandbox"}, "moto": {"sandbox"}}


def room_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else module.stem


def modules(*, of: Collection[str] = (), but: Collection[str] = ()) -> list[Path]:
    """Each module of some rooms, or of all rooms but some."""
    found = [m for m in MODULES if (room_of(m) in of if of else room_of(m) not in but)]
    assert found
    return found


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@cache
def imports_of(module: Path) -> set[str]:
    names: set[str] = set()
    for node in nodes_of(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_a_room_uses_only_rooms_below() -> None:
    for module in modules(but={"__init__", "__main__"}):
        room = room_of(module)
        for name in imports_of(module):
            parts = name.split(".")
            if parts[0] != "reconciler" or parts[1] in {room, "__version__", *GROUND}:
                continue
            assert room not in GROUND, f"{module}: the ground knows no room, yet imports {name}"
            assert floor_of(parts[1]) < floor_of(room), f"{module} imports {name}"


def test_a_room_inside_a_room_uses_only_those_below() -> None:
    for module in modules(of=ROOMS_INSIDE):
        room, *inside = module.relative_to(PACKAGE).with_suffix("").parts
        floors = ROOMS_INSIDE[room]
        if inside[0] == "__init__":
            continue
        for name in imports_of(module):
            parts = name.split(".")
            if parts[:2] == ["reconciler", room] and parts[2] != inside[0]:
                assert inner_floor(parts[2], floors) < inner_floor(inside[0], floors), (
                    f"{module} imports {name}"
                )


def inner_floor(name: str, floors: tuple[set[str], ...]) -> int:
    """Return the floor of a module or room; what is not listed stands above all that is."""
    return next((n for n, rooms in enumerate(floors) if name in rooms), len(floors))


def test_what_is_kept_to_a_room_stays_there() -> None:
    for module in modules():
        for name in imports_of(module):
            top = name.split(".")[0]
            assert room_of(module) in ONLY_IN.get(top, {room_of(module)}), (
                f"{module} imports {name}"
            )


def test_pure_rooms_reach_for_nothing() -> None:
    for module in modules(of=PURE):
        for name in imports_of(module):
            assert name.split(".")[0] not in IMPURE, f"{module} imports {name}"
        calls = {
            node.func.attr
            for node in nodes_of(module)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"now", "today", "utcnow"}, f"{module} asks for the time"


def test_the_workflow_knows_no_terminal() -> None:
    for module in modules(of={"workflow"}):
        for name in imports_of(module):
            assert name.split(".")[0] not in TERMINAL, f"{module} imports {name}"
        nodes = nodes_of(module)
        called = {n.func.id for n in nodes if isinstance(n, ast.Call) and is_name(n.func)}
        of_sys = {n.attr for n in nodes if isinstance(n, ast.Attribute) and is_sys(n.value)}
        assert not (called | of_sys) & ENDS_OR_SPEAKS, f"{module} speaks or ends the process"


def is_name(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def is_sys(node: ast.expr) -> bool:
    return is_name(node) and node.id == "sys"


def test_only_the_command_line_names_its_commands_and_options() -> None:
    for module in modules(but={"cli"}):
        if module == STARTER:
            continue
        comments = {
            node.value
            for node in nodes_of(module)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in nodes_of(module):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node not in comments
            ):
                of_another = OF_ANOTHER.search(node.value)
                assert of_another or not OPTION.search(node.value), f"{module}: {node.value}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["validate", "--help"],
        ["validate"],
        ["iam", "caller"],
        ["iam", "consumer", "ci"],
        ["access", "matrix"],
        ["explain", "payments/api"],
    ],
)
def test_what_is_offline_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    heavy = {"boto3", "botocore", "deepdiff", "jsonschema", "moto", "rich", "tomllib"}
    assert not heavy & loaded


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"access_file", "apply", "plan", "policy", "registry", "sandbox"}),
        (["validate"], {"apply", "plan", "registry", "sandbox"}),
    ],
)
def test_a_command_loads_no_package_that_it_does_not_need(
    arguments: list[str], unneeded: set[str]
) -> None:
    assert not {f"reconciler.{package}" for package in unneeded} & loaded_by(*arguments)


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends, run in a process without a PATH."""
    program = (
        "import sys\n"
        "from reconciler.cli.main import main\n"
        f"sys.argv = ['reconcile', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print('\\n', *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"ECR_ACCESS_FILE": str(PACKAGE.parent / "ecr_access.yaml"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.splitlines()[-1].split())
    assert "reconciler.cli.main" in modules
    return modules
