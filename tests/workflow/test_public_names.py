"""The doors `workflow`, which is the Python API, and `report` load their names at first use."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from reconciler import report, workflow

OTHERS = {workflow: {"DEFAULT_WAIT"}, report: set[str]()}
"""Each door, and its names that no import declares."""


def declared(door: ModuleType) -> dict[str, str]:
    """The module of each name, as the type checker reads them."""
    tree = ast.parse(Path(str(door.__file__)).read_text())
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {
        alias.asname: node.module or "" for node in imports for alias in node.names if alias.asname
    }


@pytest.mark.parametrize(
    ("door", "name"), [(door, name) for door in OTHERS for name in sorted(declared(door))]
)
def test_each_name_comes_from_the_module_that_is_declared(door: ModuleType, name: str) -> None:
    module = __import__(declared(door)[name], fromlist=[name])
    assert getattr(door, name) is getattr(module, name)


@pytest.mark.parametrize("door", OTHERS)
def test_the_names_are_those_that_are_declared(door: ModuleType) -> None:
    assert dir(door) == sorted({*declared(door), *OTHERS[door]})


@pytest.mark.parametrize("door", OTHERS)
def test_an_unknown_name_is_an_attribute_error(door: ModuleType) -> None:
    with pytest.raises(AttributeError, match="no attribute 'plan_it'"):
        door.plan_it  # noqa: B018


def test_validating_loads_nothing_that_plans_or_writes() -> None:
    program = (
        "import sys\n"
        "from reconciler import workflow\n"
        "workflow.validate(b'version: 1', 'f')\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('reconciler.')}\n"
        "assert not rooms & {'apply', 'plan', 'registry', 'report'}, rooms\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
