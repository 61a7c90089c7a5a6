"""Reads an access file: from its bytes to an immutable model, with every problem in one run."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.consequences import add_meaning, broken_principals
from reconciler.access_file.checks.shape import check_shape
from reconciler.access_file.document.problems import (
    Problem,
    ProblemList,
    TooLargeError,
    has_errors,
    sort_problems,
)
from reconciler.access_file.document.source import read_source
from reconciler.access_file.document.tree import Node, child, pairs_of
from reconciler.access_file.model import AccessFile
from reconciler.access_file.parts import read_parts
from reconciler.access_file.sections.guards import check_public_allowed
from reconciler.access_file.sections.names import check_unused
from reconciler.errors import Status


class Loaded(NamedTuple):
    """The result of reading a file: its `parts`, one for each registry and more where entries are
    limited to some of its regions; none where any problem is an error.

    `lines` are the lines of each file that was read, by its path, for showing places.
    `repositories` are the keys of its entries, also of an invalid file; None if it is not YAML.
    """

    parts: tuple[AccessFile, ...]
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]
    repositories: tuple[str, ...] | None = None

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where any problem is an error."""
        return frozenset({Status.INVALID} if not self.parts else ())


def load_access(
    content: bytes, path: str, *, now: datetime, allow_public: frozenset[str] = frozenset()
) -> Loaded:
    """Read an access file. Never raises, whatever the bytes are.

    `now` (UTC) decides what has expired; public access of the entries in `allow_public` (keys of
    the file) is not reported.
    """
    problems = ProblemList()
    source = read_source(content, path, problems)
    if source.root is None:
        return Loaded((), sort_problems(problems.found), {path: source.lines})
    parts = _check(source.root, now, allow_public, problems)
    found = sort_problems(problems.found)
    repositories = tuple(pair.key.text for pair in pairs_of(source.root, "repositories"))
    valid = () if has_errors(found) else parts
    return Loaded(valid, found, {path: source.lines}, repositories)


def _check(
    root: Node, now: datetime, allow_public: frozenset[str], problems: ProblemList
) -> tuple[AccessFile, ...]:
    """Check the shape of a tree, then the meaning of its parts; none where it is too large."""
    violations = check_shape(root, problems)
    if any(violation.keyword == "maxItems" for violation in violations):
        return ()
    meaning, parts = ProblemList(), tuple[AccessFile, ...]()
    try:
        parts = read_parts(root, now, broken_principals(violations), allow_public, meaning)
        entries = [entry for part in parts for entry in part.entries]
        check_public_allowed(child(root, "guards"), entries, meaning)
        check_unused(root, meaning)
    except TooLargeError:
        parts = ()
    add_meaning(meaning, problems, root, violations)
    return parts
