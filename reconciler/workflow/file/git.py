"""The `git` program.

Git runs in a directory and finds the repository from there, whatever GIT_DIR and the like say.
What it is asked here starts no hook, filter or pager, and connects to nothing: an object that a
partial clone lacks is not fetched. A directory that looks like a bare repository is not used as
one: a commit can contain such a directory, with settings that name programs.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from reconciler.errors import ReconcileError

_OF_ANOTHER = {
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
}
"""What git tells its hooks of their repository, which need not be that of the file."""

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "",  # none is allowed; holds where the next one is not known
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
_SETTINGS = (
    "safe.bareRepository=explicit",  # since git 2.38
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.warnAmbiguousRefs=true",
)
_PIECE = 2**20


class Objects(NamedTuple):
    """The objects of a repository, which one running git reads: `requests` is a file descriptor."""

    requests: int
    answers: IO[bytes]
    complaints: IO[bytes]

    def read(self, name: str, most: int) -> bytes:
        """Read an object, or of a larger one `most` bytes and one more.

        Raises ReconcileError where the repository does not have it, or git can't read it.
        """
        try:
            os.write(self.requests, f"{name}\n".encode())
        except BrokenPipeError:
            raise self._unreadable(name) from None
        match self.answers.readline().split():
            case [_, _, size]:
                content = self.answers.read(min(int(size), most + 1))
                left = int(size) - len(content) + 1  # a line break follows
                while left and (piece := self.answers.read(min(left, _PIECE))):
                    left -= len(piece)
                if not left:
                    return content
        raise self._unreadable(name)

    def _unreadable(self, name: str) -> ReconcileError:
        self.complaints.seek(0)
        why = self.complaints.read(_PIECE).decode(errors="replace").strip().rpartition("\n")[2]
        return ReconcileError(
            f"git can't read object {name}{why and f': {why}'}",
            hint="the clone is partial or damaged: clone all of it, without a filter",
        )


@contextmanager
def reading_objects(folder: Path) -> Iterator[Objects]:
    """Run git to read the objects of a directory's repository."""
    with (
        tempfile.TemporaryFile() as complaints,
        _start("git cat-file --batch", folder, stdin=subprocess.PIPE, stderr=complaints) as process,
    ):
        if process.stdin and process.stdout:  # both are pipes
            yield Objects(process.stdin.fileno(), process.stdout, complaints)


def run_git(command: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a git command in a directory to its end. Raises ReconcileError where git does not run."""
    with _start(
        command, folder, *arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _start(
    command: str, folder: Path, *arguments: str, stdin: int, stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    inherited = {name: text for name, text in os.environ.items() if name not in _OF_ANOTHER}
    program, *asked = command.split()
    settings = (part for setting in _SETTINGS for part in ("-c", setting))
    try:
        return subprocess.Popen(  # noqa: S603 - no shell; a revision that begins with - is refused
            [program, *settings, *asked, *arguments],
            cwd=folder,
            env=inherited | _ENVIRONMENT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    except OSError as error:
        raise ReconcileError(
            f"git can't be run: {error.strerror}",
            hint="git reads the file at an earlier revision; install it",
        ) from None
