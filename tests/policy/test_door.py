"""The door of the package: it lends exactly the names that other packages use."""

import ast
from functools import cache
from pathlib import Path

import reconciler.policy
from tests.modules import MODULES, PACKAGE, nodes_of

LENT = [
    alias.name
    for node in ast.parse(Path(reconciler.policy.__file__).read_text()).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]


def used_elsewhere() -> set[str]:
    """Every name that a module of another package imports from policy, or from inside of it."""
    return {
        alias.name
        for node in imports_elsewhere()
        if isinstance(node, ast.ImportFrom) and is_policy(node.module or "")
        for alias in node.names
    }


@cache
def imports_elsewhere() -> tuple[ast.Import | ast.ImportFrom, ...]:
    return tuple(
        node
        for module in MODULES
        if module.relative_to(PACKAGE).parts[0] != "policy"
        for node in nodes_of(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def is_policy(module: str) -> bool:
    return f"{module}.".startswith("reconciler.policy.")


def test_no_other_package_imports_from_inside() -> None:
    modules = [
        module
        for node in imports_elsewhere()
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    ]
    assert "reconciler.policy" in modules
    assert [m for m in modules if is_policy(m) and m != "reconciler.policy"] == []


def test_every_name_that_other_packages_use_is_lent() -> None:
    assert sorted(used_elsewhere() - {*LENT}) == []


def test_no_name_is_lent_that_no_package_uses() -> None:
    assert sorted({*LENT} - used_elsewhere()) == []


def test_each_name_is_lent_once_and_exists() -> None:
    assert len({*LENT}) == len(LENT)
    assert [name for name in LENT if not hasattr(reconciler.policy, name)] == []
