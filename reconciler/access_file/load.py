"""Reads an access file: from its bytes to an immutable model, with every problem in one run."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.checks.consequences import add_meaning, broken_principals
from reconciler.access_file.checks.left_out import check_left_out
from reconciler.access_file.checks.shape import check_shape, use_partition
from reconciler.access_file.document.problems import (
    Problem,
    ProblemList,
    TooLargeError,
    escape,
    has_errors,
    quote,
    sort_problems,
)
from reconciler.access_file.document.schema import ACCESS_FILE, INCLUDED_FILE, Violation
from reconciler.access_file.document.source import BEGIN_OF_INCLUDED_FILE, read_source
from reconciler.access_file.document.tree import Node, child, pairs_of
from reconciler.access_file.model import AccessFile
from reconciler.access_file.parts import RulesByPartition, read_parts
from reconciler.access_file.rules_file import RulesFile, read_rules_files
from reconciler.access_file.sections.guards import check_public_allowed
from reconciler.access_file.sections.include import (
    Include,
    Included,
    IncludedFile,
    IncludedTree,
    check_may,
    files_of_teams,
    merge,
    own_sections,
    read_includes,
)
from reconciler.access_file.sections.names import check_unused
from reconciler.errors import Status
from reconciler.model.rules import RuleId


class Loaded(NamedTuple):
    """The result of reading a file: its `parts`, one for each registry and more where entries are
    limited to some of its regions; none where any problem is an error.

    `lines` are the lines of each file that was read, by its path, for showing places.
    `repositories` are the keys of its entries, also of an invalid file; None if any of it can't be
    read. `included` are the files that it includes.
    """

    parts: tuple[AccessFile, ...]
    problems: tuple[Problem, ...]
    lines: Mapping[str, tuple[str, ...]]
    repositories: tuple[str, ...] | None = None
    included: tuple[IncludedFile, ...] = ()

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where any problem is an error."""
        return frozenset({Status.INVALID} if not self.parts else ())


class Document(NamedTuple):
    """The main file as it is written: its tree, None where it is not YAML, and its lines."""

    path: str
    root: Node | None
    lines: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def includes(self) -> tuple[Include, ...]:
        """Which files it includes."""
        return tuple(read_includes(self.root))


def read_document(content: bytes, path: str) -> Document:
    """Read the text of an access file, which says what it includes. Never raises."""
    problems = ProblemList()
    source = read_source(content, path, problems)
    return Document(path, source.root, source.lines, tuple(problems.found))


def check_document(
    document: Document,
    included: Included | None,
    *,
    now: datetime,
    allow_public: frozenset[str] = frozenset(),
    rules: Iterable[RulesFile] = (),
) -> Loaded:
    """Check an access file with the files that it includes. Never raises, whatever they are.

    `included` is None where there is no directory to find them in. `now` (UTC) decides what has
    expired; public access of the entries in `allow_public` (keys of the file) is not reported.
    Where an included file is not found or can't be read, only the shape of the others is checked.
    The rules of the files in `rules` hold, too; problems of these are problems of this file.
    """
    problems = ProblemList(document.problems)
    files, not_found = _without_directory(document) if included is None else included
    problems.found |= dict.fromkeys(not_found)
    trees, lines = _read_trees(files, problems)
    of_rules = read_rules_files(rules, document.root, now)
    lines |= {document.path: document.lines, **of_rules.lines}
    parts, repositories = tuple[AccessFile, ...](), None
    if document.root is not None:
        violations = _check_shapes(document.root, trees, problems)
        is_misspelt = any(violation.path[:1] == ("include",) for violation in violations)
        if len(trees) == len(files) and not has_errors(not_found) and not is_misspelt:
            root = merge(document.root, trees, problems)
            repositories = tuple(pair.key.text for pair in pairs_of(root, "repositories"))
            parts = _check_meaning(
                root, violations, now, allow_public, problems, rules=of_rules.rules
            )
            check_left_out(parts, files_of_teams(trees), problems)
    found = sort_problems([*problems.found, *of_rules.problems])
    return Loaded(() if has_errors(found) else parts, found, lines, repositories, files)


def merged_tree(document: Document, included: Included) -> Node | None:
    """Return the tree of a file with what it includes, valid or not; None where it is not YAML."""
    problems = ProblemList()
    trees, _ = _read_trees(included.files, problems)
    return document.root and merge(document.root, trees, problems)


def _read_trees(
    files: Iterable[IncludedFile], problems: ProblemList
) -> tuple[list[IncludedTree], dict[str, tuple[str, ...]]]:
    """Return the trees of those included files that are YAML, and the lines of each by its path."""
    trees, lines = list[IncludedTree](), dict[str, tuple[str, ...]]()
    for one in files:
        source = read_source(one.content, one.path, problems, BEGIN_OF_INCLUDED_FILE)
        lines[one.path] = source.lines
        if source.root is not None:
            trees.append(IncludedTree(one.include, source.root))
    return trees, lines


def _without_directory(document: Document) -> Included:
    """Report each item of `include`: there is no directory to find it in."""
    problems = ProblemList()
    for include in document.includes:
        of = escape(document.path)
        message = f"{quote(include.files)} is relative to the directory of the file; {of} has none"
        hint = "save the file, and give its path"
        problems.error(RuleId.INCLUDE_NOT_FOUND, message, include.place, hint)
    return Included((), tuple(problems.found))


def _check_shapes(
    main: Node, trees: Sequence[IncludedTree], problems: ProblemList
) -> tuple[Violation, ...]:
    """Check the shape of a file and of those that it includes, each by its own schema."""
    violations = [*check_shape(main, ACCESS_FILE, problems)]
    check_may(main, problems)
    for tree in trees:
        violations += check_shape(own_sections(tree, problems), INCLUDED_FILE, problems)
    use_partition(main, problems)
    return tuple(violations)


def _check_meaning(
    root: Node,
    violations: Sequence[Violation],
    now: datetime,
    allow_public: frozenset[str],
    problems: ProblemList,
    *,
    rules: RulesByPartition,
) -> tuple[AccessFile, ...]:
    """Check the meaning of a tree's parts; none where it, or a list in it, is too large."""
    if any(violation.keyword == "maxItems" for violation in violations):
        return ()
    meaning, parts = ProblemList(), tuple[AccessFile, ...]()
    try:
        parts = read_parts(
            root, now, broken_principals(violations), allow_public, meaning, rules=rules
        )
        entries = [entry for part in parts for entry in part.entries]
        check_public_allowed(child(root, "guards"), entries, meaning)
        check_unused(root, meaning)
    except TooLargeError:
        parts = ()
    add_meaning(meaning, problems, root, violations)
    return parts
