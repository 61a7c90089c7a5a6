"""The access file as it was at a git revision, read by the `git` program.

Git runs in the directory of the file and finds the repository from there, whatever GIT_DIR and the
like say. Its `rev-parse`, `ls-tree` and `cat-file` start no hook, filter or pager.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from reconciler.access_file.load import load_access
from reconciler.access_file.model import AccessFile
from reconciler.errors import ReconcileError, UsageError
from reconciler.printable import quoted
from reconciler.workflow.source import AccessSource

_OF_ANOTHER = {
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
}
"""What git tells its hooks of their repository, which need not be that of the file."""

_SETTINGS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
_ENTRY = re.compile(rb"100[0-7]{3} blob ([0-9a-f]+)\t")
"""A regular file in the output of `git ls-tree`; a link or a directory has another mode."""


class EarlierVersion(NamedTuple):
    """An access file at a git revision.

    Where the revision has no such file, or an invalid one, it has no `parts`, and `missing` says
    why: all of the file counts as changed.
    """

    revision: str
    parts: tuple[AccessFile, ...]
    missing: str = ""


def at_revision(source: AccessSource, revision: str) -> EarlierVersion:
    """Return the access file as it was at a revision: a branch, tag, commit, or `HEAD~1`.

    Grants expire there as they do in `source`. Raises as `read_at_revision`.
    """
    path = source.path
    content = read_at_revision(Path(path), revision)
    if content == source.content:
        return EarlierVersion(revision, source.parts)
    if content is None:
        return EarlierVersion(revision, (), f"{path} does not exist at {revision}")
    loaded = load_access(content, path, now=source.now, allow_public=source.allowances.public)
    if not loaded.parts:
        return EarlierVersion(revision, (), f"{path} is invalid at {revision}")
    return EarlierVersion(revision, loaded.parts)


def read_at_revision(path: Path, revision: str) -> bytes | None:
    """Return the content of a file at a revision; None where it is no regular file there.

    Of a link, the file that it leads to is read. Raises UsageError for an unknown revision, and
    where the file is in no repository that git can read, ReconcileError where git does not run.
    """
    file = path.resolve()
    answer = _git("git rev-parse --is-shallow-repository", file.parent)
    if answer.returncode:
        why = answer.stderr.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
        raise UsageError(f"{path} is in no git repository that can be read: {why}")
    commit = _commit(revision, file.parent)
    if commit is None:
        is_shallow = answer.stdout.strip() == b"true"
        raise UsageError(
            f"the git repository of {path} has no revision {quoted(revision)}",
            hint="the clone is shallow: fetch more history (fetch-depth: 0 in actions/checkout)"
            if is_shallow
            else "fetch it first, or check its spelling",
        )
    # Without ./, a name could be an option or a pattern.
    found = _ENTRY.match(_output("git ls-tree -z", file.parent, commit, f"./{file.name}"))
    return _output("git cat-file blob", file.parent, found[1].decode()) if found else None


def branches_and_tags(folder: Path) -> list[str]:
    """Return the names of the repository's branches and tags; none where git finds none."""
    try:
        listed = _git("git for-each-ref --format=%(refname:short)", folder)
    except ReconcileError:
        return []
    return listed.stdout.decode(errors="replace").split()


def _commit(revision: str, folder: Path) -> str | None:
    """Return the id of the commit that a revision names; None for an unknown one."""
    if revision.startswith("-") or "\0" in revision:
        return None
    command = "git rev-parse --verify --quiet --end-of-options"
    found = _git(command, folder, f"{revision}^{{commit}}")
    return None if found.returncode else found.stdout.decode().strip()


def _output(command: str, folder: Path, *arguments: str) -> bytes:
    """Return what a command writes. Raises ReconcileError where it fails."""
    done = _git(command, folder, *arguments)
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip()
        raise ReconcileError(f"'{command}' failed: {why}")
    return done.stdout


def _git(command: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: text for name, text in os.environ.items() if name not in _OF_ANOTHER}
    try:
        return subprocess.run(  # noqa: S603 - no shell; a revision that begins with - is refused
            [*command.split(), *arguments],
            cwd=folder,
            env=environment | _SETTINGS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ReconcileError(
            f"git can't be run: {error.strerror}",
            hint="git reads the file at an earlier revision; install it",
        ) from None
