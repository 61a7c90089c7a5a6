"""Reads `include`, and puts what included files say into the file that includes them.

A file that is included with `may` is that of a team: it may only say something of repositories that
one of these patterns matches. Nothing in it changes what the other files mean.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from reconciler.access_file.document.problems import (
    Place,
    Problem,
    ProblemList,
    TooLargeError,
    WorkLimit,
    escape,
    quote,
    quote_all,
)
from reconciler.access_file.document.tree import (
    MappingNode,
    Node,
    Pair,
    ScalarNode,
    child,
    items_of,
    pairs_of,
    texts_of,
)
from reconciler.access_file.sections.registry import check_repository, name_hint
from reconciler.model.rules import RuleId
from reconciler.policy import glob_includes, glob_matches, has_wildcard

_REPOSITORIES = "repositories"
_ROLE = "template_role"
_SHARED = ("accounts", "principals", "tiers", _REPOSITORIES)
"""The sections that an included file may have."""

_OF_MAIN_FILE = frozenset(
    {
        "version",
        "registry",
        "registries",
        "registry_statements",
        "guards",
        "unmanaged",
        "include",
    }
)
_COMPARISONS = WorkLimit(2_000, "comparisons of a pattern with those of 'may'")


class Include(NamedTuple):
    """An item of `include`: a path or a glob, and what its repositories have to match.

    `place` is that of the path. With `may` None, the files belong to the owners of the main file.
    """

    files: str
    place: Place
    may: tuple[str, ...] | None


class IncludedFile(NamedTuple):
    """An included file as it was read. `name` is relative to the main file's directory."""

    include: Include
    name: str
    path: str
    content: bytes


class Included(NamedTuple):
    """What the items of `include` lead to: files, in order, and problems with finding them."""

    files: tuple[IncludedFile, ...] = ()
    problems: tuple[Problem, ...] = ()


class IncludedTree(NamedTuple):
    """The tree of an included file, and the item that includes it."""

    include: Include
    root: Node


def read_includes(root: Node | None) -> Iterator[Include]:
    """Yield the items of `include` that name files."""
    for item in items_of(root, "include"):
        may = child(item, "may")
        patterns = None if may is None else tuple(one.text for one in texts_of(may))
        for files in texts_of(item, "files"):
            yield Include(files.text, files.place, patterns)


def check_may(root: Node, problems: ProblemList) -> None:
    """Report patterns of `may` that no repository's name matches."""
    for item in items_of(root, "include"):
        for pattern in texts_of(item, "may"):
            check_repository(pattern, problems)


def own_sections(tree: IncludedTree, problems: ProblemList) -> Node:
    """Return an included file without the sections that belong in the main file; reports them."""
    if not isinstance(tree.root, MappingNode):
        return tree.root
    main, of_team = tree.include.place, tree.include.may is not None
    for key in (pair.key for pair in pairs_of(tree.root)):
        hint = f"it belongs in {escape(main.path)}"
        if key.text in _OF_MAIN_FILE:
            message = f"{quote(key.text)} is not for an included file"
        elif of_team and key.text in _SHARED and key.text != _REPOSITORIES:
            message = f"{quote(key.text)} is not for a file that is included with 'may'"
            hint += ", or in a file that is included without 'may'"
        else:
            continue
        problems.error(RuleId.MAIN_FILE_ONLY, message, key.place, hint, other=main)
    if of_team:
        _check_roles(tree, problems)
    own = {key: pair for key, pair in tree.root.pairs.items() if key not in _OF_MAIN_FILE}
    return tree.root._replace(pairs=own)


def _check_roles(tree: IncludedTree, problems: ProblemList) -> None:
    """Report roles of creation templates: ECR assumes them in the registry's account."""
    main = tree.include.place
    for entry in pairs_of(tree.root, _REPOSITORIES):
        for key in (pair.key for pair in pairs_of(entry.value) if pair.key.text == _ROLE):
            message = f"{quote(key.text)} is not for a file that is included with 'may'"
            hint = (
                f"move the entry to {escape(main.path)},"
                " or to a file that is included without 'may'"
            )
            problems.error(RuleId.MAIN_FILE_ONLY, message, key.place, hint, other=main)


def files_of_teams(trees: Iterable[IncludedTree]) -> frozenset[str]:
    """Return the paths of the files that are included with `may`."""
    return frozenset(tree.root.place.path for tree in trees if tree.include.may is not None)


def merge(main: Node, trees: Sequence[IncludedTree], problems: ProblemList) -> Node:
    """Return a file with what the files say that it includes.

    Reports what two of them define, and repositories of a team's file that it may not have.
    """
    if not trees or not isinstance(main, MappingNode):
        return main
    sections = {
        name: merged
        for name in _SHARED
        if (merged := _merged([main, *(tree.root for tree in trees)], name, problems))
    }
    with suppress(TooLargeError):
        for tree in trees:
            if tree.include.may is not None:
                _check_names(tree.root, tree.include, tree.include.may, problems)
    return main._replace(pairs={**main.pairs, **sections})


def _merged(roots: Iterable[Node], name: str, problems: ProblemList) -> Pair | None:
    """Return a section with the keys of all files; None where none of them has it."""
    found = [
        root.pairs[name] for root in roots if isinstance(root, MappingNode) and name in root.pairs
    ]
    pairs: dict[str, Pair] = {}
    for pair in (one for section in found for one in pairs_of(section.value)):
        first = pairs.setdefault(pair.key.text, pair).key.place
        if first != pair.key.place:
            where = f"{escape(first.path)}:{first}"
            message = f"duplicate key {quote(pair.key.text)} (first defined at {where})"
            problems.error(RuleId.DUPLICATE_KEY, message, pair.key.place, other=first)
    if len(found) > 1:
        return found[0]._replace(value=MappingNode(pairs, found[0].value.place))
    return found[0] if found else None


def _check_names(root: Node, include: Include, may: tuple[str, ...], problems: ProblemList) -> None:
    """Report the repositories and patterns of a file that are inside of no pattern of `may`.

    Raises TooLargeError.
    """
    for key in (entry.key for entry in pairs_of(root, _REPOSITORIES)):
        if name_hint(key.text) is None and not _is_inside(key, may, problems):
            message = f"{quote(key.text)} is not among the repositories that this file may have"
            hint = f"it may have {quote_all(may)}"
            problems.error(RuleId.OUTSIDE_MAY, message, key.place, hint, other=include.place)


def _is_inside(key: ScalarNode, may: tuple[str, ...], problems: ProblemList) -> bool:
    """Whether one of the patterns matches a name, or all that another pattern matches.

    Raises TooLargeError.
    """
    if any(glob_matches(pattern, key.text) for pattern in may):
        return True
    if not has_wildcard(key.text):
        return False
    problems.count(_COMPARISONS, len(may), key.place)
    return any(glob_includes(pattern, key.text) for pattern in may)
