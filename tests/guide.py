"""Guides in Markdown: their blocks, and a shell that runs what they show."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
"""A code block of a guide: the comment before it, if any, its language, and its text."""

_PYTHON = f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)}"
_START = f'exec 2>&1\nreconcile() {{ {_PYTHON} -m reconciler "$@"; }}\n'


def marked(guide: str, mark: str) -> str:
    """The text of the one block with this mark."""
    (text,) = [block["text"] for block in BLOCK.finditer(guide) if block["mark"] == mark]
    return text


def typed(command: str) -> str:
    """A line of a script that prints a command and runs it, with `$?` as it was before."""
    return f"code=$?; echo {shlex.quote(f'$ {command}')}; (exit $code); {command}\n"


def typed_all(console: str) -> str:
    """The script that types each command of a console block."""
    return "".join(map(typed, re.findall(r"^\$ (.*)$", console, re.MULTILINE)))


def shell(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What a script prints in a folder, errors included; `reconcile` is this tree's."""
    done = subprocess.run(
        ["sh", "-c", _START + script],
        cwd=folder,
        env={"XDG_STATE_HOME": str(folder / "state"), **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout
