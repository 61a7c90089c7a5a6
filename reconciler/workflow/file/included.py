"""Finds the files that an access file includes, and reads each of them once.

A path is relative to the directory of the access file, and leads to a file inside of it. In a
pattern of paths, `*` and `?` match within a name and `**` any directories, without names that begin
with a dot. It does not follow links to directories; links to files are read.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple, Protocol

from reconciler.access_file.document.problems import ProblemList, quote
from reconciler.access_file.sections.include import Include, Included, IncludedFile
from reconciler.model.rules import RuleId
from reconciler.policy import glob_matches, has_wildcard
from reconciler.printable import printable

MAX_BYTES = 16 * 2**20
"""The largest access file that is read, with what it includes: 10,000 repositories take one MiB."""

MAX_FILES = 1_000
"""The largest number of files that one can include."""

MAX_DEPTH = 100
"""How many directories within each other a pattern looks into."""

MAX_COMPARISONS = 500_000
"""How many names are looked at, and compared with a part of a pattern: some seconds of work."""

_ANY_FOLDERS = "**"


class IncludeError(Exception):
    """Included files can't be found or read, for example as they are outside."""

    def __init__(self, rule: RuleId, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.hint = hint

    def report(self, include: Include, problems: ProblemList) -> None:
        """Report it where the files are included."""
        problems.error(self.rule, str(self), include.place, self.hint)


class Child(NamedTuple):
    """What is in a directory: a file, a link or another directory."""

    name: str
    is_folder: bool


class Content(NamedTuple):
    """The content of a file, and its path in the tree, behind all links."""

    origin: str
    content: bytes


class FileTree(Protocol):
    """Where included files are. Paths are relative to the access file's directory, with `/`."""

    def children(self, folder: str) -> Iterable[Child]:
        """Return what is in a directory; nothing where there is none. Raises IncludeError."""

    def read(self, name: str, most: int) -> Content:
        """Read a file, or of a larger one `most` bytes and one more. Raises IncludeError."""


def read_included(includes: Sequence[Include], tree: FileTree, main: Path, size: int) -> Included:
    """Find and read included files, in order; those of a pattern in the order of their paths.

    `main` is the access file, of `size` bytes. What is wrong with a file is a problem at the place
    where it is included; the others are still read.
    """
    problems, files = ProblemList(), list[IncludedFile]()
    first: dict[str, Include | None] = {main.name: None}
    left = MAX_BYTES - size
    for include, name in _found(includes, tree, problems):
        if len(files) == MAX_FILES:
            message = f"{quote(name)} is one file more than can be included"
            problems.error(RuleId.TOO_LARGE, message, include.place, f"the limit is {MAX_FILES:,}")
            break
        try:
            origin, content = tree.read(name, left)
        except IncludeError as error:
            error.report(include, problems)
            continue
        left -= len(content)
        if left < 0:
            message = f"up to {quote(name)}, the file and what it includes are too large"
            hint = f"the limit is {MAX_BYTES:,} bytes for all of them"
            problems.error(RuleId.TOO_LARGE, message, include.place, hint)
            break
        if origin in first:
            _report_twice(include, name, first[origin], problems)
            continue
        first[origin] = include
        files.append(IncludedFile(include, name, str(main.parent / name), content))
    return Included(tuple(files), tuple(problems.found))


def _report_twice(
    include: Include, name: str, first: Include | None, problems: ProblemList
) -> None:
    if first is None:
        message, hint = f"{quote(name)} is the file itself", "keep included files in a directory"
        problems.error(RuleId.INCLUDED_TWICE, message, include.place, hint)
        return
    other = None if first.place == include.place else first.place
    message = f"{quote(name)} is included already"
    problems.error(RuleId.INCLUDED_TWICE, message, include.place, other=other)


def _found(
    includes: Iterable[Include], tree: FileTree, problems: ProblemList
) -> Iterator[tuple[Include, str]]:
    """Yield the path of each included file; reports patterns that find none."""
    search = _Search(tree, MAX_COMPARISONS)
    for include in includes:
        try:
            names = sorted(_names(include.files, search))
            for name in names:
                _check_name(name)
        except IncludeError as error:
            error.report(include, problems)
            if not search.left:
                return
            continue
        if not names:
            message = f"no file matches {quote(include.files)}"
            problems.warning(RuleId.INCLUDE_MATCHES_NOTHING, message, include.place)
        yield from ((include, name) for name in names)


def _names(files: str, search: "_Search") -> frozenset[str]:
    """Return the paths that a path or a pattern stands for. Raises IncludeError."""
    _check_name(files)
    parts = [part for part in files.split("/") if part not in ("", ".")]
    if files.startswith("/") or ".." in parts:
        message = f"{quote(files)} is not a path inside of the directory of this file"
        hint = "write a path that is relative to it, without .."
        raise IncludeError(RuleId.INCLUDE_OUTSIDE, message, hint)
    if not has_wildcard(files):
        return frozenset({"/".join(parts)})
    exact = list(takewhile(lambda part: not has_wildcard(part), parts[:-1]))
    return frozenset(search.matching("/".join(exact), _normal(parts[len(exact) :]), files))


def _normal(parts: Sequence[str]) -> Sequence[str]:
    """Write a pattern with the fewest `**`, and none at its end, where it stands for any file."""
    named = [*parts, "*"] if parts[-1] == _ANY_FOLDERS else parts
    return [part for part, after in pairwise([*named, ""]) if not part == after == _ANY_FOLDERS]


def _check_name(name: str) -> None:
    """Refuse a name that could not be shown as it is. Raises IncludeError."""
    if printable(name) != name:
        message = f"{quote(name)} has a character that the name of an included file can't have"
        raise IncludeError(RuleId.INCLUDE_UNREADABLE, message, "rename it")


class _Search:
    """Looks for the files of patterns. `left` is how many comparisons of names are left."""

    def __init__(self, tree: FileTree, left: int) -> None:
        self.tree = tree
        self.left = left

    def matching(self, start: str, pattern: Sequence[str], called: str) -> Iterator[str]:
        """Yield the files in a directory whose path a normal pattern matches, part by part.

        Each directory is looked into once, with all parts that can match what is in it. Raises
        IncludeError beyond the limits; `called` is the pattern as it was written.
        """
        last = len(pattern) - 1
        todo = [(start, 0, _reached(pattern, {0}))]
        while todo:
            folder, depth, parts = todo.pop()
            if depth > MAX_DEPTH:
                raise _too_large(called, f"directories below more than {MAX_DEPTH} others")
            for child in self.tree.children(folder):
                path = f"{folder}/{child.name}" if folder else child.name
                tried = [part for part in parts if child.is_folder == (part < last)]
                self.left = max(0, self.left - len(tried) - 1)
                if not self.left:
                    raise _too_large(called, "too many names in all")
                matched = [part for part in tried if _matches(pattern[part], child.name)]
                if matched and child.is_folder:
                    stays = {part for part in matched if pattern[part] == _ANY_FOLDERS}
                    below = stays | {part + 1 for part in matched if part not in stays}
                    todo.append((path, depth + 1, _reached(pattern, below)))
                elif matched:
                    yield path


def _reached(pattern: Sequence[str], parts: Collection[int]) -> frozenset[int]:
    """Add the part behind each `**`, which can stand for no directory."""
    behind = {part + 1 for part in parts if pattern[part] == _ANY_FOLDERS}
    return frozenset({*parts, *behind})


def _too_large(pattern: str, what: str) -> IncludeError:
    message = f"to find the files of {quote(pattern)}, one has to look at {what}"
    return IncludeError(RuleId.TOO_LARGE, message, "name a directory before the first wildcard")


def _matches(part: str, name: str) -> bool:
    is_hidden = name.startswith(".") and not part.startswith(".")
    return glob_matches(part, name) and not is_hidden


class FolderTree(NamedTuple):
    """A directory of the file system, by its path without links."""

    root: Path

    def children(self, folder: str) -> Iterable[Child]:
        """Return what is in a directory. Raises IncludeError where it can't be read."""
        try:
            with os.scandir(self.root / folder) as found:
                return [Child(one.name, one.is_dir(follow_symlinks=False)) for one in found]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unreadable(folder or ".", str(error.strerror)) from None

    def read(self, name: str, most: int) -> Content:
        """Read a file inside of the directory. Raises IncludeError for anything else."""
        real = Path(os.path.realpath(self.root / name))
        if not real.is_relative_to(self.root):
            message = f"{quote(name)} is a link that leads out of the directory of this file"
            hint = "an included file has to be inside of it"
            raise IncludeError(RuleId.INCLUDE_OUTSIDE, message, hint)
        origin = real.relative_to(self.root)
        if any(part.lower() == ".git" for part in origin.parts):
            raise IncludeError(RuleId.INCLUDE_OUTSIDE, f"{quote(name)} is in a directory of git")
        try:
            with open(real, "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise unreadable(name, "it is not a regular file")
                content = file.read(most + 1)
        except FileNotFoundError:
            message = f"there is no file {quote(name)}"
            hint = "a path is relative to the directory of the file that includes it"
            raise IncludeError(RuleId.INCLUDE_NOT_FOUND, message, hint) from None
        except IsADirectoryError:
            hint = f"include files in it: {quote(f'{name}/*.yaml')}"
            raise unreadable(name, "it is a directory", hint) from None
        except OSError as error:
            raise unreadable(name, str(error.strerror)) from None
        return Content(origin.as_posix(), content)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for the other end of a pipe, and without following a link."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def unreadable(name: str, reason: str, hint: str | None = None) -> IncludeError:
    """Return the error of what is there, but can't be read."""
    return IncludeError(RuleId.INCLUDE_UNREADABLE, f"{quote(name)} can't be read: {reason}", hint)
