"""The modules of the package, each parsed once in a process."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "reconciler"
MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def nodes_of(module: Path) -> tuple[ast.AST, ...]:
    """All nodes of the module's syntax tree."""
    return tuple(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
