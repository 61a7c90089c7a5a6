"""The completion files that docs/quick-start.md shows how to make, in the shells themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SEED, clean_environment
from tests.guide import ROOT, marked
from tests.programs import needs

GUIDE = (ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8")
LIMIT = 120
"""Seconds that a shell may take: each completion starts a process."""

BASH = """
. ./reconcile.bash
function=$(complete -p reconcile | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
COMP_WORDS=({line}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$function reconcile
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'show() {{ zle -I; print -r "[$BUFFER]" }}; zle -N show; bindkey "^X" show'
zpty -w shell 'fpath=($PWD $fpath); autoload -U compinit; compinit -u -D'
zpty -w -n shell $'{line}\\t\\t\\x18'  # the first key only loads the file
zpty -r shell written '*\\[reconcile *\\]*'
zpty -d shell
print -r -- ${{${{(M)written%\\[*\\]*}}%%\\]*}}
"""
FISH = """
source reconcile.fish
complete -C '{line}'
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an access file, and with the files that the guide makes."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "ecr_access.yaml").write_text(SEED)
    assert run(folder, "sh", marked(GUIDE, "completion")) == ""
    return folder


def run(folder: Path, shell: str, script: str, *options: str) -> str:
    """What a shell prints that finds `reconcile` as a command."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shell, *options, "-c", script],
        cwd=folder,
        env={**clean_environment(), "PATH": path, "HOME": str(folder), "TERM": "xterm"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", timeout=LIMIT, check=False,
    )  # fmt: skip
    return done.stdout


LINES = pytest.mark.parametrize(
    ("line", "expected"),
    [("reconcile handov", "handover"), ("reconcile plan --repository pay", "payments/api")],
)


@LINES
def test_bash(folder: Path, line: str, expected: str) -> None:
    assert run(folder, "bash", BASH.format(line=line), "--norc").split() == [expected]


@needs("zsh")
@LINES
def test_zsh(folder: Path, line: str, expected: str) -> None:
    completed = f"{line.rpartition(' ')[0]} {expected}"
    assert run(folder, "zsh", ZSH.format(line=line), "-f") == f"[{completed} \n"


@needs("fish")
@LINES
def test_fish(folder: Path, line: str, expected: str) -> None:
    assert run(folder, "fish", FISH.format(line=line)).split()[0] == expected
