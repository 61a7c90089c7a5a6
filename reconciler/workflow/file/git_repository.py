"""The git repository that holds a file, and what its revisions name."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import ReconcileError, UsageError
from reconciler.printable import quoted
from reconciler.workflow.file.git import run_git

_GIT = ".git"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_AMBIGUOUS = re.compile(r"^warning: refname '(.+)' is ambiguous\.$", re.MULTILINE)
_REFS = "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD"
"""Where git looks for a short name, in this order (gitrevisions)."""


class RepositoryFile(NamedTuple):
    """A file, and the git repository that holds it.

    `file` is what the user calls it. `top` is the top of the work tree, `path` leads from there to
    the file, with `/`: it can have `..`, and any part can be a link, at any revision.
    """

    file: Path
    top: Path
    path: str
    is_shallow: bool

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names: a branch, tag, commit, or `HEAD~1`.

        Raises UsageError where it names no commit, or a part of it names two things.
        """
        of_file = f"the git repository of {self.file}"
        found = self._commit(revision)
        if found is None:
            raise UsageError(
                f"{of_file} has no revision {quoted(revision)}",
                hint="the clone is shallow: fetch more history (fetch-depth: 0 in actions/checkout)"
                if self.is_shallow
                else "fetch it first, or check its spelling",
            )
        commit, warnings = found
        for name in _AMBIGUOUS.findall(warnings):
            # A whole id and HEAD have one meaning for git, also where a tag is called so.
            is_id = len(name) == len(commit) and _COMMIT.fullmatch(name)
            if not is_id and name not in {"HEAD", "@"}:
                raise UsageError(
                    f"{quoted(name)} is ambiguous in {of_file}: {self._meanings(name)}",
                    hint="name one of these in full",
                )
        return commit

    def _commit(self, revision: str) -> tuple[str, str] | None:
        """Return the commit's id, and what git writes beside it; None for an unknown revision."""
        if revision.startswith("-") or "\0" in revision:
            return None
        command = "git rev-parse --verify --end-of-options"
        found = run_git(command, self.top, f"{revision}^{{commit}}")
        commit = found.stdout.decode(errors="replace").strip()
        if found.returncode or not _COMMIT.fullmatch(commit):
            return None
        return commit, found.stderr.decode(errors="replace")

    def _meanings(self, name: str) -> str:
        patterns = (pattern.format(name) for pattern in _REFS)
        listed = run_git("git for-each-ref --format=%(refname)", self.top, *patterns)
        refs = listed.stdout.decode(errors="replace").split()
        return " and ".join(refs if len(refs) > 1 else ["a commit's id", *refs])


def find_repository(file: Path) -> RepositoryFile:
    """Find the repository that holds a file that exists, by the path that names it.

    A link in a work tree is a part of that: git is asked where the link is, never where it leads.
    Other links are followed. Raises UsageError where git can't read a repository there, where the
    file is not in the work tree, or where the path leads into a submodule: an edit can make one of
    a directory. Raises ReconcileError where git does not run.
    """
    folder, rest = _until_link(file)
    top, git_folder, is_shallow = _work_tree(file, folder)
    if _is_of_submodule(git_folder) and not Path.cwd().is_relative_to(top):
        raise UsageError(
            f"{file} is in a submodule, which has revisions of its own",
            hint=f"run the command in {top}",
        )
    if not _holds(top, file.resolve()):
        raise UsageError(
            f"{file} is a link that leads out of its git repository",
            hint="name the file that it leads to",
        )
    path = "/".join((*folder.relative_to(top).parts, *rest))
    return RepositoryFile(file, top, path, is_shallow)


def _until_link(file: Path) -> tuple[Path, list[str]]:
    """Follow a path up to its file, or to the first link that is in a work tree.

    Returns the directory of that, without links, and the rest of the path.
    """
    path = Path.cwd() / file
    at, rest = Path(path.anchor), [*reversed(path.parts[1:])]
    while rest:
        part = rest.pop()
        step = at.parent if part == os.pardir else at / part
        if not step.is_symlink():
            at = step
        elif any(os.path.lexists(one / _GIT) for one in (at, *at.parents)):
            return at, [part, *reversed(rest)]
        else:
            target = at / step.readlink()
            at, rest = Path(target.anchor), [*rest, *reversed(target.parts[1:])]
    return at.parent, [at.name]


def _work_tree(file: Path, folder: Path) -> tuple[Path, Path, bool]:
    """Return the top of a directory's work tree, git's directory, and whether it is shallow."""
    asked = "git rev-parse --is-shallow-repository --absolute-git-dir --show-toplevel"
    answer = run_git(asked, folder)
    if answer.returncode:
        why = answer.stderr.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
        raise UsageError(f"{file} is in no git repository that can be read: {why}")
    is_shallow, git_folder, top, *rest = os.fsdecode(answer.stdout).split("\n")
    # Git before 2.38 uses what looks like a bare repository, and takes its word for the work tree.
    is_around = folder.is_relative_to(top) and not folder.is_relative_to(git_folder)
    if is_around and rest == [""]:
        return Path(top), Path(git_folder), is_shallow == "true"
    why = "a line break in its path" if is_around else f"{git_folder} is not that of a work tree"
    raise UsageError(f"{file} is in no git repository that can be read: {why}")


def _is_of_submodule(git_folder: Path) -> bool:
    """Whether git keeps a repository in that of another, below `modules` (gitrepository-layout)."""
    return any(
        one.name == "modules" and (one.parent / "HEAD").is_file() for one in git_folder.parents
    )


def _holds(top: Path, real: Path) -> bool:
    """Whether a file is in a work tree, and in none that is inside of it, as a submodule is."""
    if not real.is_relative_to(top):
        return False
    folders = real.relative_to(top).parents
    return _GIT not in real.relative_to(top).parts and not any(
        os.path.lexists(top / folder / _GIT) for folder in folders if folder.parts
    )


def branches_and_tags(file: Path) -> list[str]:
    """Return the names of branches and tags in the repository beside a file; none without one."""
    try:
        listed = run_git("git for-each-ref --format=%(refname:short)", file.resolve().parent)
    except ReconcileError:
        return []
    return listed.stdout.decode(errors="replace").split()
