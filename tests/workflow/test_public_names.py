"""`reconciler.workflow` is the Python API: its names are loaded when they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import workflow

SOURCE = Path(workflow.__file__).read_text()


def declared() -> dict[str, str]:
    """The module of each name, as the type checker reads them."""
    imports = (node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.ImportFrom))
    return {
        alias.asname: node.module or "" for node in imports for alias in node.names if alias.asname
    }


@pytest.mark.parametrize("name", sorted(declared()))
def test_each_name_comes_from_the_module_that_is_declared(name: str) -> None:
    module = __import__(declared()[name], fromlist=[name])
    assert getattr(workflow, name) is getattr(module, name)


def test_the_names_are_those_that_are_declared() -> None:
    assert dir(workflow) == sorted({*declared(), "DEFAULT_WAIT"})


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'plan_it'"):
        workflow.plan_it  # noqa: B018


def test_validating_loads_nothing_that_plans_or_writes() -> None:
    program = (
        "import sys\n"
        "from reconciler import workflow\n"
        "workflow.validate(b'version: 1', 'f')\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('reconciler.')}\n"
        "assert not rooms & {'apply', 'plan', 'registry', 'report'}, rooms\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
