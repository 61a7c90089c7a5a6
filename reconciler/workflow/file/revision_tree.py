"""The files of a git commit. Links are followed as in a work tree, inside of the commit alone."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reconciler.access_file.document.problems import quote
from reconciler.errors import ReconcileError
from reconciler.model.rules import RuleId
from reconciler.workflow.file.git import Objects, reading_objects
from reconciler.workflow.file.git_repository import RepositoryFile
from reconciler.workflow.file.included import MAX_BYTES, Child, Content, IncludeError, unreadable

_FOLDER, _FILE, _LINK, _SUBMODULE = b"40000", b"100", b"120000", b"160000"
"""The modes of a tree's items; that of a regular file begins so."""

_OUT = "it was a link that led out of the repository"
_MAX_LINKS = 40
_MAX_TARGET = 4_096
"""The most links on a path, and the most bytes of one: those of Linux."""


class _Item(NamedTuple):
    """What is in a directory at a commit."""

    mode: bytes
    id: str


class _Found(NamedTuple):
    """Where a path leads at a commit, from the top and without links; no `item` for nothing."""

    path: str
    item: _Item | None


@dataclass(frozen=True, slots=True)
class RevisionTree:
    """A directory as it was at a commit; `folder` is its path from the top, without links."""

    objects: Objects
    commit: str
    folder: str = ""
    _listed: dict[str, Mapping[str, _Item]] = field(default_factory=dict)

    def beside(self, path: str) -> "RevisionTree":
        """Return the directory of a path without links."""
        return replace(self, folder=path.rpartition("/")[0])

    def children(self, folder: str) -> Iterable[Child]:
        """Return what was in a directory; nothing where there was none. Raises as `read`."""
        items = self._items(self._find(folder).item)
        return [Child(name, one.mode in {_FOLDER, _SUBMODULE}) for name, one in items.items()]

    def read(self, name: str, most: int) -> Content:
        """Read a file inside of the directory. Raises IncludeError for anything else."""
        path, item = self._find(name)
        start = f"{self.folder}/" if self.folder else ""
        if not path.startswith(start):
            message = f"{quote(name)} was a link that led out of the directory of this file"
            raise IncludeError(RuleId.INCLUDE_OUTSIDE, message)
        if item is None:
            raise IncludeError(RuleId.INCLUDE_NOT_FOUND, f"there was no file {quote(name)}")
        if not item.mode.startswith(_FILE):
            raise unreadable(name, "it was not a regular file")
        return Content(path.removeprefix(start), self.objects.read(item.id, most))

    def _find(self, name: str) -> _Found:
        """Follow a path from the directory, and its links.

        Raises IncludeError where a link leads out of the repository, or through too many others.
        """
        top = _Item(_FOLDER, f"{self.commit}^{{tree}}")
        steps: list[tuple[str, _Item | None]] = [("", top)]
        rest, links = [*reversed(name.split("/")), *reversed(self.folder.split("/"))], 0
        while rest:
            part = rest.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                steps.pop()
                if not steps:
                    raise unreadable(name, _OUT)
                continue
            item = self._items(steps[-1][1]).get(part)
            if item is None or item.mode != _LINK:
                steps.append((part, item))
                continue
            target = os.fsdecode(self.objects.read(item.id, _MAX_TARGET))
            links += 1
            if target.startswith("/"):
                raise unreadable(name, _OUT)
            if links > _MAX_LINKS or len(target) > _MAX_TARGET:
                raise unreadable(name, "it was a link that led through too many others")
            rest += reversed(target.split("/"))
        return _Found("/".join(part for part, _ in steps[1:]), steps[-1][1])

    def _items(self, folder: _Item | None) -> Mapping[str, _Item]:
        """Return what is in a directory; nothing where it is none.

        A tree object has for each item its mode, a space, its name, a NUL and its id in bytes.
        Raises ReconcileError for one that is too large.
        """
        if folder is None or folder.mode != _FOLDER:
            return {}
        if folder.id not in self._listed:
            content = self.objects.read(folder.id, MAX_BYTES)
            if len(content) > MAX_BYTES:
                raise ReconcileError(f"git object {folder.id} is a directory with too many files")
            pattern = rb"([0-7]+) ([^\0]+)\0(.{%d})" % (len(self.commit) // 2)
            items = re.findall(pattern, content, re.DOTALL)
            self._listed[folder.id] = {
                os.fsdecode(name): _Item(mode, id_.hex()) for mode, name, id_ in items
            }
        return self._listed[folder.id]


@contextmanager
def tree_of(repository: RepositoryFile, commit: str) -> Iterator[RevisionTree]:
    """Give access to all of a repository as it was at a commit, by its id."""
    with reading_objects(repository.top) as objects:
        yield RevisionTree(objects, commit)
