"""The names that are written in an access file, valid or not: what a shell can complete."""

from pathlib import Path
from typing import NamedTuple

from reconciler.access_file.document.tree import Node, child, items_of, pairs_of, texts_of
from reconciler.access_file.load import merged_tree, read_document
from reconciler.errors import ReconcileError
from reconciler.workflow.file.included import MAX_BYTES
from reconciler.workflow.file.source import included_by, read_file


class WrittenNames(NamedTuple):
    """The names of each kind; `principals` has those of accounts, too."""

    entries: set[str]
    principals: set[str]
    registries: set[str]


def written_names(path: Path) -> WrittenNames:
    """Return the names in a file and in those that it includes; none where it can't be read."""
    try:  # nothing is read of a pipe or stdin, which completion must not wait for
        content = read_file(path, MAX_BYTES) if path.is_file() else b""
    except ReconcileError:
        content = b""
    document = read_document(content, str(path))
    root = merged_tree(document, included_by(document, path, len(content)))
    registries = (one for item in items_of(root, "registries") for one in texts_of(item, "name"))
    return WrittenNames(
        _keys(root, "repositories"),
        _keys(root, "principals") | _keys(root, "accounts"),
        {one.text for one in registries},
    )


def _keys(root: Node | None, section: str) -> set[str]:
    return {pair.key.text for pair in pairs_of(child(root, section))}
