"""Print docs/images/plan.svg, a terminal with the plan of README's file: `make docs`.

The registry is embedded. Its policy is that of the file, edited by hand.
"""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.sandbox.server import Sandbox
from tests.cli.conftest import sandbox_environment
from tests.guide import ROOT, marked, shell, typed_all

COMMANDS = "$ reconcile plan\n"
WIDTH = 98
EDITED = {
    "arn:aws:iam::444455556666:role/role2-2": {*BUILT_IN_TIERS["pull"], "ecr:PutImage"},
    "arn:aws:iam::999900001111:role/builder": BUILT_IN_TIERS["pull"],
}
"""The actions of each principal in the live policy."""

FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, monospace;
}}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""The layout of rich without its fonts, which it loads from elsewhere."""


def main() -> None:
    print(picture(printed()), end="")


def printed() -> str:
    """What the commands print on a terminal, with its colours."""
    with edited_by_hand() as ecr, tempfile.TemporaryDirectory() as folder:
        Path(folder, "ecr_access.yaml").write_text(access_file())
        colours = {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
        return shell(typed_all(COMMANDS), Path(folder), sandbox_environment(ecr) | colours)


def access_file() -> str:
    """The file of README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return marked(readme, "file: ecr_access.yaml")


@contextmanager
def edited_by_hand() -> Iterator[Sandbox]:
    """The registry of README's file, whose policy somebody has edited."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": sorted(actions)}
        for principal, actions in EDITED.items()
    ]
    with Sandbox() as ecr:
        ecr.create_repository("payments/api")
        ecr.set_policy_text("payments/api", json.dumps({"Statement": statements}))
        yield ecr


def picture(terminal: str) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(terminal.rstrip()))
    svg = console.export_svg(
        title="", theme=DIMMED_MONOKAI, code_format=FORMAT, unique_id="terminal"
    )
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines() if line.strip())


if __name__ == "__main__":
    main()
