"""A git repository, read by the `git` program.

Git runs in a directory and finds the repository from there, whatever GIT_DIR and the like say. Its
`rev-parse`, `ls-tree` and `cat-file` start no hook, filter or pager.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reconciler.access_file.document.problems import quote
from reconciler.errors import ReconcileError, UsageError
from reconciler.model.rules import RuleId
from reconciler.printable import quoted
from reconciler.workflow.included import Child, Content, IncludeError, unreadable

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
_OBJECT = re.compile(
    rb"(?P<mode>[0-7]{6}) [a-z]+ (?P<id>[0-9a-f]+)\t(?:[^\0]*/)?(?P<name>[^\0/]+)\0"
)
"""An item in the output of `git ls-tree -z`."""

_FOLDER, _FILE = b"04", b"100"
"""How the mode of a directory begins, and that of a regular file."""


class _Object(NamedTuple):
    """What is in a directory at a commit."""

    mode: bytes
    id: str


@dataclass(frozen=True, slots=True)
class RevisionTree:
    """A directory as it was at a commit. Links are not followed."""

    folder: Path
    commit: str
    _listed: dict[str, Mapping[str, _Object]] = field(default_factory=dict)

    def children(self, folder: str) -> Iterable[Child]:
        """Return what was in a directory; nothing where there was none."""
        listed = self._list(folder)
        return [Child(name, one.mode.startswith(_FOLDER)) for name, one in listed.items()]

    def read(self, name: str, most: int) -> Content:
        """Read a regular file. Raises IncludeError for anything else, or for a larger file."""
        folder, _, last = name.rpartition("/")
        found = self._list(folder).get(last)
        if found is None:
            raise IncludeError(RuleId.INCLUDE_NOT_FOUND, f"there was no file {quote(name)}")
        if not found.mode.startswith(_FILE):
            raise unreadable(name, "it was not a regular file")
        return Content(name, _output("git cat-file blob", self.folder, found.id)[: most + 1])

    def _list(self, folder: str) -> Mapping[str, _Object]:
        if folder not in self._listed:
            # Without ./, a name could be an option or a pattern.
            path = f"./{folder}/" if folder else "./"
            listed = _output("git ls-tree -z", self.folder, self.commit, path)
            self._listed[folder] = {
                os.fsdecode(one["name"]): _Object(one["mode"], one["id"].decode())
                for one in _OBJECT.finditer(listed)
            }
        return self._listed[folder]


def tree_at(file: Path, revision: str) -> RevisionTree:
    """Return the directory of a file at a revision: a branch, tag, commit, or `HEAD~1`.

    Raises UsageError for an unknown revision, and where the file is in no repository that git can
    read, ReconcileError where git does not run.
    """
    folder = file.resolve().parent
    answer = _git("git rev-parse --is-shallow-repository", folder)
    if answer.returncode:
        why = answer.stderr.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
        raise UsageError(f"{file} is in no git repository that can be read: {why}")
    commit = _commit(revision, folder)
    if commit is None:
        is_shallow = answer.stdout.strip() == b"true"
        raise UsageError(
            f"the git repository of {file} has no revision {quoted(revision)}",
            hint="the clone is shallow: fetch more history (fetch-depth: 0 in actions/checkout)"
            if is_shallow
            else "fetch it first, or check its spelling",
        )
    return RevisionTree(folder, commit)


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
