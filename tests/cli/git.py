"""Git repositories for tests: real ones, with nothing of the user's own configuration."""

import os
import subprocess
from pathlib import Path
from typing import IO

_AUTHOR = "-c user.name=t -c user.email=t@example.com -c commit.gpgsign=false"


def git(folder: Path, command: str, *arguments: str, stdin: IO[bytes] | None = None) -> str:
    """Run git in a folder, and return what it writes."""
    nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    of_git = {name for name in os.environ if name.startswith("GIT_")}
    kept = {name: text for name, text in os.environ.items() if name not in of_git}
    return subprocess.run(
        ["git", *_AUTHOR.split(), *command.split(), *arguments],
        cwd=folder,
        env=kept | nowhere,
        capture_output=True,
        check=True,
        stdin=stdin,
        text=True,
    ).stdout.strip()


def new_repository(folder: Path) -> None:
    """Make a git repository of a folder, with all of its files in one commit on `main`."""
    git(folder, "init --quiet --initial-branch main")
    commit(folder)


def commit(folder: Path) -> str:
    """Commit all files, and return the commit's id."""
    git(folder, "add --all .")
    git(folder, "commit --quiet --allow-empty --message", "a commit")
    return git(folder, "rev-parse HEAD")
